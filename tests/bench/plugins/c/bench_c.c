/* bench_c.c - plugins/lua/bench in C, without its conf. */
#include <outrigger.h>

static int on_access(struct outrigger_rq *rq)
{
	const char *value;
	int rc = kong_request_get_header(rq, "x-one", &value);

	if (rc != 0)
		return rc;
	return kong_response_set_header(rq, "x-two", outrigger_text(value ? value : ""));
}

const struct outrigger_plugin outrigger_plugin = {
	.abi = OUTRIGGER_ABI,
	.size = sizeof(struct outrigger_plugin),
	.name = "bench_c",
	.version = "1.0.0",
	.priority = 1,
	.schema = OUTRIGGER_NO_CONF("bench_c"),
	.access = on_access,
};
