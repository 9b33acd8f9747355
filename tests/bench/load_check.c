/* load_check.c - whether a call is the one that an event must make now, with the arguments that it must have. */
#include <string.h>
#include "tests/bench/load.h"

/* "x-one", "x-one-2", ...: a plugin that reads many headers reads different ones. */
static bool is_read_name(const struct value *name)
{
	static const char prefix[] = "x-one";
	size_t n = sizeof(prefix) - 1;
	return value_is_text(name) && name->len >= n && !memcmp(name->s, prefix, n);
}

static const char *check_set(const struct load_event *event, const struct load_heard *call)
{
	if (!value_text_is(&call->first, "x-two"))
		return "a header was set whose name is not x-two";
	if (!value_text_is(&call->last, event->nonce))
		return "the header that was set is not the one that was read";
	return NULL;
}

const char *load_check(const struct load_event *event, const struct load_heard *call)
{
	const struct load_mode *mode = event->mode;
	if (event->step > mode->steps)
		return "a call too many";
	const char *wanted = event->step == mode->steps ? mode->last : "kong.request.get_header";
	if (!value_text_is(&call->method, wanted))
		return "a call that the plugin does not make there";
	if (!strcmp(wanted, "kong.response.set_header"))
		return check_set(event, call);
	if (!strcmp(wanted, "kong.request.get_header") && !is_read_name(&call->first))
		return "a header was read whose name does not begin with x-one";
	return NULL;
}
