/* pdk_pb_ctx.c - functions that ProtoBuf:1 lacks, or whose messages lack something, by what the gateway's own
 * functions read and write: ngx.ctx, and variables of nginx. */
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_rows.h"

static int return_of(struct pdk_call *c, enum pdk_id id, const char *name)
{
	struct value v;
	int rc = pdk_ask_text(c, id, name, &v);

	return rc != 0 ? rc : pdk_return(c, v);
}

int do_pb_get_hostname(struct pdk_call *c)
{
	return return_of(c, PDK_ID_nginx_get_var, "hostname");
}

/* The gateway's own functions read these there: kong/pdk/client.lua, plugin.lua, router.lua. Their messages
 * lack fields, and fail on values that are no text. */
int do_pb_get_consumer(struct pdk_call *c)
{
	return return_of(c, PDK_ID_nginx_get_ctx, "authenticated_consumer");
}

int do_pb_get_credential(struct pdk_call *c)
{
	return return_of(c, PDK_ID_nginx_get_ctx, "authenticated_credential");
}

int do_pb_get_plugin_id(struct pdk_call *c)
{
	return return_of(c, PDK_ID_nginx_get_ctx, "plugin_id");
}

int do_pb_get_route(struct pdk_call *c)
{
	return return_of(c, PDK_ID_nginx_get_ctx, "route");
}

int do_pb_get_service(struct pdk_call *c)
{
	return return_of(c, PDK_ID_nginx_get_ctx, "service");
}

/* kong/pdk/request.lua, get_start_time */
int do_pb_get_start_time(struct pdk_call *c)
{
	struct value begun;
	struct pdk_ret start;
	int rc = pdk_ask_text(c, PDK_ID_nginx_get_ctx, "KONG_PROCESSING_START", &begun);

	if (rc != 0)
		return rc;
	if (value_is_number(&begun))
		return pdk_return(c, begun);
	rc = pdk_ask_other(c, PDK_ID_nginx_req_start_time, NULL, 0, &start);
	if (rc != 0)
		return rc;
	return pdk_return(c, value_number(value_to_double(&start.v[0]) * 1000));
}

static int set_ctx(struct pdk_call *c, const char *key, struct value v)
{
	struct value argv[2] = {value_str(key), v};
	struct pdk_ret none;
	int rc = pdk_ask_other(c, PDK_ID_nginx_set_ctx, argv, 2, &none);

	c->ret->n = 0;
	return rc;
}

/* kong/pdk/service/request.lua sets the same. */
int do_pb_enable_buffering(struct pdk_call *c)
{
	return set_ctx(c, "buffered_proxying", value_bool(true));
}

/* kong/pdk/client/tls.lua sets the same. */
int do_pb_set_client_verify(struct pdk_call *c)
{
	return set_ctx(c, "CLIENT_VERIFY_OVERRIDE", c->argv[0]);
}
