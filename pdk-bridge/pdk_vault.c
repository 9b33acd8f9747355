/* pdk_vault.c - references to secrets: "{vault://NAME/RESOURCE/KEY?config#version}" (kong/pdk/vault.lua). */
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk_form.h"
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_rows.h"

#define PREFIX "{vault://"
#define CONFIG_MAX 100

static bool is_reference(const struct value *v)
{
	return value_is_text(v) && v->len >= sizeof(PREFIX) &&
	       memcmp(v->s, PREFIX, sizeof(PREFIX) - 1) == 0 && v->s[v->len - 1] == '}';
}

int do_vault_is_reference(struct pdk_call *c)
{
	return pdk_return(c, value_bool(is_reference(&c->argv[0])));
}

static int fail(struct pdk_call *c, const char *what)
{
	char buf[512];
	const char *text = arena_printf(&c->rq->arena, "%s [%s]", what,
					pdk_to_text(&c->argv[0], buf, sizeof(buf)));

	return text ? pdk_return_nil(c, text) : pdk_out_of_memory(c);
}

/* The parts of a URL behind its scheme; nil where absent. */
struct url {
	struct value host, path, query, fragment;
};

/* Cuts `text` at the first of `mark`; what is behind it becomes *ret_tail. */
static void cut(struct value *text, char mark, struct value *ret_tail)
{
	const char *at = text->len > 0 ? memchr(text->s, mark, text->len) : NULL;
	uint32_t n = at ? (uint32_t)(at - text->s) : text->len;

	*ret_tail = at ? value_strn(at + 1, text->len - n - 1) : value_nil();
	text->len = n;
}

static void split(const struct value *reference, struct url *ret)
{
	size_t n = sizeof(PREFIX) - 1;
	struct value all = value_strn(reference->s + n, reference->len - n - 1), unused;
	const char *slash;

	cut(&all, '#', &ret->fragment);
	cut(&all, '?', &ret->query);
	slash = all.len > 0 ? memchr(all.s, '/', all.len) : NULL;
	n = slash ? (size_t)(slash - all.s) : all.len;
	ret->host = n > 0 ? value_strn(all.s, n) : value_nil();
	ret->path = slash ? value_strn(slash, all.len - n) : value_nil();
	cut(&ret->host, ':', &unused);
	cut(&ret->path, ';', &unused);
}

/* The segments of a path joined by '/', the last one on its own if there are several and no '/' ends it. */
static int split_resource(struct pdk_call *c, struct value path, struct value *ret_resource,
			  struct value *ret_key)
{
	const char *slash;
	struct value key = value_nil();
	int rc;

	while (path.len > 0 && path.s[0] == '/')
		path = value_strn(path.s + 1, path.len - 1);
	slash = path.len > 0 ? memrchr(path.s, '/', path.len) : NULL;
	if (slash == path.s + path.len - 1)
		path.len--;
	else if (slash != NULL)
		key = value_strn(slash + 1, (size_t)(path.s + path.len - slash - 1));
	if (value_is_text(&key))
		path.len -= key.len + 1;
	rc = pdk_unescape(&c->rq->arena, &path, true, ret_resource);
	*ret_key = key;
	if (rc == 0 && value_is_text(&key))
		rc = pdk_unescape(&c->rq->arena, &key, true, ret_key);
	return rc;
}

static bool read_version(const struct value *fragment, struct value *ret)
{
	char digits[20], *end;

	if (fragment->len == 0 || fragment->len >= sizeof(digits))
		return false;
	memcpy(digits, fragment->s, fragment->len);
	digits[fragment->len] = '\0';
	*ret = value_int(strtol(digits, &end, 10));
	return *end == '\0' && end != digits;
}

static void add(struct value *map, const char *key, struct value v)
{
	if (v.type != VALUE_NIL)
		map->pairs[map->len++] = (struct value_pair){value_str(key), v};
}

static int return_parts(struct pdk_call *c, const struct url *url, struct value version)
{
	struct value map, resource, key, config = value_nil();
	struct arena *arena = &c->rq->arena;
	int rc = split_resource(c, url->path, &resource, &key);

	if (rc == 0 && value_is_text(&url->query) && url->query.len > 0)
		rc = pdk_form_read(arena, &url->query, CONFIG_MAX, &config);
	if (rc != 0 || value_new_map(arena, 5, &map) != 0)
		return pdk_out_of_memory(c);
	map.len = 0;
	add(&map, "name", url->host);
	add(&map, "resource", resource);
	add(&map, "key", key);
	add(&map, "config", config);
	add(&map, "version", version);
	return pdk_return(c, map);
}

int do_vault_parse_reference(struct pdk_call *c)
{
	struct value version = value_nil();
	struct url url;

	if (!is_reference(&c->argv[0]))
		return fail(c, "not a reference");
	split(&c->argv[0], &url);
	if (url.host.type == VALUE_NIL || url.host.len == 0)
		return fail(c, "reference url is missing host");
	if (url.path.type == VALUE_NIL)
		return fail(c, "reference url is missing path");
	if (url.path.len <= 1)
		return fail(c, "reference url has empty path");
	if (value_is_text(&url.fragment) && !read_version(&url.fragment, &version))
		return fail(c, "reference url has invalid version");
	if (strspn(url.path.s, "/") >= url.path.len)
		return fail(c, "reference url has invalid path");
	return return_parts(c, &url, version);
}

/* The gateway's reason is lost on its way. */
int do_vault_get(struct pdk_call *c)
{
	int rc;

	if (!is_reference(&c->argv[0]) && !pdk_is_raw(c->rq))
		return fail(c, "not a reference");
	rc = pdk_ask(c);
	if (rc == 0 && c->ret->v[0].type == VALUE_NIL && !pdk_is_raw(c->rq))
		return fail(c, "could not get value from external vault (no value found)");
	return rc;
}

static bool has_references(const struct value *options)
{
	const struct value *v;
	uint32_t i;

	if (pdk_field(options, "$refs") != NULL)
		return true;
	for (i = 0; value_is_table(options) && i < options->len; i++) {
		v = options->type == VALUE_ARRAY ? &options->items[i] : &options->pairs[i].value;
		if (value_is_table(v) && has_references(v))
			return true;
	}
	return false;
}

int do_vault_update(struct pdk_call *c)
{
	if (!has_references(&c->argv[0]) && !pdk_is_raw(c->rq))
		return pdk_return(c, c->argv[0]);
	return pdk_ask(c);
}
