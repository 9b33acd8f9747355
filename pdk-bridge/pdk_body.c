/* pdk_body.c - bodies of requests and responses, decoded here: of get_body's three results only the first
 * would cross, without its nulls.
 *
 * A body that the gateway has spooled to disk: from 3.8 on it reads the file when a size is given (0 = any).
 * Before, asking for it loses the event, so first comes a question that makes the gateway read the body and
 * has a harmless answer either way: decoding it by a boundary that it doesn't have. */
#include <string.h>
#include "pdk-bridge/pdk_form.h"
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_pb.h"
#include "pdk-bridge/pdk_rows.h"

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"
#define MULTIPART "multipart/form-data"
#define DEFAULT_ARGS 100

/* ---- the raw body ---- */

static int return_spooled(struct pdk_call *c)
{
	return pdk_return_nil(c, "request body did not fit into client body buffer, "
				 "consider raising 'client_body_buffer_size'");
}

static int ask_old_gateway(struct pdk_call *c)
{
	struct value probe = value_str(MULTIPART "; boundary=is-it-on-disk");
	struct pdk_ret answer;
	int rc;

	c->argc = 0;
	if (pdk_cache_get(c))
		return 0;
	rc = pdk_ask_other(c, PDK_ID_request_get_body, &probe, 1, &answer);
	if (rc != 0)
		return rc;
	return answer.v[0].type == VALUE_NIL ? return_spooled(c) : pdk_ask(c);
}

static int return_too_big(struct pdk_call *c, size_t size, double limit)
{
	const char *text =
		arena_printf(&c->rq->arena, "request body file too big: %zu > %.0f", size, limit);

	return text ? pdk_return_nil(c, text) : pdk_out_of_memory(c);
}

/* The limit is one for files only, and the body doesn't tell where it was. */
static int apply_limit(struct pdk_call *c, double limit)
{
	struct value name = value_str("request_body_file");
	size_t size = c->ret->v[0].len;
	struct pdk_ret file;
	int rc = pdk_ask_other(c, PDK_ID_nginx_get_var, &name, 1, &file);

	if (rc != 0)
		return rc;
	if (value_is_text(&file.v[0]) && file.v[0].len > 0)
		return return_too_big(c, size, limit);
	return pdk_ask(c);
}

/* ProtoBuf:1 names the file instead of reading it. It is read here where we may. */
static int return_file(struct pdk_call *c, const struct value *path, double limit)
{
	size_t most = c->rq->env->max_body_size, size = 0;
	size_t max = limit > 0 && (most == 0 || limit < (double)most) ? (size_t)limit : most;
	struct value body;
	int rc = pdk_read_file(&c->rq->arena, path, max, &body, &size);

	switch (rc) {
	case 0:
		return pdk_return(c, body);
	case -E_NOMEM:
		return pdk_out_of_memory(c);
	case -E_TOO_LARGE:
		if (limit > 0 && (double)size > limit)
			return return_too_big(c, size, limit);
		rc = pdk_limit_body(c, size);
		return rc != 0 ? rc : return_spooled(c);
	default:
		return return_spooled(c);
	}
}

static int ask_protobuf(struct pdk_call *c, double limit)
{
	const struct value *path, *error;
	const char *text;
	int rc;

	c->argc = 0;
	rc = pdk_ask(c);
	if (rc != 0 || !value_is_table(&c->ret->v[0]))
		return rc;
	path = pdk_field(&c->ret->v[0], "body_filepath");
	if (path != NULL)
		return return_file(c, path, limit);
	error = pdk_field(&c->ret->v[0], "error");
	text = error != NULL ? arena_strndup(&c->rq->arena, error->s, error->len) : NULL;
	return text != NULL ? pdk_return_nil(c, text) : pdk_out_of_memory(c);
}

