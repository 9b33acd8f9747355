/* ngx_shared.c - ngx.shared, underneath: dictionaries by name, and what can be done to one.
 *
 * A dictionary is a userdata. Keys are texts of a length that may be, as lualib/outrigger/ngx/shared.lua has
 * seen to. What raises does so without the dictionary's lock. */
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/ngx/ngx_core.h"
#include "plugins/shared/dict.h"
#include "plugins/shared/dict_set.h"
#include "protocol/buf.h"

#define DICT "outrigger.dict"
#define KEPT ((size_t)1 << 20) /* bytes that are kept for the next value */

struct handle {
	struct dict *dict;
	struct lua_vm *vm;
};

/* What is read goes here until the lock is given back. */
static struct buf bytes;

static struct handle *check_dict(lua_State *L)
{
	return luaL_checkudata(L, 1, DICT);
}

static struct dict_key check_key(lua_State *L)
{
	struct dict_key key;

	key.bytes = luaL_checklstring(L, 2, &key.len);
	luaL_argcheck(L, key.len > 0 && key.len <= DICT_KEY_MAX, 2, "bad key");
	return key;
}

/* ---- results ---- */

static const char *text_of(enum dict_result result)
{
	switch (result) {
	case DICT_ABSENT:
		return "not found";
	case DICT_EXISTS:
		return "exists";
	case DICT_NOT_NUMBER:
		return "not a number";
	case DICT_IS_LIST:
		return "value is a list";
	case DICT_NOT_LIST:
		return "value not a list";
	default:
		return "no memory";
	}
}

static void say_emptied(const struct handle *h, uint64_t n)
{
	static const char text[] = "a shared dictionary was not in order and has been emptied: "
				   "a process had died while it changed it";
	struct plugin *plugin = lua_vm_plugin(h->vm)->plugin;
	struct pdk_rq rq;

	if (plugin->emptied != NULL)
		*plugin->emptied += n;
	if (plugin->env.port == NULL || plugin->env.port->log == NULL)
		return;
	pdk_rq_init(&rq, &plugin->env, 0, PHASE_TIMER);
	plugin->env.port->log(&rq, LOG_LEVEL_WARN, text, strlen(text));
	pdk_rq_fini(&rq);
}

/* To be called of each result: counts, and raises what is no answer. */
static enum dict_result finish(lua_State *L, const struct handle *h, enum dict_result result)
{
	uint64_t emptied = dict_take_emptied(h->dict);

	if (emptied > 0)
		say_emptied(h, emptied);
	if (result == DICT_UNUSABLE)
		luaL_error(L, "the shared dictionary can't be locked");
	return result;
}

static int push_error(lua_State *L, enum dict_result result)
{
	lua_pushnil(L);
	lua_pushstring(L, text_of(result));
	return 2;
}

static void push_value(lua_State *L, const struct dict_value *value)
{
	if (value->type == DICT_NUMBER)
		lua_pushnumber(L, value->number);
	else if (value->type == DICT_BOOLEAN)
		lua_pushboolean(L, value->number > 0);
	else
		lua_pushlstring(L, value->bytes, value->len);
	if (buf_len(&bytes) > KEPT)
		buf_fini(&bytes);
}

static struct dict_value to_value(lua_State *L, int arg)
{
	struct dict_value value = {.type = DICT_NIL};

	switch (lua_type(L, arg)) {
	case LUA_TSTRING:
		value.type = DICT_STRING;
		value.bytes = lua_tolstring(L, arg, &value.len);
		break;
	case LUA_TNUMBER:
		value.type = DICT_NUMBER;
		value.number = lua_tonumber(L, arg);
		break;
	case LUA_TBOOLEAN:
		value.type = DICT_BOOLEAN;
		value.number = lua_toboolean(L, arg);
		break;
	default:
		break;
	}
	return value;
}

/* Seconds to milliseconds, as far as they can be told. */
static uint64_t to_ttl(lua_State *L, int arg)
{
	double milliseconds = luaL_optnumber(L, arg, 0) * 1000;

	if (!(milliseconds > 0))
		return 0;
	return milliseconds < 1e15 ? (uint64_t)milliseconds : 0;
}

/* ---- values ---- */

