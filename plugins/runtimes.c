#include "plugins/plugin.h"
#include "plugins/runtime.h"

/* In the order in which they are asked. A test may link a list of its own instead. */
const struct runtime *const plugin_runtimes[] = {
	&runtime_remote, /* which has only what the settings give it */
	&runtime_lua,
	&runtime_native,
	NULL,
};
