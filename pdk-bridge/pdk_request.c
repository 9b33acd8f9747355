/* pdk_request.c - headers and query: asked for as a whole once, then answered from here where that is exact.
 *
 * How many lines get_headers and get_query give without an argument is the gateway's configuration
 * (lua_max_req_headers and its like, 100 by default), and nothing tells that lines were left out. So the
 * default goes out as an explicit 100: with fewer lines the table is complete. Otherwise the plain call
 * follows, whose answer is the gateway's own; what was left out is found by asking for 1,000.
 *
 * A complete table of at most 100 lines, all that the gateway's own functions look at, answers
 * - get_header for a name that isn't there or there once; of several lines the gateway may join them, as
 *   for Cookie. Of names that differ in '-' and '_' only, it finds one or another by the function that is
 *   asked and by the value, so such names are answered for only where the table itself would find them;
 * - get_query_arg, whose names are exact and whose first value counts, as in the gateway.
 * Not in the log phase: there the gateway has saved tables, whose limit nothing tells. */
#include <string.h>
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_rows.h"

#define DEFAULT_LINES 100
#define MOST_LINES 1000

/* A complete table is kept under an argument that no handler can give. */
static const struct value complete_key = {.type = VALUE_BOOL, .b = true};

static bool is_plain(const struct pdk_call *c)
{
	return c->rq->phase == PHASE_LOG || pdk_is_raw(c->rq);
}

static struct pdk_call with_key(const struct pdk_call *c, const struct value *key,
				struct pdk_ret *ret)
{
	struct pdk_call other = *c;

	other.argv = key;
	other.argc = 1;
	other.ret = ret;
	return other;
}

/* A complete table that the row `id` has brought, of at most `max` lines. */
static bool find_complete(const struct pdk_call *c, enum pdk_id id, int max, struct pdk_ret *ret)
{
	return pdk_cache_find_other(c, id, &complete_key, ret) &&
	       pdk_count_lines(&ret->v[0]) <= (size_t)max;
}

/* Asks for at most `max` lines. Keeps the answer, as complete if it is. */
static int ask_lines(struct pdk_call *c, int max, struct pdk_ret *ret, size_t *ret_lines)
{
	struct value limit = value_int(max);
	struct pdk_call limited = with_key(c, &limit, ret);
	bool kept = pdk_cache_get(&limited);
	int rc = kept ? 0 : pdk_fetch(&limited);

	if (rc != 0)
		return rc;
	*ret_lines = pdk_count_lines(&ret->v[0]);
	if (kept)
		return 0;
	if (*ret_lines < (size_t)max)
		limited.argv = &complete_key;
	pdk_cache_put(&limited);
	return 0;
}

/* Asks for all lines up to `max`; 1 where there may be more, with the gateway's own answer in c->ret.
 * (Over ProtoBuf:1 there is no question without a limit.) */
static int ask_all(struct pdk_call *c, int max)
{
	size_t lines;
	int rc;

	if (find_complete(c, c->fn->id, max, c->ret))
		return pdk_saved(c);
	rc = ask_lines(c, max, c->ret, &lines);
	if (rc != 0 || lines < (size_t)max)
		return rc;
	rc = c->argc == 0 && c->rq->wire == PDK_WIRE_MSGPACK ? pdk_ask(c) : 0;
	return rc != 0 ? rc : 1;
}

static int wanted_lines(const struct pdk_call *c)
{
	return c->argc > 0 ? (int)value_to_double(&c->argv[0]) : DEFAULT_LINES;
}

/* The result has to outlive the calls that follow. */
static int keep_result(struct pdk_call *c)
{
	struct value kept;

	if (value_copy(&c->rq->arena, &c->ret->v[0], &kept) != 0)
		return pdk_out_of_memory(c);
	return pdk_return(c, kept);
}

static int return_truncated(struct pdk_call *c)
{
	c->ret->n = 2;
	c->ret->v[1] = value_str("truncated");
	return 0;
}

/* ---- headers ---- */

/* The table in c->ret may lack lines: says so as the gateway would. */
static int tell_missing_headers(struct pdk_call *c)
{
	size_t lines = pdk_count_lines(&c->ret->v[0]), all;
	struct pdk_ret most;
	int rc;

	if (lines >= MOST_LINES)
		return 0;
	if (find_complete(c, c->fn->id, MOST_LINES, &most)) {
		pdk_saved(c);
		return pdk_count_lines(&most.v[0]) > lines ? return_truncated(c) : 0;
	}
	rc = keep_result(c);
	if (rc == 0)
		rc = ask_lines(c, MOST_LINES, &most, &all);
	if (rc == 0 && all > lines)
		return_truncated(c);
	return rc;
}

int do_get_headers(struct pdk_call *c)
{
	int rc;

	if (is_plain(c))
		return pdk_ask(c);
	rc = ask_all(c, wanted_lines(c));
	return rc > 0 ? tell_missing_headers(c) : rc;
}

static bool same_name(const struct value *a, const char *b, size_t n)
{
	size_t i;

	if (!value_is_text(a) || a->len != n)
		return false;
	for (i = 0; i < n; i++) {
		char one = a->s[i] == '_' ? '-' : a->s[i], two = b[i] == '_' ? '-' : b[i];

		if ((one >= 'A' && one <= 'Z' ? one + 32 : one) !=
		    (two >= 'A' && two <= 'Z' ? two + 32 : two))
			return false;
	}
	return true;
}

