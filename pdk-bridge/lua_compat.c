/* lua_compat.c - see lua_compat.h. */
#include "pdk-bridge/lua_compat.h"
#include <string.h>

#define EMBEDDED "=outrigger/"
#define RESUMED_KEY "outrigger.resumed"
#define TRACEBACK_KEY "outrigger.traceback"

static int do_nothing(lua_State *L)
{
	(void)L;
	return 0;
}

/* Plugins may replace debug.traceback; ours is the one from before they run. */
static void save_traceback(lua_State *L)
{
	lua_getglobal(L, LUA_DBLIBNAME);
	lua_getfield(L, -1, "traceback");
	lua_setfield(L, LUA_REGISTRYINDEX, TRACEBACK_KEY);
	lua_pop(L, 1);
}

void lua_compat_open(lua_State *L)
{
	lua_pushcfunction(L, do_nothing);
	lua_setfield(L, LUA_REGISTRYINDEX, RESUMED_KEY);
	save_traceback(L);
}

#ifdef OUTRIGGER_LUAJIT

/* LuaJIT stops its collector while a finalizer runs; that is all of it that the API shows. */
bool lua_compat_may_park(lua_State *L)
{
	return lua_gc(L, LUA_GCISRUNNING, 0) != 0;
}

/* A call makes L the current thread again. Trace exits take it from there, and it still is the
 * thread of the fiber that ran last. */
void lua_compat_resumed(lua_State *L)
{
	luaL_checkstack(L, 1, NULL);
	lua_getfield(L, LUA_REGISTRYINDEX, RESUMED_KEY);
	lua_call(L, 0, 0);
}

#else

static bool hook_ran;

static void note_hook(lua_State *L, lua_Debug *ar)
{
	(void)L;
	(void)ar;
	hook_ran = true;
}

/* PUC Lua forbids hooks while a finalizer or a hook runs; whether it does can only be tried. */
bool lua_compat_may_park(lua_State *L)
{
	lua_Hook hook = lua_gethook(L);
	int mask = lua_gethookmask(L), count = lua_gethookcount(L);

	luaL_checkstack(L, 1, NULL);
	lua_getfield(L, LUA_REGISTRYINDEX, RESUMED_KEY);
	hook_ran = false;
	lua_sethook(L, note_hook, LUA_MASKCALL, 0);
	lua_call(L, 0, 0);
	lua_sethook(L, hook, mask, count);
	return hook_ran;
}

void lua_compat_resumed(lua_State *L)
{
	(void)L;
}

#endif

void lua_compat_traceback(lua_State *L, lua_State *thread, const char *msg, int level)
{
	luaL_checkstack(L, 5, NULL);
	lua_getfield(L, LUA_REGISTRYINDEX, TRACEBACK_KEY);
	lua_pushthread(thread);
	if (thread != L)
		lua_xmove(thread, L, 1);
	lua_pushstring(L, msg);
	lua_pushinteger(L, level);
	lua_call(L, 3, 1);
}

bool lua_compat_caller(lua_State *L, lua_Debug *ar)
{
	int level;

	for (level = 1; lua_getstack(L, level, ar) && lua_getinfo(L, "Sl", ar); level++)
		if (strcmp(ar->what, "tail") != 0 && /* PUC Lua has a level for each lost one */
		    strncmp(ar->source, EMBEDDED, strlen(EMBEDDED)) != 0)
			return ar->currentline > 0;
	return false;
}

int lua_compat_raise(lua_State *L, const char *text)
{
	lua_Debug ar;

	luaL_checkstack(L, 2, NULL);
	if (lua_compat_caller(L, &ar))
		lua_pushfstring(L, "%s:%d: %s", ar.short_src, ar.currentline, text);
	else
		lua_pushstring(L, text);
	return lua_error(L);
}

static void push_plain(lua_State *L, int idx)
{
	switch (lua_type(L, idx)) {
	case LUA_TNIL:
		lua_pushliteral(L, "nil");
		break;
	case LUA_TBOOLEAN:
		lua_pushstring(L, lua_toboolean(L, idx) ? "true" : "false");
		break;
	default:
		lua_pushfstring(L, "%s: %p", luaL_typename(L, idx), lua_topointer(L, idx));
	}
}

const char *lua_compat_tolstring(lua_State *L, int idx, size_t *ret_len)
{
	int type = lua_type(L, idx);

	luaL_checkstack(L, 3, NULL);
	if (type == LUA_TSTRING || type == LUA_TNUMBER) {
		lua_pushvalue(L, idx);
	} else if (!luaL_callmeta(L, idx, "__tostring")) {
		push_plain(L, idx);
	} else if (!lua_isstring(L, -1)) {
		luaL_error(L, "'tostring' must return a string to 'print'");
	}
	return lua_tolstring(L, -1, ret_len);
}
