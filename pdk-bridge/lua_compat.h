/* lua_compat.h - what differs between LuaJIT and PUC Lua 5.1, and what a parked fiber does to
 * either.
 *
 * To park inside a C function that Lua called: ask lua_compat_may_park before, and call
 * lua_compat_resumed after. Nothing else is needed. */
#ifndef PDK_BRIDGE_LUA_COMPAT_H
#define PDK_BRIDGE_LUA_COMPAT_H
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>

#ifdef OUTRIGGER_LUAJIT
#include <luajit.h>
#endif
#ifndef LUA_OK
#define LUA_OK 0
#endif

/* Where things are in the registry that each event looks up. luaL_ref gives numbers from 1 on. */
enum lua_slot {
	LUA_SLOT_RESUMED = -100,
	LUA_SLOT_ON_END,
	LUA_SLOT_DELEGATE,
};

/* Prepares L's registry. Once per state, before plugin code runs. */
void lua_compat_open(lua_State *L);
/* False inside a finalizer (__gc), from which there is no way back to the loop: the collector
 * would stay in the state that it is in. */
bool lua_compat_may_park(lua_State *L);
/* To be called on the same L when the fiber has come back: other threads of the state have run. Needs a free
 * slot of the stack. */
void lua_compat_resumed(lua_State *L);
/* Pushes msg and the stack of `thread` from `level` on. May raise for lack of memory. */
void lua_compat_traceback(lua_State *L, lua_State *thread, const char *msg, int level);
/* The function of the plugin that called us: the nearest one that is not of the modules compiled
 * in, whose chunks are named "=outrigger/...". False if there is none; `ar` has then no line. */
bool lua_compat_caller(lua_State *L, lua_Debug *ar);
/* Raises `text` with the position of lua_compat_caller before it. */
int lua_compat_raise(lua_State *L, const char *text);
/* Pushes the value at idx as tostring() would have it: __tostring honoured, never anything but a
 * text. */
const char *lua_compat_tolstring(lua_State *L, int idx, size_t *ret_len);

#endif
