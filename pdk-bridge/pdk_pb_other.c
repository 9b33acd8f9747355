/* pdk_pb_other.c - rows that ProtoBuf:1 lacks: how others do them; and what a handler loses over it.
 *
 * To say that a row can be done otherwise, add it to `others`; that a row's message is less than the value,
 * to `losses`. */
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_pb.h"
#include "pdk-bridge/pdk_rows.h"

static int get_ctx(struct pdk_call *c, const char *key, struct value *ret)
{
	struct value name = value_str(key);
	struct pdk_ret found;
	int rc = pdk_ask_other(c, PDK_ID_nginx_get_ctx, &name, 1, &found);

	if (rc == 0)
		*ret = found.v[0];
	return rc;
}

/* kong/pdk/plugin.lua reads it there. */
static int get_plugin_id(struct pdk_call *c)
{
	struct value id;
	int rc = get_ctx(c, "plugin_id", &id);

	return rc != 0 ? rc : pdk_return(c, id);
}

/* kong/pdk/request.lua, get_start_time */
static int get_start_time(struct pdk_call *c)
{
	struct value begun;
	struct pdk_ret start;
	int rc = get_ctx(c, "KONG_PROCESSING_START", &begun);

	if (rc != 0)
		return rc;
	if (value_is_number(&begun))
		return pdk_return(c, begun);
	rc = pdk_ask_other(c, PDK_ID_nginx_req_start_time, NULL, 0, &start);
	if (rc != 0)
		return rc;
	return pdk_return(c, value_number(value_to_double(&start.v[0]) * 1000));
}

/* What stands before the query; pdk_logphase.c has the way of the log phase. */
static int get_raw_path(struct pdk_call *c)
{
	struct pdk_ret whole;
	size_t n = 0;
	int rc;

	if (c->rq->phase == PHASE_LOG)
		return pdk_ask(c);
	rc = pdk_ask_other(c, PDK_ID_request_get_path_with_query, NULL, 0, &whole);
	if (rc != 0)
		return rc;
	while (value_is_text(&whole.v[0]) && n < whole.v[0].len &&
	       (n == 0 || whole.v[0].s[n] != '?'))
		n++;
	return pdk_return(c, n > 0 ? value_strn(whole.v[0].s, n) : whole.v[0]);
}

static int get_hostname(struct pdk_call *c)
{
	struct value name = value_str("hostname");
	struct pdk_ret host;
	int rc = pdk_ask_other(c, PDK_ID_nginx_get_var, &name, 1, &host);

	return rc != 0 ? rc : pdk_return(c, host.v[0]);
}

/* kong/pdk/service/request.lua sets the same. */
static int enable_buffering(struct pdk_call *c)
{
	struct value argv[2] = {value_str("buffered_proxying"), value_bool(true)};
	struct pdk_ret none;
	int rc = pdk_ask_other(c, PDK_ID_nginx_set_ctx, argv, 2, &none);

	c->ret->n = 0;
	return rc;
}

static const struct {
	enum pdk_id id;
	int (*impl)(struct pdk_call *c);
} others[] = {
	{PDK_ID_log, do_log},
	{PDK_ID_log_deprecation, do_deprecation},
	{PDK_ID_log_emerg, do_log},
	{PDK_ID_log_inspect, do_inspect},
	{PDK_ID_node_get_hostname, get_hostname},
	{PDK_ID_plugin_get_id, get_plugin_id},
	{PDK_ID_request_get_body, do_get_body},
	{PDK_ID_request_get_query_arg, do_get_query_arg},
	{PDK_ID_request_get_raw_path, get_raw_path},
	{PDK_ID_request_get_start_time, get_start_time},
	{PDK_ID_response_error, do_error_by_exit},
	{PDK_ID_service_request_enable_buffering, enable_buffering},
	{PDK_ID_service_request_set_body, do_set_body},
	{PDK_ID_service_response_get_body, do_service_get_body},
};

int (*pdk_pb_emulation(const struct pdk_fn *fn))(struct pdk_call *c)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].id == fn->id)
			return others[i].impl;
	return NULL;
}

static const struct {
	enum pdk_id id;
	const char *text;
} losses[] = {
	{PDK_ID_client_authenticate, "of a credential only id and consumer_id reach the gateway"},
	{PDK_ID_client_get_consumer, "fields of newer gateways are missing"},
	{PDK_ID_client_get_credential, "only id and consumer_id are there"},
	{PDK_ID_client_load_consumer, "fields of newer gateways are missing"},
	{PDK_ID_ctx_shared_get, "an empty table may be of either kind"},
	{PDK_ID_ctx_shared_set, "false can't be set"},
	{PDK_ID_log_set_serialize_value, "false can't be set, nor can a mode be given"},
	{PDK_ID_nginx_get_var, "an empty text is nil"},
	{PDK_ID_nginx_set_ctx, "false can't be set"},
	{PDK_ID_node_get_memory_stats, "most of it is missing"},
	{PDK_ID_router_get_route, "fields of newer gateways are missing"},
	{PDK_ID_router_get_service, "fields of newer gateways are missing"},
	{PDK_ID_service_request_set_body, "multipart bodies can't be made"},
};

const char *pdk_pb_loss(const struct pdk_fn *fn)
{
	if (fn->flags & (PDK_LOCAL | PDK_REFUSED))
		return NULL;
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		if (losses[i].id == fn->id)
			return losses[i].text;
	if (fn->pb_in == NULL && pdk_pb_emulation(fn) == NULL)
		return "it can't be called";
	return NULL;
}
