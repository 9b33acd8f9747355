/* lua_cjson_decode.c - JSON to Lua by jansson, which tells arrays from objects. */
#include <jansson.h>
#include <lauxlib.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/lua_cjson.h"
#include "plugins/lua/lua_json.h"

struct decoder {
	lua_State *L;
	const struct cjson_config *config;
	int depth;
	bool is_too_deep;
};

static void push_value(struct decoder *d, const json_t *json);

static void push_array(struct decoder *d, const json_t *json)
{
	size_t n = json_array_size(json);

	lua_createtable(d->L, (int)n, 0);
	for (size_t i = 0; i < n; i++) {
		push_value(d, json_array_get(json, i));
		lua_rawseti(d->L, -2, (int)i + 1);
	}
	if (!d->config->mark_arrays)
		return;
	lua_pushlightuserdata(d->L, (void *)&lua_cjson_array_mt);
	lua_rawget(d->L, LUA_REGISTRYINDEX);
	lua_setmetatable(d->L, -2);
}

static void push_object(struct decoder *d, const json_t *json)
{
	void *it = json_object_iter((json_t *)json);

	lua_createtable(d->L, 0, (int)json_object_size(json));
	for (; it != NULL; it = json_object_iter_next((json_t *)json, it)) {
		lua_pushlstring(d->L, json_object_iter_key(it), json_object_iter_key_len(it));
		push_value(d, json_object_iter_value(it));
		lua_rawset(d->L, -3);
	}
}

static void push_table(struct decoder *d, const json_t *json)
{
	if (++d->depth > d->config->decode_depth) {
		d->is_too_deep = true;
		lua_pushnil(d->L);
	} else {
		luaL_checkstack(d->L, 4, "JSON nested too deeply");
		if (json_is_array(json))
			push_array(d, json);
		else
			push_object(d, json);
	}
	d->depth--;
}

static void push_value(struct decoder *d, const json_t *json)
{
	if (json_is_array(json) || json_is_object(json))
		push_table(d, json);
	else
		lua_json_push(d->L, json, LUA_NOREF);
}

static int refuse(lua_State *L, const char *text, int position)
{
	lua_settop(L, 0);
	lua_pushnil(L);
	if (position > 0)
		lua_pushfstring(L, "%s at character %d", text, position);
	else
		lua_pushstring(L, text);
	return 2;
}

/* (Lack of memory for Lua leaks the parsed text.) */
int lua_cjson_decode(lua_State *L)
{
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);
	struct cjson_config config;
	struct decoder d = {.L = L, .config = &config};
	json_error_t error;
	json_t *json;

	lua_cjson_read_config(L, 2, &config);
	json = json_loadb(text, n, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL,
			  &error);
	if (json == NULL)
		return refuse(L, error.text, error.position + 1);
	push_value(&d, json);
	json_decref(json);
	if (d.is_too_deep)
		return refuse(L, "Found too many nested data structures", 0);
	return 1;
}
