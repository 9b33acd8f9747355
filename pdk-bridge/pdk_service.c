/* pdk_service.c - the service and its response: what the gateway's answer alone doesn't say.
 *
 * A buffered response is in the gateway's ngx.ctx, where it stays in the log phase. kong.service.response.
 * get_headers gives a table there that only answers by name, which arrives empty, so the headers are taken
 * from ngx.ctx. In the log phase, without buffering, those functions would raise. */
#include <string.h>
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_pb.h"
#include "pdk-bridge/pdk_rows.h"

#define NAMES_SEEN 100

static bool in_log(const struct pdk_call *c)
{
	return c->rq->phase == PHASE_LOG && !pdk_is_raw(c->rq);
}

/* ---- the response's headers ---- */

/* Names in lower case, as all get_headers give them. */
static int lower_names(struct pdk_call *c, const struct value *headers, struct value *ret)
{
	uint32_t i, n = headers->type == VALUE_MAP ? headers->len : 0;
	int rc = value_new_map(&c->rq->arena, n, ret);

	for (i = 0; rc == 0 && i < n; i++) {
		const struct value *name = &headers->pairs[i].key;
		char *lower = value_is_text(name) ? pdk_lower(&c->rq->arena, name) : NULL;

		ret->pairs[i] = headers->pairs[i];
		if (lower != NULL)
			ret->pairs[i].key = value_strn(lower, name->len);
	}
	return rc;
}

int do_service_get_headers(struct pdk_call *c)
{
	struct value buffered, headers;
	int rc;

	if (pdk_is_raw(c->rq))
		return pdk_ask(c);
	rc = pdk_ask_text(c, PDK_ID_nginx_get_ctx, "buffered_headers", &buffered);
	if (rc != 0)
		return rc;
	if (!value_is_table(&buffered))
		return in_log(c) ? pdk_refuse_log(c) : pdk_ask(c);
	if (lower_names(c, &buffered, &headers) != 0)
		return pdk_out_of_memory(c);
	return pdk_return(c, headers);
}

/* From what get_headers has brought, for a name that is there once or not at all. Beyond as many names as
 * are below the gateway's own limit, it may not look at all of them. */
static bool get_from_buffered(struct pdk_call *c)
{
	struct value key = value_str("buffered_headers");
	const struct value *v;
	struct pdk_ret kept;
	size_t found;

	if (!pdk_cache_find_other(c, PDK_ID_nginx_get_ctx, &key, &kept) ||
	    !value_is_table(&kept.v[0]) || kept.v[0].len > NAMES_SEEN)
		return false;
	v = pdk_header_at(&kept.v[0], &c->argv[0], &found);
	if (found > 1 || (v != NULL && !value_is_text(v)))
		return false;
	pdk_return(c, v ? *v : value_nil());
	return pdk_saved(c) == 0;
}

/* From ngx.ctx; by `other` where it isn't there. */
static int get_from_ctx(struct pdk_call *c, int (*other)(struct pdk_call *c))
{
	const struct value *v;
	struct value buffered;
	size_t found;
	int rc = pdk_ask_text(c, PDK_ID_nginx_get_ctx, "buffered_headers", &buffered);

	if (rc != 0)
		return rc;
	if (!value_is_table(&buffered) || (!in_log(c) && buffered.len > NAMES_SEEN))
		return other(c);
	v = pdk_header_at(&buffered, &c->argv[0], &found);
	if (v != NULL && value_is_table(v))
		v = pdk_list_item(v, 1);
	return pdk_return(c, v ? *v : value_nil());
}

static int refuse_log(struct pdk_call *c)
{
	return pdk_refuse_log(c);
}

int do_service_get_header(struct pdk_call *c)
{
	if (in_log(c))
		return get_from_ctx(c, refuse_log);
	return !pdk_is_raw(c->rq) && get_from_buffered(c) ? 0 : pdk_ask(c);
}

/* A header without value and none at all are one in the message. */
int do_pb_service_get_header(struct pdk_call *c)
{
	return get_from_ctx(c, in_log(c) ? refuse_log : pdk_ask);
}

/* ---- its body ---- */

int do_service_get_raw_body(struct pdk_call *c)
{
	struct value buffered = value_bool(true);
	int rc = in_log(c) ? pdk_ask_text(c, PDK_ID_nginx_get_ctx, "buffered_proxying", &buffered)
			   : 0;

	if (rc != 0)
		return rc;
	if (pdk_is_falsy(&buffered))
		return err_set(c->err, E_PHASE,
			       "service body is only available with buffered proxying "
			       "(see: kong.service.request.enable_buffering function)");
	return pdk_ask(c);
}

int do_service_get_body(struct pdk_call *c)
{
	struct value name = value_str("Content-Type"), type = c->argv[0], kept;
	struct pdk_ret got;
	int rc;

	if (pdk_is_plain(c))
		return pdk_ask(c);
	if (type.type == VALUE_NIL) {
		rc = pdk_call_other(c, PDK_ID_service_response_get_header, &name, 1, &got);
		if (rc != 0)
			return rc;
		type = got.v[0];
	}
	if (!value_is_text(&type))
		return pdk_return_nil(c, "missing content type");
	if (value_copy(&c->rq->arena, &type, &kept) != 0)
		return pdk_out_of_memory(c);
	rc = pdk_call_other(c, PDK_ID_service_response_get_raw_body, NULL, 0, &got);
	return rc != 0 ? rc : pdk_return_body(c, &kept, &got.v[0]);
}

