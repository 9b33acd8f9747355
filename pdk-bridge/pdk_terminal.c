/* pdk_terminal.c - kong.response.exit and kong.response.error: they end the event and are never answered.
 *
 * The gateway loses what follows a nil argument. So headers without a body are set before, by a call of
 * their own, and an error without a message gets the one that the gateway would take. */
#include <stdio.h>
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_rows.h"

/* kong/pdk/response.lua, HTTP_ERROR_MESSAGES */
static const struct {
	int status;
	const char *text;
} messages[] = {
	{400, "Bad request"},
	{401, "Unauthorized"},
	{402, "Payment required"},
	{403, "Forbidden"},
	{404, "Not found"},
	{405, "Method not allowed"},
	{406, "Not acceptable"},
	{407, "Proxy authentication required"},
	{408, "Request timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{411, "Length required"},
	{412, "Precondition failed"},
	{413, "Payload too large"},
	{414, "URI too long"},
	{415, "Unsupported media type"},
	{416, "Range not satisfiable"},
	{417, "Expectation failed"},
	{418, "I'm a teapot"},
	{421, "Misdirected request"},
	{422, "Unprocessable entity"},
	{423, "Locked"},
	{424, "Failed dependency"},
	{425, "Too early"},
	{426, "Upgrade required"},
	{428, "Precondition required"},
	{429, "Too many requests"},
	{431, "Request header fields too large"},
	{451, "Unavailable for legal reasons"},
	{494, "Request header or cookie too large"},
	{500, "An unexpected error occurred"},
	{501, "Not implemented"},
	{502, "An invalid response was received from the upstream server"},
	{503, "The upstream server is currently unavailable"},
	{504, "The upstream server is timing out"},
	{505, "HTTP version not supported"},
	{506, "Variant also negotiates"},
	{507, "Insufficient storage"},
	{508, "Loop detected"},
	{510, "Not extended"},
	{511, "Network authentication required"},
};

struct value pdk_error_message(struct arena *arena, double status)
{
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (status == messages[i].status)
			return value_str(messages[i].text);
	text = arena_printf(arena, "The upstream server responded with %.0f", status);
	return text ? value_str(text) : value_nil();
}

static bool has_header(const struct value *headers, const char *dashed, const char *underscored)
{
	uint32_t i;

	for (i = 0; headers->type == VALUE_MAP && i < headers->len; i++)
		if (pdk_text_is_nocase(&headers->pairs[i].key, dashed) ||
		    pdk_text_is_nocase(&headers->pairs[i].key, underscored))
			return true;
	return false;
}

/* A body that is a table as its JSON, as the gateway would make it; the type goes along as a header. */
static int encode_body(struct arena *arena, struct value argv[3])
{
	struct value headers, json;
	uint32_t n = argv[2].type == VALUE_MAP ? argv[2].len : 0;
	bool typed = has_header(&argv[2], "content-type", "content_type");
	int rc = pdk_json_write(arena, &argv[1], &json);

	if (rc == 0)
		rc = value_new_map(arena, n + 1, &headers);
	if (rc != 0)
		return rc;
	for (headers.len = 0; headers.len < n; headers.len++)
		headers.pairs[headers.len] = argv[2].pairs[headers.len];
	if (!typed)
		headers.pairs[headers.len++] = (struct value_pair){
			value_str("Content-Type"), value_str("application/json; charset=utf-8")};
	argv[1] = json;
	argv[2] = headers;
	return 0;
}

int pdk_exit_as_text(struct arena *arena, struct value argv[3], struct err *err)
{
	int rc = value_is_table(&argv[1]) ? encode_body(arena, argv) : 0;

	if (rc == -E_NOMEM)
		return err_set(err, E_NOMEM, "no memory for the body of a response");
	return rc != 0 ? err_set(err, E_UNSUPPORTED, "the body of a response has no JSON") : 0;
}

/* A JSON null inside of a table is lost on its way over MsgPack:1. */
static int keep_nulls(struct pdk_call *c, struct value argv[3])
{
	int rc;

	if (!value_is_table(&argv[1]) || !pdk_has_null(&argv[1]))
		return 0;
	rc = encode_body(&c->rq->arena, argv);
	if (rc == -E_NOMEM)
		return pdk_out_of_memory(c);
	c->argc = rc == 0 ? 3 : c->argc; /* else nothing is to be done about it */
	return 0;
}

static bool has_hole(const struct pdk_call *c)
{
	return c->argc == 3 && c->argv[1].type == VALUE_NIL;
}

/* Streams have no headers. */
static int set_headers_before(struct pdk_call *c)
{
	struct pdk_ret none;

	c->argc = 1;
	if (c->rq->phase == PHASE_PREREAD)
		return 0;
	return pdk_ask_other(c, PDK_ID_response_set_headers, &c->argv[2], 1, &none);
}

static int send_it(struct pdk_call *c)
{
	struct value reply;
	int rc = pdk_send(c, &reply);

	return rc != 0 ? rc : err_set(c->err, E_INTERNAL, "%s was answered", c->fn->name);
}

int do_exit(struct pdk_call *c)
{
	struct value argv[3] = {c->argv[0], c->argv[1], c->argv[2]};
	int rc = 0;

	c->argv = argv;
	if (pdk_is_raw(c->rq) || c->rq->wire == PDK_WIRE_PROTOBUF)
		return send_it(c);
	if (has_hole(c))
		rc = set_headers_before(c);
	else
		rc = keep_nulls(c, argv);
	return rc != 0 ? rc : send_it(c);
}

int do_error(struct pdk_call *c)
{
	struct value argv[3] = {c->argv[0], c->argv[1], c->argv[2]};

	if (has_hole(c) && !pdk_is_raw(c->rq)) {
		argv[1] = pdk_error_message(&c->rq->arena, value_to_double(&argv[0]));
		c->argv = argv;
	}
	return send_it(c);
}