const struct value *pdk_header_at(const struct value *headers, const struct value *name,
				  size_t *ret_found)
{
	const struct value *v = NULL;
	uint32_t i;

	*ret_found = 0;
	for (i = 0; headers->type == VALUE_MAP && i < headers->len; i++) {
		if (!same_name(&headers->pairs[i].key, name->s, name->len))
			continue;
		v = v ? v : &headers->pairs[i].value;
		(*ret_found)++;
	}
	return v;
}

/* As the gateway's tables of headers find a name: as it is, else in lower case and with dashes. */
static const struct value *table_at(const struct value *headers, const struct value *name,
				    const char *lower)
{
	const struct value *v = pdk_field_at(headers, name);
	char dashed[256];
	struct value key;
	uint32_t i;

	if (v != NULL || name->len > sizeof(dashed))
		return v;
	for (i = 0; i < name->len; i++)
		dashed[i] = lower[i] == '_' ? '-' : lower[i];
	key = value_strn(dashed, name->len);
	return pdk_field_at(headers, &key);
}

static bool get_from_complete(struct pdk_call *c, enum pdk_id id, const char *lower)
{
	const struct value *v;
	struct pdk_ret complete;
	size_t found;

	if (!find_complete(c, id, DEFAULT_LINES, &complete))
		return false;
	v = pdk_header_at(&complete.v[0], &c->argv[0], &found);
	if (found > 1 || (v != NULL && !value_is_text(v)) ||
	    table_at(&complete.v[0], &c->argv[0], lower) != v)
		return false;
	pdk_return(c, v ? *v : value_nil());
	return pdk_saved(c) == 0;
}

/* Over ProtoBuf:1 a header without value and none at all are one; the table of all tells. */
static int tell_empty(struct pdk_call *c, enum pdk_id all)
{
	const struct value *v;
	struct pdk_ret table;
	size_t found;
	int rc = pdk_call_other(c, all, NULL, 0, &table);

	if (rc != 0)
		return rc;
	v = pdk_header_at(&table.v[0], &c->argv[0], &found);
	return pdk_return(c, v != NULL ? value_str("") : value_nil());
}

static int get_header(struct pdk_call *c, enum pdk_id all)
{
	struct pdk_call keyed;
	struct value key;
	char *lower;
	int rc;

	if (is_plain(c))
		return pdk_ask(c);
	lower = pdk_lower(&c->rq->arena, &c->argv[0]);
	if (lower == NULL)
		return pdk_out_of_memory(c);
	key = value_strn(lower, c->argv[0].len);
	keyed = with_key(c, &key, c->ret);
	if (pdk_cache_get(&keyed) || get_from_complete(c, all, lower))
		return 0;
	rc = pdk_fetch(c);
	if (rc == 0 && c->rq->wire == PDK_WIRE_PROTOBUF && c->ret->v[0].type == VALUE_NIL)
		rc = tell_empty(c, all);
	if (rc == 0)
		pdk_cache_put(&keyed);
	return rc;
}

int do_request_header(struct pdk_call *c)
{
	return get_header(c, PDK_ID_request_get_headers);
}

int do_response_header(struct pdk_call *c)
{
	return get_header(c, PDK_ID_response_get_headers);
}

/* ---- query ---- */

/* Pieces between the ampersands, as the gateway counts them; with a key only, if `keyed`. */
static size_t count_pieces(const struct value *query, bool keyed)
{
	const char *s = query->s, *end = query->s + query->len, *amp;
	size_t n = 0;

	if (query->len == 0)
		return 0;
	for (; s <= end; s = amp + 1) {
		amp = s < end ? memchr(s, '&', (size_t)(end - s)) : NULL;
		amp = amp ? amp : end;
		n += !keyed || (amp > s && *s != '=');
	}
	return n;
}

/* The table in c->ret is as long as the limit: says whether the query has more. */
static int tell_missing_args(struct pdk_call *c)
{
	size_t n, lines = pdk_count_lines(&c->ret->v[0]);
	struct pdk_ret query;
	int rc = keep_result(c);

	if (rc == 0)
		rc = pdk_ask_other(c, PDK_ID_request_get_raw_query, NULL, 0, &query);
	if (rc != 0 || !value_is_text(&query.v[0]))
		return rc;
	n = count_pieces(&query.v[0], c->argc == 0);
	if (n > (c->argc > 0 ? (size_t)wanted_lines(c) : lines))
		return_truncated(c);
	return 0;
}

int do_get_query(struct pdk_call *c)
{
	int rc;

	if (is_plain(c))
		return pdk_ask(c);
	rc = ask_all(c, wanted_lines(c));
	return rc > 0 ? tell_missing_args(c) : rc;
}

/* The first value of the argument in a table of all. */
static int return_arg(struct pdk_call *c, const struct value *all)
{
	const struct value *v = pdk_field_at(all, &c->argv[0]);

	if (v != NULL && v->type == VALUE_ARRAY)
		v = pdk_list_item(v, 1);
	return pdk_return(c, v ? *v : value_nil());
}

/* ProtoBuf:1 has no `true` there, and takes an absent argument for an empty one. */
static int get_arg_of_all(struct pdk_call *c)
{
	struct pdk_ret all;
	int rc = pdk_call_other(c, PDK_ID_request_get_query, NULL, 0, &all);

	return rc == 0 ? return_arg(c, &all.v[0]) : rc;
}

int do_get_query_arg(struct pdk_call *c)
{
	struct pdk_ret complete;

	if (is_plain(c))
		return pdk_ask(c);
	if (find_complete(c, PDK_ID_request_get_query, DEFAULT_LINES, &complete)) {
		pdk_saved(c);
		return return_arg(c, &complete.v[0]);
	}
	return c->rq->wire == PDK_WIRE_PROTOBUF ? get_arg_of_all(c) : pdk_ask(c);
}