int do_get_raw_body(struct pdk_call *c)
{
	static const struct value any_size = {.type = VALUE_INT, .i = 0};
	double limit = value_to_double(&c->argv[0]);
	int rc;

	if (c->rq->wire == PDK_WIRE_PROTOBUF)
		return ask_protobuf(c, limit);
	if (pdk_is_raw(c->rq))
		return pdk_ask(c);
	if (c->rq->env->kong_version < 308)
		return ask_old_gateway(c);
	c->argv = &any_size;
	c->argc = 1;
	rc = pdk_ask(c);
	if (rc != 0 || !(limit > 0) || !value_is_text(&c->ret->v[0]) || c->ret->v[0].len <= limit)
		return rc;
	return apply_limit(c, limit);
}

/* ---- decoding ---- */

enum kind {
	KIND_FORM,
	KIND_JSON,
	KIND_MULTIPART,
	KIND_OTHER
};

static const char *const kind_names[] = {FORM, JSON, MULTIPART};

/* By the beginning of the type, up to its parameters. */
static enum kind kind_of(const char *lower)
{
	size_t i;

	for (i = 0; i < KIND_OTHER; i++)
		if (strncmp(lower, kind_names[i], strlen(kind_names[i])) == 0)
			return (enum kind)i;
	return KIND_OTHER;
}

static int return_three(struct pdk_call *c, struct value v, const char *error, const char *type)
{
	c->ret->n = 3;
	c->ret->v[0] = v;
	c->ret->v[1] = error ? value_str(error) : value_nil();
	c->ret->v[2] = value_str(type);
	return 0;
}

static int return_unsupported(struct pdk_call *c, const struct value *type, char *lower)
{
	const char *text = arena_printf(&c->rq->arena, "unsupported content type '%.*s'",
					(int)type->len, type->s);

	lower[strcspn(lower, ";")] = '\0';
	return text ? return_three(c, value_nil(), text, lower) : pdk_out_of_memory(c);
}

static int return_json(struct pdk_call *c, const struct value *body)
{
	struct value v;
	int rc = pdk_json_read(&c->rq->arena, body->s, body->len, &v);

	if (rc == -E_NOMEM)
		return pdk_out_of_memory(c);
	if (rc != 0 || !value_is_table(&v))
		return return_three(c, value_nil(), "invalid json body", JSON);
	return return_three(c, v, NULL, JSON);
}

static int return_form(struct pdk_call *c, const struct value *body)
{
	const struct value *max = &c->argv[1];
	size_t n = max->type == VALUE_NIL ? DEFAULT_ARGS : (size_t)value_to_double(max);
	struct value v;

	if (pdk_form_read(&c->rq->arena, body, n, &v) != 0)
		return pdk_out_of_memory(c);
	return return_three(c, v, NULL, FORM);
}

static int return_multipart(struct pdk_call *c, const struct value *type, const struct value *body)
{
	struct value kept, v;

	if (value_copy(&c->rq->arena, body, &kept) != 0 ||
	    pdk_multipart_read(&c->rq->arena, type, &kept, &v) != 0)
		return pdk_out_of_memory(c);
	return return_three(c, v, NULL, MULTIPART);
}

int pdk_return_body(struct pdk_call *c, const struct value *type, const struct value *body)
{
	char *lower = pdk_lower(&c->rq->arena, type);

	if (lower == NULL)
		return pdk_out_of_memory(c);
	switch (kind_of(lower)) {
	case KIND_FORM:
		return return_form(c, body);
	case KIND_JSON:
		return return_json(c, body);
	case KIND_MULTIPART:
		return return_multipart(c, type, body);
	default:
		return return_unsupported(c, type, lower);
	}
}

/* ---- the request's ---- */

/* The type that the caller gave, or the request's; nil if there is none. */
static int find_type(struct pdk_call *c, struct value *ret)
{
	struct value name = value_str("Content-Type"), type = c->argv[0];
	struct pdk_ret got;
	int rc;

	if (type.type == VALUE_NIL) {
		rc = pdk_call_other(c, PDK_ID_request_get_header, &name, 1, &got);
		if (rc != 0)
			return rc;
		type = got.v[0];
	}
	return value_copy(&c->rq->arena, &type, ret) != 0 ? pdk_out_of_memory(c) : 0;
}

