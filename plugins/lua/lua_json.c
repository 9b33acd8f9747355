/* lua_json.c - see lua_json.h. */
#include "plugins/lua/lua_json.h"
#include <lauxlib.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "protocol/err.h"
#include "protocol/limits.h"

/* ---- to Lua ---- */

static void push_object(lua_State *L, const json_t *json, int array_mt)
{
	void *it = json_object_iter((json_t *)json);
	const json_t *member;

	lua_createtable(L, 0, (int)json_object_size(json));
	for (; it; it = json_object_iter_next((json_t *)json, it)) {
		member = json_object_iter_value(it);
		lua_pushlstring(L, json_object_iter_key(it), json_object_iter_key_len(it));
		lua_json_push(L, member, array_mt);
		lua_rawset(L, -3);
	}
}

static void push_array(lua_State *L, const json_t *json, int array_mt)
{
	size_t i, n = json_array_size(json);

	lua_createtable(L, (int)n, 0);
	for (i = 0; i < n; i++) {
		lua_json_push(L, json_array_get(json, i), array_mt);
		lua_rawseti(L, -2, (int)i + 1);
	}
	if (n == 0 && array_mt != LUA_NOREF) {
		lua_rawgeti(L, LUA_REGISTRYINDEX, array_mt);
		lua_setmetatable(L, -2);
	}
}

void lua_json_push(lua_State *L, const json_t *json, int array_mt)
{
	luaL_checkstack(L, 4, "JSON nested too deeply");
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		push_object(L, json, array_mt);
		break;
	case JSON_ARRAY:
		push_array(L, json, array_mt);
		break;
	case JSON_STRING:
		lua_pushlstring(L, json_string_value(json), json_string_length(json));
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		lua_pushnumber(L, json_number_value(json));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		lua_pushboolean(L, json_is_true(json));
		break;
	case JSON_NULL:
		lua_pushlightuserdata(L, NULL);
		break;
	}
}

/* ---- from Lua ---- */

struct reading {
	lua_State *L;
	unsigned depth;
	struct err *err;
};

static json_t *read_value(struct reading *r, int idx);

static json_t *fail(struct reading *r, const char *what)
{
	err_set(r->err, E_PLUGIN, "%s", what);
	return NULL;
}

static json_t *read_number(struct reading *r, double d)
{
	if (isnan(d) || isinf(d))
		return fail(r, "NaN and infinity are no JSON numbers");
	if (d == floor(d) && fabs(d) <= 9007199254740992.0)
		return json_integer((json_int_t)d);
	return json_real(d);
}

static json_t *read_string(struct reading *r, int idx)
{
	size_t n;
	const char *s = lua_tolstring(r->L, idx, &n);
	json_t *text = json_stringn(s, n);

	return text ? text : fail(r, "a string that is not UTF-8 can't be written as JSON");
}

static bool marked_array(lua_State *L, int idx)
{
	bool array = false;

	if (lua_getmetatable(L, idx)) {
		lua_pushliteral(L, "__jsontype");
		lua_rawget(L, -2);
		array = lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "array") == 0;
		lua_pop(L, 2);
	}
	return array;
}

static bool is_array(lua_State *L, int idx)
{
	lua_pushnil(L);
	if (!lua_next(L, idx))
		return marked_array(L, idx);
	lua_pop(L, 2);
	return lua_objlen(L, idx) > 0;
}

static json_t *read_array(struct reading *r, int idx)
{
	int i, n = (int)lua_objlen(r->L, idx);
	json_t *array = json_array(), *item;

	for (i = 1; array && i <= n; i++) {
		lua_rawgeti(r->L, idx, i);
		item = read_value(r, lua_gettop(r->L));
		lua_pop(r->L, 1);
		if (item == NULL || json_array_append_new(array, item) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* Takes the pair on top of the stack into the object. */
static int read_member(struct reading *r, json_t *object)
{
	int top = lua_gettop(r->L);
	const char *key;
	json_t *value;
	size_t n;

	if (lua_type(r->L, top - 1) != LUA_TSTRING) {
		fail(r, "a table with both names and positions is not JSON");
		return -1;
	}
	value = read_value(r, top);
	if (value == NULL)
		return -1;
	key = lua_tolstring(r->L, top - 1, &n);
	return json_object_setn_new(object, key, n, value);
}

static json_t *read_object(struct reading *r, int idx)
{
	json_t *object = json_object();
	int top = lua_gettop(r->L);

	for (lua_pushnil(r->L); object && lua_next(r->L, idx); lua_pop(r->L, 1)) {
		if (read_member(r, object) != 0) {
			json_decref(object);
			object = NULL;
		}
	}
	lua_settop(r->L, top);
	return object;
}

static json_t *read_table(struct reading *r, int idx)
{
	json_t *table;

	if (r->depth >= LIMIT_MESSAGE_DEPTH || !lua_checkstack(r->L, 6))
		return fail(r,
			    "a table that contains itself, or is nested too deeply, is not JSON");
	r->depth++;
	table = is_array(r->L, idx) ? read_array(r, idx) : read_object(r, idx);
	r->depth--;
	return table;
}

static json_t *read_value(struct reading *r, int idx)
{
	switch (lua_type(r->L, idx)) {
	case LUA_TBOOLEAN:
		return json_boolean(lua_toboolean(r->L, idx));
	case LUA_TNUMBER:
		return read_number(r, lua_tonumber(r->L, idx));
	case LUA_TSTRING:
		return read_string(r, idx);
	case LUA_TTABLE:
		return read_table(r, idx);
	case LUA_TNIL:
		return json_null();
	case LUA_TLIGHTUSERDATA:
		if (lua_touserdata(r->L, idx) == NULL)
			return json_null();
		return fail(r, "a userdata is not JSON");
	default:
		return fail(r, "a function or object is not JSON");
	}
}

int lua_json_read(lua_State *L, int idx, json_t **ret, struct err *err)
{
	struct reading r = {.L = L, .err = err};
	json_t *json = read_value(&r, idx < 0 ? lua_gettop(L) + idx + 1 : idx);

	if (json == NULL)
		return -E_PLUGIN;
	*ret = json;
	return 0;
}
