/* lua_value.c - values to Lua and back. */
#include <lauxlib.h>
#include <math.h>
#include <string.h>
#include "pdk-bridge/lua_pdk.h"
#include "protocol/arena.h"
#include "protocol/err.h"
#include "protocol/limits.h"

#define TOO_DEEP "values nested too deeply"

/* ---- to Lua ---- */

static void push_inner(lua_State *L, const struct value *v, enum lua_nil nil)
{
	if (v->type == VALUE_NIL && nil == LUA_NIL_NULL)
		lua_pushlightuserdata(L, NULL);
	else
		lua_value_push(L, v, nil);
}

static void push_array(lua_State *L, const struct value *v, enum lua_nil nil)
{
	uint32_t i;

	luaL_checkstack(L, 2, TOO_DEEP);
	lua_createtable(L, (int)v->len, 0);
	for (i = 0; i < v->len; i++) {
		push_inner(L, &v->items[i], nil);
		lua_rawseti(L, -2, (int)i + 1);
	}
}

/* A nil key makes its pair absent, as in the gateway; so does NaN, which Lua can't hold. */
static bool is_key(const struct value *key)
{
	return key->type != VALUE_NIL && !(key->type == VALUE_DOUBLE && isnan(key->d));
}

static void push_map(lua_State *L, const struct value *v, enum lua_nil nil)
{
	uint32_t i;

	luaL_checkstack(L, 3, TOO_DEEP);
	lua_createtable(L, 0, (int)v->len);
	for (i = 0; i < v->len; i++) {
		if (!is_key(&v->pairs[i].key))
			continue;
		lua_value_push(L, &v->pairs[i].key, nil);
		push_inner(L, &v->pairs[i].value, nil);
		lua_rawset(L, -3);
	}
}

void lua_value_push(lua_State *L, const struct value *v, enum lua_nil nil)
{
	switch (v->type) {
	case VALUE_NIL:
		lua_pushnil(L);
		break;
	case VALUE_BOOL:
		lua_pushboolean(L, v->b);
		break;
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_DOUBLE:
		lua_pushnumber(L, value_to_double(v));
		break;
	case VALUE_STR:
	case VALUE_BIN:
		lua_pushlstring(L, v->s, v->len);
		break;
	case VALUE_ARRAY:
		push_array(L, v, nil);
		break;
	case VALUE_MAP:
		push_map(L, v, nil);
		break;
	}
}

/* ---- from Lua ---- */

struct reading {
	lua_State *L;
	struct arena *arena;
	unsigned depth;
	struct err *err;
};

static int read_value(struct reading *r, int idx, struct value *ret);

/* The stack keeps a text that is an argument itself. What is in a table may change, and be collected, while
 * the event waits. */
static int read_string(struct reading *r, int idx, struct value *ret)
{
	size_t n;
	const char *s = lua_tolstring(r->L, idx, &n);

	if (n > UINT32_MAX)
		return err_set(r->err, E_ARGUMENT, "a string of %zu bytes is too long to be sent",
			       n);
	if (r->depth > 0)
		s = arena_strndup(r->arena, s, n);
	if (s == NULL)
		return -E_NOMEM;
	*ret = value_strn(s, n);
	return 0;
}

/* 1 for a table marked as an array, 2 for one marked as an object (cjson's __jsontype), else 0. */
static int table_mark(lua_State *L, int idx)
{
	const char *text;
	int mark = 0;

	if (!lua_getmetatable(L, idx))
		return 0;
	lua_pushliteral(L, "__jsontype");
	lua_rawget(L, -2);
	text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
	if (strcmp(text, "array") == 0)
		mark = 1;
	else if (strcmp(text, "object") == 0)
		mark = 2;
	lua_pop(L, 2);
	return mark;
}

/* Whether the table at idx is 1..n without holes; its pairs are counted. */
static bool table_is_sequence(lua_State *L, int idx, size_t *ret_pairs)
{
	size_t pairs = 0;
	double largest = 0, key;
	bool sequence = true;

	for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
		pairs++;
		key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
		sequence = sequence && key >= 1 && key == floor(key);
		largest = key > largest ? key : largest;
	}
	*ret_pairs = pairs;
	return sequence && largest == (double)pairs;
}

static int read_array(struct reading *r, int idx, size_t n, struct value *ret)
{
	struct value array;
	size_t i;
	int rc = value_new_array(r->arena, n, &array);

	for (i = 0; rc == 0 && i < n; i++) {
		lua_rawgeti(r->L, idx, (int)i + 1);
		rc = read_value(r, lua_gettop(r->L), &array.items[i]);
		lua_pop(r->L, 1);
	}
	if (rc == 0)
		*ret = array;
	return rc;
}

static int read_map(struct reading *r, int idx, size_t n, struct value *ret)
{
	lua_State *L = r->L;
	struct value map;
	size_t i = 0;
	int top = lua_gettop(L), rc = value_new_map(r->arena, n, &map);

	for (lua_pushnil(L); rc == 0 && i < n && lua_next(L, idx); lua_pop(L, 1)) {
		rc = read_value(r, top + 1, &map.pairs[i].key);
		if (rc == 0)
			rc = read_value(r, top + 2, &map.pairs[i++].value);
	}
	lua_settop(L, top);
	if (rc == 0)
		*ret = map;
	return rc;
}

static int read_table(struct reading *r, int idx, struct value *ret)
{
	size_t pairs;
	bool array;
	int rc;

	if (r->depth >= LIMIT_MESSAGE_DEPTH)
		return err_set(r->err, E_ARGUMENT,
			       "a table that contains itself, or is nested deeper than %d, "
			       "can't be sent to the gateway",
			       LIMIT_MESSAGE_DEPTH);
	luaL_checkstack(r->L, 4, "table nested too deeply");
	array = table_is_sequence(r->L, idx, &pairs);
	if (pairs == 0)
		array = table_mark(r->L, idx) != 2;
	r->depth++;
	rc = array ? read_array(r, idx, pairs, ret) : read_map(r, idx, pairs, ret);
	r->depth--;
	return rc;
}

static int refuse(struct reading *r, int idx)
{
	const char *type = luaL_typename(r->L, idx);
	const char *hint = strcmp(type, "cdata") == 0 ? "; use tonumber() or tostring()" : "";

	return err_set(r->err, E_ARGUMENT, "a %s can't be sent to the gateway%s", type, hint);
}

static int read_value(struct reading *r, int idx, struct value *ret)
{
	switch (lua_type(r->L, idx)) {
	case LUA_TNONE:
	case LUA_TNIL:
		*ret = value_nil();
		return 0;
	case LUA_TBOOLEAN:
		*ret = value_bool(lua_toboolean(r->L, idx));
		return 0;
	case LUA_TNUMBER:
		*ret = value_number(lua_tonumber(r->L, idx));
		return 0;
	case LUA_TSTRING:
		return read_string(r, idx, ret);
	case LUA_TTABLE:
		return read_table(r, idx, ret);
	case LUA_TLIGHTUSERDATA:
		if (lua_touserdata(r->L, idx) == NULL) { /* ngx.null */
			*ret = value_nil();
			return 0;
		}
		return refuse(r, idx);
	default:
		return refuse(r, idx);
	}
}

int lua_value_read(lua_State *L, int idx, struct arena *arena, struct value *ret, struct err *err)
{
	struct reading r = {.L = L, .arena = arena, .err = err};

	if (idx < 0 && idx > LUA_REGISTRYINDEX)
		idx = lua_gettop(L) + idx + 1;
	return read_value(&r, idx, ret);
}
