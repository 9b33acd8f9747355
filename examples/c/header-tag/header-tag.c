/* header-tag.c - adds a header to requests and to responses, with a value from the configuration. */
#include <outrigger.h>

static const char *header_name(struct outrigger_rq *rq)
{
	return outrigger_conf_string(outrigger_conf_of(rq), "name", "X-Tag");
}

static struct outrigger_value tag(struct outrigger_rq *rq)
{
	return outrigger_text(outrigger_conf_string(outrigger_conf_of(rq), "tag", ""));
}

static int on_access(struct outrigger_rq *rq)
{
	return kong_service_request_set_header(rq, header_name(rq), tag(rq));
}

static int on_response(struct outrigger_rq *rq)
{
	const char *present;
	int rc = kong_response_get_header(rq, header_name(rq), &present);

	if (rc != 0 || present != NULL)
		return rc;
	return kong_response_set_header(rq, header_name(rq), tag(rq));
}

/* clang-format off */
static const char schema[] = OUTRIGGER_JSON({
	"name": "header-tag",
	"fields": [{"config": {"type": "record", "fields": [
		{"name": {"type": "string", "required": true, "default": "X-Tag"}},
		{"tag": {"type": "string", "required": true}}
	]}}]
});
/* clang-format on */

const struct outrigger_plugin outrigger_plugin = {
	.abi = OUTRIGGER_ABI,
	.size = sizeof(struct outrigger_plugin),
	.name = "header-tag",
	.version = "1.0.0",
	.priority = 800,
	.schema = schema,
	.access = on_access,
	.response = on_response,
};
