#include "plugins/lua/lua_cjson.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "protocol/buf.h"

/* Only their addresses count. */
const char lua_cjson_array_mt = 'a', lua_cjson_empty_array_mt = 'e';
static const char empty_array = '['; /* cjson.empty_array is a light userdata of it */

#define INDEX_MAX 1e9

struct encoder {
	lua_State *L;
	const struct cjson_config *config;
	struct buf out;
	int depth;
	char error[128]; /* "" while there is none */
};

static bool encode_value(struct encoder *e);

/* ---- pieces ---- */

static bool fail(struct encoder *e, const char *format, const char *what)
{
	snprintf(e->error, sizeof(e->error), format, what);
	return false;
}

static bool put(struct encoder *e, const char *text, size_t n)
{
	return buf_append(&e->out, text, n) == 0 || fail(e, "out of memory%s", "");
}

static bool put_text(struct encoder *e, const char *text)
{
	return put(e, text, strlen(text));
}

/* How a byte of a text is written, or NULL: as it is. */
static const char *escape_of(unsigned char c, bool slash, char hex[8])
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '/':
		return slash ? "\\/" : NULL;
	case '\b':
		return "\\b";
	case '\f':
		return "\\f";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		if (c >= ' ' && c != 127)
			return NULL;
		snprintf(hex, 8, "\\u%04x", c);
		return hex;
	}
}

static bool put_string(struct encoder *e, const char *text, size_t n)
{
	size_t from = 0;
	char hex[8];
	bool ok = put(e, "\"", 1);

	for (size_t i = 0; ok && i < n; i++) {
		const char *escaped =
			escape_of((unsigned char)text[i], e->config->escape_slash, hex);

		if (escaped == NULL)
			continue;
		ok = put(e, text + from, i - from) && put_text(e, escaped);
		from = i + 1;
	}
	return ok && put(e, text + from, n - from) && put(e, "\"", 1);
}

static bool put_number(struct encoder *e, double d)
{
	char text[64];

	if (!isfinite(d)) {
		if (e->config->invalid_is_null)
			return put_text(e, "null");
		if (!e->config->write_invalid)
			return fail(e, "Cannot serialise number: must not be NaN or Inf%s", "");
		if (isnan(d))
			return put_text(e, "NaN");
		return put_text(e, d > 0 ? "Infinity" : "-Infinity");
	}
	snprintf(text, sizeof(text), "%.*g", e->config->precision, d);
	return put_text(e, text);
}

/* ---- tables ---- */

static bool has_metatable(lua_State *L, const char *key)
{
	bool same;

	if (!lua_getmetatable(L, -1))
		return false;
	lua_pushlightuserdata(L, (void *)key);
	lua_rawget(L, LUA_REGISTRYINDEX);
	same = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return same;
}

/* The highest index of the table on top if all keys are such, else -1; with how many items it has. */
static double highest_index(lua_State *L, double *ret_items)
{
	double max = 0, k;

	*ret_items = 0;
	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_pop(L, 1);
		k = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
		if (!(k >= 1 && k <= INDEX_MAX) || floor(k) != k) {
			lua_pop(L, 1);
			return -1;
		}
		max = k > max ? k : max;
		++*ret_items;
	}
	return max;
}

/* The length of the array on top, -1 for an object; -2 for an error. */
static double array_length(struct encoder *e)
{
	const struct cjson_config *config = e->config;
	double items, max = highest_index(e->L, &items);

	if (max <= 0 || config->sparse_ratio == 0 || max <= items * config->sparse_ratio ||
	    max <= config->sparse_safe)
		return max;
	if (config->sparse_is_object)
		return -1;
	fail(e, "Cannot serialise table: excessively sparse array%s", "");
	return -2;
}

static bool encode_array(struct encoder *e, double n)
{
	lua_State *L = e->L;
	bool ok = put(e, "[", 1);

	for (lua_Integer i = 1; ok && (double)i <= n; i++) {
		lua_rawgeti(L, -1, (int)i);
		ok = (i == 1 || put(e, ",", 1)) && encode_value(e);
		lua_pop(L, 1);
	}
	return ok && put(e, "]", 1);
}

/* The key is below the top. Strings of numbers must not be made in place: lua_next needs the key. */
static bool put_key(struct encoder *e)
{
	lua_State *L = e->L;
	size_t n;
	const char *text;
	bool ok;

	switch (lua_type(L, -2)) {
	case LUA_TSTRING:
		text = lua_tolstring(L, -2, &n);
		return put_string(e, text, n) && put(e, ":", 1);
	case LUA_TNUMBER:
		/* PUC Lua keeps a key of -0 as it is. */
		ok = put(e, "\"", 1) && put_number(e, lua_tonumber(L, -2) + 0.0);
		return ok && put(e, "\":", 2);
	default:
		return fail(e, "Cannot serialise %s: table key must be a number or string",
			    luaL_typename(L, -2));
	}
}

static bool encode_object(struct encoder *e)
{
	lua_State *L = e->L;
	bool first = true, ok = put(e, "{", 1);

	lua_pushnil(L);
	while (ok && lua_next(L, -2)) {
		ok = (first || put(e, ",", 1)) && put_key(e) && encode_value(e);
		first = false;
		lua_pop(L, 1);
	}
	if (!ok)
		return false;
	return put(e, "}", 1);
}