/* get(dict, key): its value, its flags, false; nil, and an error if there is one. get_stale: whether it is. */
static int get_with(lua_State *L,
		    enum dict_result (*get)(struct dict *d, struct dict_key key, struct buf *bytes,
					    struct dict_value *ret))
{
	const struct handle *h = check_dict(L);
	struct dict_value value;
	enum dict_result result = finish(L, h, get(h->dict, check_key(L), &bytes, &value));

	if (result == DICT_ABSENT)
		return 0;
	if (result != DICT_OK)
		return push_error(L, result);
	push_value(L, &value);
	lua_pushnumber(L, value.flags);
	lua_pushboolean(L, value.is_stale);
	return 3;
}

static int shared_get(lua_State *L)
{
	return get_with(L, dict_get);
}

static int shared_get_stale(lua_State *L)
{
	return get_with(L, dict_get_stale);
}

/* store(dict, key, value, mode, is_safe, seconds, flags): whether it was; the error or nil; whether by force. */
static int shared_store(lua_State *L)
{
	const struct handle *h = check_dict(L);
	struct dict_value value = to_value(L, 3);
	struct dict_store store = {
		.mode = (enum dict_mode)luaL_checkinteger(L, 4),
		.is_safe = lua_toboolean(L, 5),
		.ttl = to_ttl(L, 6),
	};
	enum dict_result result;

	value.flags = (uint32_t)luaL_optinteger(L, 7, 0);
	result = finish(L, h, dict_store(h->dict, check_key(L), &value, &store));
	lua_pushboolean(L, result == DICT_OK);
	if (result == DICT_OK)
		lua_pushnil(L);
	else
		lua_pushstring(L, text_of(result));
	lua_pushboolean(L, store.was_forcible);
	return 3;
}

/* incr(dict, key, by, init or nil, seconds): the new value, nil, whether by force; nil and an error. */
static int shared_incr(lua_State *L)
{
	const struct handle *h = check_dict(L);
	struct dict_incr incr = {
		.by = luaL_checknumber(L, 3),
		.has_init = !lua_isnoneornil(L, 4),
		.init = luaL_optnumber(L, 4, 0),
		.init_ttl = to_ttl(L, 5),
	};
	enum dict_result result = finish(L, h, dict_incr(h->dict, check_key(L), &incr));

	if (result != DICT_OK)
		return push_error(L, result);
	lua_pushnumber(L, incr.by);
	lua_pushnil(L);
	lua_pushboolean(L, incr.was_forcible);
	return 3;
}

/* ttl(dict, key): seconds, 0 for ever. */
static int shared_ttl(lua_State *L)
{
	const struct handle *h = check_dict(L);
	int64_t milliseconds = 0;
	enum dict_result result = finish(L, h, dict_ttl(h->dict, check_key(L), &milliseconds));

	if (result != DICT_OK)
		return push_error(L, result);
	lua_pushnumber(L, (lua_Number)milliseconds / 1000);
	return 1;
}

/* expire(dict, key, seconds) */
static int shared_expire(lua_State *L)
{
	const struct handle *h = check_dict(L);
	uint64_t ttl = to_ttl(L, 3);
	enum dict_result result = finish(L, h, dict_expire(h->dict, check_key(L), ttl));

	if (result != DICT_OK)
		return push_error(L, result);
	lua_pushboolean(L, true);
	return 1;
}

/* ---- lists ---- */

static enum dict_end to_end(lua_State *L, int arg)
{
	return lua_toboolean(L, arg) ? DICT_FRONT : DICT_BACK;
}

/* push(dict, key, value, whether in front): the length. */
static int shared_push(lua_State *L)
{
	const struct handle *h = check_dict(L);
	const struct dict_value value = to_value(L, 3);
	size_t n = 0;
	enum dict_result result =
		finish(L, h, dict_push(h->dict, check_key(L), &value, to_end(L, 4), &n));

	if (result == DICT_FULL_FOR_KEY) { /* false of that, as in nginx */
		lua_pushboolean(L, false);
		lua_pushstring(L, text_of(result));
		return 2;
	}
	if (result != DICT_OK)
		return push_error(L, result);
	lua_pushnumber(L, (lua_Number)n);
	return 1;
}