/* ---- others ---- */

/* Of all headers this one alone has results: true, or nil and an error on requests that are no gRPC. */
int do_set_service_header(struct pdk_call *c)
{
	struct value reply;
	int rc;

	if (pdk_is_raw(c->rq) || c->rq->wire == PDK_WIRE_PROTOBUF ||
	    !pdk_text_is_nocase(&c->argv[0], ":authority"))
		return pdk_ask(c);
	pdk_cache_drop(c->rq, c->fn->group);
	rc = pdk_send(c, &reply);
	if (rc != 0)
		return rc;
	if (!pdk_is_falsy(&reply))
		return pdk_return(c, reply);
	return pdk_return_nil(c, "cannot set :authority pseudo-header on non-grpc requests");
}

/* Other functions of the gateway read what is in ngx.ctx, but nothing that is our own. */
int do_set_ctx(struct pdk_call *c)
{
	static const char own[] = "outrigger:";
	const struct value *key = &c->argv[0];
	bool is_own = value_is_text(key) && key->len >= sizeof(own) - 1 &&
		      memcmp(key->s, own, sizeof(own) - 1) == 0;

	return pdk_set(c, is_own ? PDK_G_CTX : c->fn->group);
}

int do_set_upstream(struct pdk_call *c)
{
	const char *text;
	int rc;

	/* Its message had no result, and the gateway failed on the one that the function gave. */
	if (c->rq->wire == PDK_WIRE_PROTOBUF && c->rq->env->kong_version < 307)
		return err_set(c->err, E_UNSUPPORTED,
			       "%s fails in gateways before 3.7 " PDK_PB_HINT, c->fn->name);
	rc = pdk_ask(c);

	if (rc != 0 || pdk_is_raw(c->rq) || !pdk_is_falsy(&c->ret->v[0]))
		return rc;
	text = arena_printf(&c->rq->arena, "could not find an Upstream named '%.*s'",
			    (int)c->argv[0].len, c->argv[0].s);
	return text ? pdk_return_nil(c, text) : pdk_out_of_memory(c);
}

static int return_protocol(struct pdk_call *c)
{
	if (c->ret->v[0].type == VALUE_NIL)
		return pdk_return_nil(c, "No active route found");
	return 0;
}

/* In the log phase the gateway has it for routes with one protocol, and raises for others. */
int do_get_protocol(struct pdk_call *c)
{
	const struct value *protocols;
	struct pdk_ret route;
	int rc;

	if (!in_log(c)) {
		rc = pdk_ask(c);
		return rc != 0 ? rc : return_protocol(c);
	}
	rc = pdk_ask_other(c, PDK_ID_router_get_route, NULL, 0, &route);
	if (rc != 0)
		return rc;
	if (route.v[0].type == VALUE_NIL)
		return pdk_return_nil(c, "No active route found");
	protocols = pdk_field(&route.v[0], "protocols");
	if (protocols == NULL || protocols->type != VALUE_ARRAY || protocols->len != 1)
		return pdk_refuse_log(c);
	return pdk_return(c, protocols->items[0]);
}

int do_cluster_get_id(struct pdk_call *c)
{
	int rc = pdk_ask(c);

	if (rc == 0 && c->ret->v[0].type == VALUE_NIL && !pdk_is_raw(c->rq))
		return pdk_return_nil(c, "the gateway gave no cluster id");
	return rc;
}

/* kong/pdk/telemetry.lua returns these; and a nil before other arguments would cut them off. */
int do_telemetry_log(struct pdk_call *c)
{
	const struct value *a = c->argv;
	struct value argv[5] = {a[0], a[1], a[2], a[3], a[4]};
	int rc;

	if (!value_is_text(&a[0]))
		return pdk_return_nil(c, "plugin_name must be a string");
	if (!value_is_table(&a[1]))
		return pdk_return_nil(c, "plugin_config must be a table");
	if (!value_is_text(&a[2]))
		return pdk_return_nil(c, "message_type must be a string");
	if (!pdk_is_falsy(&a[3]) && !value_is_text(&a[3]))
		return pdk_return_nil(c, "message must be a string");
	if (!pdk_is_falsy(&a[4]) && !value_is_table(&a[4]))
		return pdk_return_nil(c, "attributes must be a table");
	if (c->argc == 5 && a[3].type == VALUE_NIL)
		argv[3] = value_bool(false);
	c->argv = argv;
	rc = pdk_ask(c);
	if (rc != 0 || !pdk_is_falsy(&c->ret->v[0]))
		return rc;
	return pdk_return_nil(c,
			      "Telemetry logging is disabled: log entry will not be recorded. "
			      "Ensure the OpenTelemetry plugin is correctly configured to report "
			      "logs in order to use this feature.");
}
