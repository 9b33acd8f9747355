#include "plugins/plugin.h"
#include "plugins/runtime.h"

/* In the order in which they are asked. A test may link a list of its own instead. */
const struct runtime *const plugin_runtimes[] = {
	&runtime_lua,
	&runtime_native,
	NULL,
};
