/* lua_pack.c - plain data of Lua as MessagePack and back. */
#include "plugins/lua/lua_pack.h"
#include <lauxlib.h>
#include "pdk-bridge/lua_pdk.h"
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/err.h"
#include "protocol/mp.h"

/* What both functions give: the value on top, or nil and the reason. */
static int give(lua_State *L, int rc, const struct err *err)
{
	if (rc == 0)
		return 1;
	lua_pushnil(L);
	lua_pushstring(L, err_message(err, rc));
	return 2;
}

/* (Lack of memory for Lua leaks the arena and the buffer, here and below.) */
static int pack(lua_State *L)
{
	struct arena arena;
	struct buf out = {0};
	struct value v;
	struct err err;
	int rc;

	luaL_checkany(L, 1);
	err_clear(&err);
	arena_init(&arena, 0);
	rc = lua_value_read(L, 1, &arena, &v, &err);
	if (rc == 0)
		rc = mp_write_value(&out, &v);
	if (rc == 0)
		lua_pushlstring(L, (const char *)buf_head(&out), buf_len(&out));
	buf_fini(&out);
	arena_fini(&arena);
	return give(L, rc, &err);
}

static int unpack(lua_State *L)
{
	struct arena arena;
	struct value v;
	struct err err;
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);
	int rc;

	err_clear(&err);
	arena_init(&arena, 0);
	rc = mp_read_value((const unsigned char *)text, n, &arena, &v, &err);
	if (rc == 0)
		lua_value_push(L, &v, LUA_NIL_NULL);
	arena_fini(&arena);
	return give(L, rc, &err);
}

int lua_pack_open(lua_State *L)
{
	lua_newtable(L);
	lua_pushcfunction(L, pack);
	lua_setfield(L, -2, "pack");
	lua_pushcfunction(L, unpack);
	lua_setfield(L, -2, "unpack");
	return 1;
}
