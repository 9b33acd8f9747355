/* pdk_pb_path.c - path and query of the request, where ProtoBuf:1 lacks the function, by others. */
#include <string.h>
#include "pdk-bridge/pdk_form.h"
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_rows.h"

/* ---- the path ---- */

int do_pb_get_raw_path(struct pdk_call *c)
{
	struct pdk_ret whole;
	size_t n = 0;
	int rc = pdk_ask_other(c, PDK_ID_request_get_path_with_query, NULL, 0, &whole);

	if (rc != 0)
		return rc;
	while (value_is_text(&whole.v[0]) && n < whole.v[0].len &&
	       (n == 0 || whole.v[0].s[n] != '?'))
		n++;
	return pdk_return(c, n > 0 ? value_strn(whole.v[0].s, n) : whole.v[0]);
}

/* kong/pdk/request.lua, is_trusted_ip: that of the connection, not the one that a proxy named. */
static int ask_trust(struct pdk_call *c, bool *ret)
{
	struct pdk_ret got;
	struct value ip;
	int rc = pdk_ask_other(c, PDK_ID_client_get_ip, NULL, 0, &got);

	if (rc == 0 && value_copy(&c->rq->arena, &got.v[0], &ip) != 0)
		rc = pdk_out_of_memory(c);
	if (rc == 0)
		rc = pdk_ask_other(c, PDK_ID_ip_is_trusted, &ip, 1, &got);
	if (rc == 0)
		*ret = !pdk_is_falsy(&got.v[0]);
	return rc;
}

/* A header of a trusted proxy; nil where there is none. */
static int ask_proxy(struct pdk_call *c, const char *header, struct value *ret)
{
	struct value name = value_str(header);
	struct pdk_ret got;
	bool trusted = false;
	int rc = ask_trust(c, &trusted);

	*ret = value_nil();
	if (rc != 0 || !trusted)
		return rc;
	rc = pdk_call_other(c, PDK_ID_request_get_header, &name, 1, &got);
	if (rc == 0)
		*ret = got.v[0];
	return rc;
}

int do_pb_get_forwarded_path(struct pdk_call *c)
{
	struct value path;
	struct pdk_ret own;
	int rc = ask_proxy(c, "X-Forwarded-Path", &path);

	if (rc != 0)
		return rc;
	if (path.type != VALUE_NIL)
		return pdk_return(c, path);
	rc = pdk_ask_other(c, PDK_ID_request_get_path, NULL, 0, &own);
	return rc != 0 ? rc : pdk_return(c, own.v[0]);
}

/* The variable is always set, if only to "". */
int do_pb_get_forwarded_prefix(struct pdk_call *c)
{
	struct value prefix;
	int rc = ask_proxy(c, "X-Forwarded-Prefix", &prefix);

	if (rc == 0 && prefix.type == VALUE_NIL)
		rc = pdk_ask_text(c, PDK_ID_nginx_get_var, "upstream_x_forwarded_prefix", &prefix);
	if (rc != 0)
		return rc;
	return pdk_return(c, prefix.type != VALUE_NIL ? prefix : value_str(""));
}

/* ---- the query ---- */

/* Whether the piece of a query, "name" or "name=value", is of that name. */
static int is_of(struct pdk_call *c, const struct value *piece, bool *ret)
{
	const char *equals = memchr(piece->s, '=', piece->len);
	const struct value *wanted = &c->argv[0];
	struct value name = *piece;

	if (equals != NULL)
		name.len = (uint32_t)(equals - piece->s);
	if (pdk_unescape(&c->rq->arena, &name, true, &name) != 0)
		return pdk_out_of_memory(c);
	*ret = name.len == wanted->len && memcmp(name.s, wanted->s, name.len) == 0;
	return 0;
}

/* The pieces that are to stay; `kept` has room for the query. */
static int keep_others(struct pdk_call *c, const struct value *query, char *kept, size_t *ret_len)
{
	size_t at = 0, len = 0;

	while (at < query->len) {
		const char *amp = memchr(query->s + at, '&', query->len - at);
		size_t end = amp != NULL ? (size_t)(amp - query->s) : query->len;
		struct value piece = value_strn(query->s + at, end - at);
		bool goes = piece.len == 0;
		int rc = goes ? 0 : is_of(c, &piece, &goes);

		if (rc != 0)
			return rc;
		if (!goes && len > 0)
			kept[len++] = '&';
		if (!goes) {
			memcpy(kept + len, piece.s, piece.len);
			len += piece.len;
		}
		at = end + 1;
	}
	*ret_len = len;
	return 0;
}

int do_pb_clear_query_arg(struct pdk_call *c)
{
	struct pdk_ret got, none;
	struct value query;
	size_t len = 0;
	char *kept;
	int rc = pdk_ask_other(c, PDK_ID_request_get_raw_query, NULL, 0, &got);

	c->ret->n = 0;
	if (rc != 0 || !value_is_text(&got.v[0]) || got.v[0].len == 0)
		return rc;
	kept = arena_alloc(&c->rq->arena, got.v[0].len + 1);
	if (kept == NULL)
		return pdk_out_of_memory(c);
	rc = keep_others(c, &got.v[0], kept, &len);
	if (rc != 0)
		return rc;
	query = value_strn(kept, len);
	return pdk_ask_other(c, PDK_ID_service_request_set_raw_query, &query, 1, &none);
}