/* pop(dict, key, whether in front): the value; nil. */
static int shared_pop(lua_State *L)
{
	const struct handle *h = check_dict(L);
	struct dict_value value;
	enum dict_result result =
		finish(L, h, dict_pop(h->dict, check_key(L), to_end(L, 3), &bytes, &value));

	if (result == DICT_ABSENT) {
		lua_pushnil(L);
		return 1;
	}
	if (result != DICT_OK)
		return push_error(L, result);
	push_value(L, &value);
	return 1;
}

static int shared_len(lua_State *L)
{
	const struct handle *h = check_dict(L);
	size_t n = 0;
	enum dict_result result = finish(L, h, dict_len(h->dict, check_key(L), &n));

	if (result != DICT_OK)
		return push_error(L, result);
	lua_pushnumber(L, (lua_Number)n);
	return 1;
}

/* ---- all of it ---- */

static int shared_flush(lua_State *L)
{
	const struct handle *h = check_dict(L);

	finish(L, h, dict_flush(h->dict));
	return 0;
}

static size_t to_max(lua_State *L, int arg, size_t initial)
{
	double max = luaL_optnumber(L, arg, (double)initial);

	return max >= 1 && max < 1e9 ? (size_t)max : DICT_NO_LIMIT;
}

/* flush_stale(dict, max): how many. */
static int shared_flush_stale(lua_State *L)
{
	const struct handle *h = check_dict(L);
	size_t n = 0;

	finish(L, h, dict_flush_stale(h->dict, to_max(L, 2, 0), &n));
	lua_pushnumber(L, (lua_Number)n);
	return 1;
}

/* Lists what dict_keys has found. */
static void push_keys(lua_State *L, const struct buf *keys)
{
	const char *at = (const char *)buf_head(keys), *end = at + buf_len(keys);
	size_t len;

	lua_newtable(L);
	for (int i = 1; at != end; i++) {
		memcpy(&len, at, sizeof(len));
		at += sizeof(len);
		lua_pushlstring(L, at, len);
		lua_rawseti(L, -2, i);
		at += len;
	}
}

/* keys(dict, max): a list. */
static int shared_keys(lua_State *L)
{
	const struct handle *h = check_dict(L);
	size_t max = to_max(L, 2, 1024);
	enum dict_result result;

	buf_consume(&bytes, buf_len(&bytes));
	result = finish(L, h, dict_keys(h->dict, max, &bytes));
	if (result != DICT_OK)
		return luaL_error(L, "%s", text_of(result));
	push_keys(L, &bytes);
	buf_fini(&bytes);
	return 1;
}

static int shared_capacity(lua_State *L)
{
	lua_pushnumber(L, (lua_Number)dict_capacity(check_dict(L)->dict));
	return 1;
}

static int shared_free_space(lua_State *L)
{
	const struct handle *h = check_dict(L);
	size_t n = 0;

	finish(L, h, dict_free_space(h->dict, &n));
	lua_pushnumber(L, (lua_Number)n);
	return 1;
}

/* ---- the module ---- */

/* The table `dicts`: userdata by name. */
static void push_dicts(lua_State *L, struct lua_vm *vm)
{
	const struct dict_set *set = vm->now->plugin->dicts;

	lua_newtable(L);
	for (size_t i = 0; set != NULL && i < set->count; i++) {
		struct handle *h = lua_newuserdata(L, sizeof(*h));

		*h = (struct handle){set->entries[i].dict, vm};
		luaL_getmetatable(L, DICT);
		lua_setmetatable(L, -2);
		lua_setfield(L, -2, set->entries[i].name);
	}
}

static int open_shared(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"get", shared_get},
		{"get_stale", shared_get_stale},
		{"store", shared_store},
		{"incr", shared_incr},
		{"ttl", shared_ttl},
		{"expire", shared_expire},
		{"push", shared_push},
		{"pop", shared_pop},
		{"len", shared_len},
		{"flush", shared_flush},
		{"keys", shared_keys},
		{"flush_stale", shared_flush_stale},
		{"capacity", shared_capacity},
		{"free_space", shared_free_space},
		{NULL, NULL},
	};

	luaL_newmetatable(L, DICT);
	lua_pop(L, 1);
	lua_newtable(L);
	luaL_register(L, NULL, functions);
	push_dicts(L, lua_touserdata(L, lua_upvalueindex(1)));
	lua_setfield(L, -2, "dicts");
	return 1;
}

void ngx_shared_preload(struct lua_vm *vm)
{
	lua_vm_preload(vm, "outrigger.c.shared", open_shared);
}