static bool encode_table(struct encoder *e)
{
	lua_State *L = e->L;
	double n;

	if (has_metatable(L, &lua_cjson_array_mt))
		return encode_array(e, (double)lua_objlen(L, -1));
	n = array_length(e);
	if (n == -2)
		return false;
	if (n > 0)
		return encode_array(e, n);
	if (n == 0 && (has_metatable(L, &lua_cjson_empty_array_mt) || !e->config->empty_is_object))
		return put(e, "[]", 2);
	return encode_object(e);
}

static bool enter_table(struct encoder *e)
{
	bool ok;

	if (++e->depth > e->config->encode_depth) {
		snprintf(e->error, sizeof(e->error), "Cannot serialise, excessive depth (%d)",
			 e->depth);
		return false;
	}
	luaL_checkstack(e->L, 6, "JSON nested too deeply");
	ok = encode_table(e);
	e->depth--;
	return ok;
}

static bool encode_value(struct encoder *e)
{
	lua_State *L = e->L;
	const char *text;
	size_t n;

	switch (lua_type(L, -1)) {
	case LUA_TNIL:
		return put_text(e, "null");
	case LUA_TBOOLEAN:
		return put_text(e, lua_toboolean(L, -1) ? "true" : "false");
	case LUA_TNUMBER:
		return put_number(e, lua_tonumber(L, -1));
	case LUA_TSTRING:
		text = lua_tolstring(L, -1, &n);
		return put_string(e, text, n);
	case LUA_TTABLE:
		return enter_table(e);
	case LUA_TLIGHTUSERDATA:
		if (lua_touserdata(L, -1) == NULL)
			return put_text(e, "null");
		if (lua_touserdata(L, -1) == &empty_array)
			return put_text(e, "[]");
		break;
	default:
		break;
	}
	if (e->config->skip_unsupported)
		return put_text(e, "null");
	return fail(e, "Cannot serialise %s: type not supported", luaL_typename(L, -1));
}

static int lua_cjson_encode(lua_State *L)
{
	struct cjson_config config;
	struct encoder e = {.L = L, .config = &config};
	bool ok;

	lua_cjson_read_config(L, 2, &config);
	lua_settop(L, 1);
	ok = encode_value(&e);
	lua_settop(L, 1);
	if (ok)
		lua_pushlstring(L, (const char *)buf_head(&e.out), buf_len(&e.out));
	buf_fini(&e.out);
	if (ok)
		return 1;
	lua_pushnil(L);
	lua_pushstring(L, e.error);
	return 2;
}

/* ---- the module ---- */

static bool flag(lua_State *L, int idx, const char *name)
{
	bool value;

	lua_getfield(L, idx, name);
	value = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return value;
}

static int number(lua_State *L, int idx, const char *name)
{
	int value;

	lua_getfield(L, idx, name);
	value = (int)lua_tointeger(L, -1);
	lua_pop(L, 1);
	return value;
}

void lua_cjson_read_config(lua_State *L, int idx, struct cjson_config *config)
{
	luaL_checktype(L, idx, LUA_TTABLE);
	*config = (struct cjson_config){
		.escape_slash = flag(L, idx, "escape_slash"),
		.empty_is_object = flag(L, idx, "empty_is_object"),
		.sparse_is_object = flag(L, idx, "sparse_is_object"),
		.sparse_ratio = number(L, idx, "sparse_ratio"),
		.sparse_safe = number(L, idx, "sparse_safe"),
		.precision = number(L, idx, "precision"),
		.write_invalid = flag(L, idx, "write_invalid"),
		.invalid_is_null = flag(L, idx, "invalid_is_null"),
		.encode_depth = number(L, idx, "encode_depth"),
		.decode_depth = number(L, idx, "decode_depth"),
		.skip_unsupported = flag(L, idx, "skip_unsupported"),
		.mark_arrays = flag(L, idx, "mark_arrays"),
		.read_invalid = flag(L, idx, "read_invalid"),
	};
}

/* A metatable under `key` of the registry, as field `name` of the table on top. Its __jsontype tells other
 * encoders. */
static void set_metatable(lua_State *L, const char *key, const char *name)
{
	lua_newtable(L);
	lua_pushliteral(L, "array");
	lua_setfield(L, -2, "__jsontype");
	lua_pushlightuserdata(L, (void *)key);
	lua_pushvalue(L, -2);
	lua_rawset(L, LUA_REGISTRYINDEX);
	lua_setfield(L, -2, name);
}

int lua_cjson_open(lua_State *L)
{
	lua_createtable(L, 0, 5);
	lua_pushcfunction(L, lua_cjson_encode);
	lua_setfield(L, -2, "encode");
	lua_pushcfunction(L, lua_cjson_decode);
	lua_setfield(L, -2, "decode");
	lua_pushlightuserdata(L, (void *)&empty_array);
	lua_setfield(L, -2, "empty_array");
	set_metatable(L, &lua_cjson_array_mt, "array_mt");
	set_metatable(L, &lua_cjson_empty_array_mt, "empty_array_mt");
	return 1;
}
