/* pdk_pb_error.c - kong.response.error by kong.response.exit, which ProtoBuf:1 has, and filters of a plugin in
 * Lua may change.
 *
 * The body is the gateway's own: in the form that the client accepts, with the request's id (kong/pdk/
 * response.lua; kong/tools/http.lua). Templates that the gateway's configuration names are not known here. */
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_render.h"
#include "pdk-bridge/pdk_rows.h"

/* A form of errors: what the client may ask for, what it is then told, and a format with message and id. */
struct form {
	const char *asked[3];
	const char *type;
	const char *format;
};

static const struct form forms[] = {
	{{"application/json", "application/*", "*/*"},
	 "application/json; charset=utf-8",
	 "{\n  \"message\":\"%.*s\",\n  \"request_id\":\"%.*s\"\n}"},
	{{"text/html"},
	 "text/html; charset=utf-8",
	 "<!doctype html>\n<html>\n  <head>\n    <meta charset=\"utf-8\">\n    <title>Error</title>\n"
	 "  </head>\n  <body>\n    <h1>Error</h1>\n    <p>%.*s.</p>\n    <p>request_id: %.*s</p>\n"
	 "  </body>\n</html>\n"},
	{{"text/plain", "text/*"}, "text/plain; charset=utf-8", "%.*s\nrequest_id: %.*s\n"},
	{{"application/xml"},
	 "application/xml; charset=utf-8",
	 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<error>\n  <message>%.*s</message>\n"
	 "  <requestid>%.*s</requestid>\n</error>\n"},
};

/* No body: the gateway's exit makes a status of its own of it. */
static const struct form grpc = {{NULL}, "application/grpc", ""};

/* The form of a media type (n bytes, without parameters); NULL for none. */
static const struct form *find_form(const char *type, size_t n)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		for (size_t k = 0; k < 3 && forms[i].asked[k] != NULL; k++)
			if (strlen(forms[i].asked[k]) == n &&
			    memcmp(forms[i].asked[k], type, n) == 0)
				return &forms[i];
	return NULL;
}

/* One item of Accept; n bytes with a NUL behind the last item. */
static const struct form *read_item(const char *item, size_t n, double *ret_quality)
{
	const char *end = memchr(item, ';', n), *q = strstr(item, "q=");
	size_t len = end != NULL ? (size_t)(end - item) : n;

	if (memchr(item, '/', len) == NULL)
		len = 0; /* no media type */
	*ret_quality = len == 0 ? 0 : q != NULL && q < item + n ? strtod(q + 2, NULL) : 1;
	while (len > 0 && item[len - 1] == ' ')
		len--;
	return find_form(item, len);
}

static const struct form *choose_form(const char *accept)
{
	const struct form *best = &forms[0];
	double most = 0, quality;

	while (*accept != '\0') {
		const struct form *form;
		size_t n;

		accept += strspn(accept, ", ");
		n = strcspn(accept, ",");
		if (n == 0)
			break;
		form = read_item(accept, n, &quality);
		if (quality > most) {
			most = quality;
			best = form != NULL ? form : &forms[0];
		}
		accept += n;
	}
	return best;
}

static const struct value *find_type(const struct value *headers)
{
	for (uint32_t i = 0; headers->type == VALUE_MAP && i < headers->len; i++)
		if (pdk_text_is_nocase(&headers->pairs[i].key, "content-type") &&
		    value_is_text(&headers->pairs[i].value))
			return &headers->pairs[i].value;
	return NULL;
}

/* All texts of a header in one, lower-cased; "" where it isn't there. NULL on lack of memory. */
static const char *joined_header(struct pdk_call *c, const struct value *headers, const char *name)
{
	const struct value *v = pdk_field(headers, name);
	const char *text = "";

	if (v != NULL && value_is_text(v))
		return pdk_lower(&c->rq->arena, v);
	for (size_t i = 1; v != NULL && text != NULL && pdk_list_item(v, i) != NULL; i++) {
		const char *lower = pdk_lower(&c->rq->arena, pdk_list_item(v, i));

		text = lower != NULL ? arena_printf(&c->rq->arena, "%s%s,", text, lower) : NULL;
	}
	return text;
}

static int is_http2(struct pdk_call *c, bool *ret)
{
	struct pdk_ret version;
	int rc = pdk_ask_other(c, PDK_ID_request_get_http_version, NULL, 0, &version);

	*ret = rc == 0 && value_to_double(&version.v[0]) == 2;
	return rc;
}