int do_get_body(struct pdk_call *c)
{
	struct value type;
	struct pdk_ret body;
	enum kind kind;
	char *lower;
	int rc;

	if (pdk_is_plain(c))
		return pdk_ask(c);
	rc = find_type(c, &type);
	if (rc != 0)
		return rc;
	if (!value_is_text(&type))
		return pdk_return_nil(c, "missing content type");
	lower = pdk_lower(&c->rq->arena, &type);
	if (lower == NULL)
		return pdk_out_of_memory(c);
	kind = kind_of(lower);
	if (kind == KIND_OTHER)
		return return_unsupported(c, &type, lower);
	rc = pdk_call_other(c, PDK_ID_request_get_raw_body, &c->argv[2], 1, &body);
	if (rc != 0)
		return rc;
	if (value_is_text(&body.v[0]))
		return pdk_return_body(c, &type, &body.v[0]);
	return return_three(c, value_nil(), body.n > 1 ? body.v[1].s : "no request body",
			    kind_names[kind]);
}

/* ---- setting it ---- */

/* A null inside would be lost on its way: the body is encoded here and its type set by a call of its own. */
static int set_encoded(struct pdk_call *c, const struct value *mime, const struct value *json)
{
	struct value header[2] = {value_str("Content-Type"), *mime};
	struct pdk_ret none;
	int rc = pdk_ask_other(c, PDK_ID_service_request_set_raw_body, json, 1, &none);

	if (rc == 0)
		rc = pdk_ask_other(c, PDK_ID_service_request_set_header, header, 2, &none);
	return rc != 0 ? rc : pdk_return(c, value_bool(true));
}

static bool is_json(const struct value *mime)
{
	return mime->len >= sizeof(JSON) - 1 && memcmp(mime->s, JSON, sizeof(JSON) - 1) == 0;
}

/* ProtoBuf:1 has no function for it. The type was checked: what is neither JSON nor a form has parts. */
static int set_here(struct pdk_call *c, const struct value *mime)
{
	struct arena *arena = &c->rq->arena;
	struct value type = *mime, body;
	int rc;

	if (is_json(mime))
		rc = pdk_json_write(arena, &c->argv[0], &body);
	else if (mime->len >= sizeof(FORM) - 1 && memcmp(mime->s, FORM, sizeof(FORM) - 1) == 0)
		rc = pdk_form_write(arena, &c->argv[0], &body);
	else
		rc = pdk_multipart_write(arena, &c->argv[0], mime, &body, &type);
	if (rc == -E_NOMEM)
		return pdk_out_of_memory(c);
	if (rc != 0)
		return err_set(c->err, E_UNSUPPORTED, "%s: a text that is no UTF-8 " PDK_PB_HINT,
			       c->fn->name);
	return set_encoded(c, &type, &body);
}

int do_set_body(struct pdk_call *c)
{
	struct pdk_call typed = *c;
	struct value argv[1] = {pdk_is_falsy(&c->argv[1]) ? value_nil() : c->argv[1]}, mime, json;
	int rc;

	if (pdk_is_plain(c))
		return pdk_ask(c);
	typed.argv = argv;
	rc = find_type(&typed, &mime);
	if (rc != 0)
		return rc;
	if (!value_is_text(&mime))
		return pdk_return_nil(c, "content type was neither explicitly given "
					 "as an argument or received as a header");
	rc = pdk_check_body(&c->argv[0], &mime, c->err);
	if (rc != 0)
		return rc;
	if (c->rq->wire == PDK_WIRE_PROTOBUF)
		return set_here(c, &mime);
	if (is_json(&mime) && pdk_has_null(&c->argv[0]) &&
	    pdk_json_write(&c->rq->arena, &c->argv[0], &json) == 0)
		return set_encoded(c, &mime, &json);
	return pdk_ask(c);
}
