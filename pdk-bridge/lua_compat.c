/* lua_compat.c - see lua_compat.h. */
#include "pdk-bridge/lua_compat.h"
#include <string.h>

#define EMBEDDED "=outrigger/"
#define TRACE_FIRST 12 /* levels of a deep stack that are shown, and at its end */
#define TRACE_LAST 10

static int do_nothing(lua_State *L)
{
	(void)L;
	return 0;
}

void lua_compat_open(lua_State *L)
{
	lua_pushcfunction(L, do_nothing);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_SLOT_RESUMED);
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
	lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_SLOT_RESUMED);
	lua_call(L, 0, 0);
}

void lua_compat_traceback(lua_State *L, lua_State *thread, const char *msg, int level)
{
	luaL_traceback(L, thread, msg, level);
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
	lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_SLOT_RESUMED);
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

/* How many levels the stack has, in few looks: PUC Lua counts its way to each level, and so needs seconds to
 * show a stack that has overflown with debug.traceback. */
static int depth_of(lua_State *thread)
{
	lua_Debug ar;
	int there = 0, beyond = 1;

	while (lua_getstack(thread, beyond, &ar)) {
		there = beyond;
		beyond *= 2;
	}
	while (beyond - there > 1) {
		int middle = there + (beyond - there) / 2;

		if (lua_getstack(thread, middle, &ar))
			there = middle;
		else
			beyond = middle;
	}
	return beyond;
}

static void push_level(lua_State *L, const lua_Debug *ar)
{
	lua_pushfstring(L, "\n\t%s:", ar->short_src);
	if (ar->currentline > 0)
		lua_pushfstring(L, "%d:", ar->currentline);
	else
		lua_pushliteral(L, "");
	if (*ar->namewhat != '\0')
		lua_pushfstring(L, " in function '%s'", ar->name);
	else if (*ar->what == 'm')
		lua_pushliteral(L, " in main chunk");
	else if (*ar->what == 'C' || *ar->what == 't')
		lua_pushliteral(L, " ?");
	else
		lua_pushfstring(L, " in function <%s:%d>", ar->short_src, ar->linedefined);
	lua_concat(L, 3);
}

/* Of a deep stack, both ends, as debug.traceback has them. */
void lua_compat_traceback(lua_State *L, lua_State *thread, const char *msg, int level)
{
	int depth = depth_of(thread), last = level + TRACE_FIRST;
	lua_Debug ar;

	luaL_checkstack(L, 8, NULL);
	lua_pushfstring(L, "%s\nstack traceback:", msg);
	for (; level < depth && lua_getstack(thread, level, &ar); level++) {
		if (level == last && depth - level > TRACE_LAST) {
			lua_pushliteral(L, "\n\t...");
			level = depth - TRACE_LAST - 1;
		} else {
			lua_getinfo(thread, "Snl", &ar);
			push_level(L, &ar);
		}
		lua_concat(L, 2);
	}
}

#endif

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