/* What the client accepts, or gRPC if it speaks that: in one question, since both are headers. */
static int accepted_form(struct pdk_call *c, const struct form **ret)
{
	const char *accept, *sent;
	struct pdk_ret headers;
	bool is_grpc = false;
	int rc = pdk_call_other(c, PDK_ID_request_get_headers, NULL, 0, &headers);

	if (rc != 0)
		return rc;
	accept = joined_header(c, &headers.v[0], "accept");
	sent = joined_header(c, &headers.v[0], "content-type");
	if (accept == NULL || sent == NULL)
		return pdk_out_of_memory(c);
	*ret = choose_form(accept);
	if (strncmp(sent, grpc.type, strlen(grpc.type)) == 0)
		rc = is_http2(c, &is_grpc);
	if (is_grpc)
		*ret = &grpc;
	return rc;
}

static int form_of(struct pdk_call *c, const struct form **ret)
{
	const struct value *type = find_type(&c->argv[2]);
	const char *lower;

	if (type == NULL)
		return accepted_form(c, ret);
	lower = pdk_lower(&c->rq->arena, type);
	if (lower == NULL)
		return pdk_out_of_memory(c);
	*ret = strcmp(lower, grpc.type) == 0 ? &grpc : find_form(lower, strcspn(lower, ";"));
	*ret = *ret != NULL ? *ret : &forms[0];
	return 0;
}

/* A table's JSON, else the text, else the gateway's own for that status. */
static int message_of(struct pdk_call *c, struct value *ret)
{
	struct pdk_rq *rq = c->rq;

	*ret = c->argv[1];
	if (value_is_table(ret) && pdk_json_write(&rq->arena, &c->argv[1], ret) != 0)
		return err_set(c->err, E_UNSUPPORTED, "the message of an error has no JSON");
	if (!value_is_text(ret))
		*ret = pdk_error_message(&rq->arena, value_to_double(&c->argv[0]));
	return value_is_text(ret) ? 0 : pdk_out_of_memory(c);
}

static int request_id(struct pdk_call *c, struct value *ret)
{
	struct value id;
	int rc = pdk_ask_text(c, PDK_ID_nginx_get_var, "kong_request_id", &id);

	if (rc != 0)
		return rc;
	return value_copy(&c->rq->arena, &id, ret) == 0 ? 0 : pdk_out_of_memory(c);
}

static int add_type(struct pdk_call *c, const struct form *form, struct value *ret)
{
	const struct value *given = &c->argv[2];
	uint32_t n = given->type == VALUE_MAP && given->pairs != NULL ? given->len : 0;

	*ret = *given;
	if (find_type(given) != NULL)
		return 0;
	if (value_new_map(&c->rq->arena, n + 1, ret) != 0)
		return pdk_out_of_memory(c);
	for (uint32_t i = 0; i < n; i++)
		ret->pairs[i] = given->pairs[i];
	ret->pairs[n] = (struct value_pair){value_str("Content-Type"), value_str(form->type)};
	return 0;
}

static int render(struct pdk_call *c, const struct form *form, const struct value *id,
		  struct value argv[3])
{
	struct value message;
	char *body;
	int rc = message_of(c, &message);

	if (rc == 0)
		rc = add_type(c, form, &argv[2]);
	if (rc != 0)
		return rc;
	body = arena_printf(&c->rq->arena, form->format, (int)message.len, message.s,
			    value_is_text(id) ? (int)id->len : 0, value_is_text(id) ? id->s : "");
	if (body == NULL)
		return pdk_out_of_memory(c);
	argv[0] = c->argv[0];
	argv[1] = value_str(body);
	return 0;
}

/* The arguments of exit that send what the call would. */
static int to_exit(struct pdk_call *c, struct value argv[3])
{
	const struct form *form = &forms[0];
	struct value id;
	int rc = form_of(c, &form);

	if (rc == 0)
		rc = request_id(c, &id);
	return rc != 0 ? rc : render(c, form, &id, argv);
}

int do_error_by_exit(struct pdk_call *c)
{
	struct value argv[3] = {{0}};
	int rc = to_exit(c, argv);

	if (rc != 0)
		return rc;
	return pdk_ask_other(c, PDK_ID_response_exit, argv, 3, &(struct pdk_ret){0});
}

/* ---- without sending it ---- */

static int check(struct pdk_rq *rq, enum pdk_id id, const struct value argv[3], struct err *err)
{
	struct pdk_call c = {rq, &pdk_table[id], argv, 3, &(struct pdk_ret){0}, err};

	return pdk_check(&c);
}

int pdk_render_exit(struct pdk_rq *rq, struct value argv[3], struct err *err)
{
	int rc = check(rq, PDK_ID_response_exit, argv, err);

	return rc != 0 || !value_is_table(&argv[1]) ? rc : pdk_exit_as_text(&rq->arena, argv, err);
}

int pdk_render_error(struct pdk_rq *rq, struct value argv[3], struct err *err)
{
	struct value given[3] = {argv[0], argv[1], argv[2]};
	struct pdk_call c = {rq, &pdk_table[PDK_ID_response_error], given, 3, &(struct pdk_ret){0},
			     err};
	int rc = pdk_check(&c);

	return rc != 0 ? rc : to_exit(&c, argv);
}
