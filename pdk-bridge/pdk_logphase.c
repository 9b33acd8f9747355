/* pdk_logphase.c - reading the request in the log phase.
 *
 * The gateway runs it in a timer, when the request is gone: what reads nginx's variables raises there
 * (kong/runloop/plugin_servers/plugin.lua, build_phases). What kong.log.serialize still knows exactly comes
 * from there, by one call for all; the rest is refused. A row's log path is the way into it, and behind a
 * "|" how the value is made of what is found. */
#include <string.h>
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_path.h"
#include "pdk-bridge/pdk_rows.h"

int pdk_refuse_log(const struct pdk_call *c)
{
	return err_set(
		c->err, E_PHASE,
		"%s cannot be called in log phase by an external plugin: the gateway has let "
		"go of the request (read it in access and keep it in kong.ctx.plugin)",
		c->fn->name);
}

/* ---- the serialized request ---- */

static int parse(struct pdk_call *c, const struct value *json, struct value *ret)
{
	int rc = -E_MALFORMED;

	if (value_is_text(json))
		rc = pdk_json_read(&c->rq->arena, json->s, json->len, ret);
	if (rc == -E_NOMEM)
		return pdk_out_of_memory(c);
	if (rc != 0)
		return err_set(c->err, E_MALFORMED, "%s: the gateway's answer is no JSON",
			       c->fn->name);
	return 0;
}

/* Inside of the gateway it is a table, over the wire its JSON. */
int do_serialize(struct pdk_call *c)
{
	struct pdk_rq *rq = c->rq;
	struct value *kept;
	int rc;

	if (rq->serialized != NULL) {
		pdk_saved(c);
		return pdk_return(c, *rq->serialized);
	}
	c->argc = 0;
	rc = pdk_ask(c);
	if (rc != 0)
		return rc;
	kept = arena_alloc(&rq->arena, sizeof(*kept));
	if (kept == NULL)
		return pdk_out_of_memory(c);
	rc = parse(c, &c->ret->v[0], kept);
	if (rc != 0)
		return rc;
	if (rq->env->read_cache)
		rq->serialized = kept;
	return pdk_return(c, *kept);
}

/* ---- converters ---- */

typedef int (*converter)(struct pdk_call *c, const struct value *v);

static int convert_none(struct pdk_call *c, const struct value *v)
{
	return pdk_return(c, *v);
}

/* "http" of "http://host:port/path". */
static int convert_scheme(struct pdk_call *c, const struct value *url)
{
	const char *end = value_is_text(url) ? memmem(url->s, url->len, "://", 3) : NULL;

	if (end == NULL)
		return pdk_refuse_log(c);
	return pdk_return(c, value_strn(url->s, (size_t)(end - url->s)));
}

/* "host" of "http://host:port/path"; "[::1]" of "http://[::1]:80/". */
static int convert_host(struct pdk_call *c, const struct value *url)
{
	const char *s = value_is_text(url) ? memmem(url->s, url->len, "://", 3) : NULL;
	const char *end = value_is_text(url) ? url->s + url->len : NULL;
	const char *at;

	if (s == NULL)
		return pdk_refuse_log(c);
	s += 3;
	at = s < end && *s == '[' ? memchr(s, ']', (size_t)(end - s)) : s;
	for (at = at ? at : s; at < end && *at != ':' && *at != '/'; at++)
		;
	return pdk_return(c, value_strn(s, (size_t)(at - s)));
}

static int convert_raw_path(struct pdk_call *c, const struct value *uri)
{
	const char *end;

	if (!value_is_text(uri))
		return pdk_refuse_log(c);
	end = uri->len > 1 ? memchr(uri->s + 1, '?', uri->len - 1) : NULL;
	return pdk_return(c, end ? value_strn(uri->s, (size_t)(end - uri->s)) : *uri);
}

static int convert_path(struct pdk_call *c, const struct value *uri)
{
	struct value path;
	int rc = convert_raw_path(c, uri);

	if (rc != 0)
		return rc;
	if (pdk_path_normalize(&c->rq->arena, &c->ret->v[0], &path) != 0)
		return pdk_out_of_memory(c);
	return pdk_return(c, path);
}

static int convert_argument(struct pdk_call *c, const struct value *query)
{
	const struct value *v = pdk_field_at(query, &c->argv[0]);

	if (v != NULL && value_is_table(v))
		v = pdk_list_item(v, 1);
	return pdk_return(c, v ? *v : value_nil());
}

/* The last status of "502, 200". */
static int convert_status(struct pdk_call *c, const struct value *v)
{
	char digits[4];
	struct value text;

	if (value_is_number(v))
		return pdk_return(c, *v);
	if (!value_is_text(v) || v->len < 3)
		return pdk_return(c, value_nil());
	text = value_strn(v->s + v->len - 3, 3);
	memcpy(digits, text.s, 3);
	digits[3] = '\0';
	if (strspn(digits, "0123456789") != 3)
		return pdk_return(c, value_nil());
	return pdk_return(
		c, value_int((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0')));
}

static const struct {
	const char *name;
	converter convert;
} converters[] = {
	{"argument", convert_argument}, {"host", convert_host},     {"path", convert_path},
	{"raw_path", convert_raw_path}, {"scheme", convert_scheme}, {"status", convert_status},
};

static converter find_converter(const char *path)
{
	const char *bar = strchr(path, '|');
	size_t i;

	for (i = 0; bar != NULL && i < sizeof(converters) / sizeof(converters[0]); i++)
		if (strcmp(converters[i].name, bar + 1) == 0)
			return converters[i].convert;
	return convert_none;
}

/* ---- the way into it ---- */

/* The value at "a.b.c", nil where it is absent; NULL where there is no "a": a stream's log has no request. */
static const struct value *walk(const struct value *root, const char *path)
{
	static const struct value absent = {.type = VALUE_NIL};
	const struct value *at = root;
	size_t n;

	for (;; path += n + 1) {
		struct value word;

		n = strcspn(path, ".|");
		word = value_strn(path, n);
		at = pdk_field_at(at, &word);
		if (at == NULL && path[n] == '.' && value_map_get(root, "request") == NULL)
			return NULL;
		if (at == NULL || path[n] != '.')
			return at ? at : &absent;
	}
}

int pdk_logphase(struct pdk_call *c)
{
	struct pdk_ret all;
	const struct value *found;
	int rc;

	if (c->fn->log_path == NULL || pdk_is_raw(c->rq))
		return pdk_refuse_log(c);
	rc = pdk_call_other(c, PDK_ID_log_serialize, NULL, 0, &all);
	if (rc != 0)
		return rc;
	found = walk(&all.v[0], c->fn->log_path);
	if (found == NULL)
		return pdk_refuse_log(c);
	return find_converter(c->fn->log_path)(c, found);
}
