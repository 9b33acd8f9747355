/* lua_error.c - what went wrong in Lua, as texts: message and traceback. */
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "plugins/lua/lua_impl.h"

/* Bytes kept of a traceback. */
#define TRACE_MAX ((size_t)16 << 10)

const char lua_error_quit = 0;

bool lua_error_is_quit(lua_State *L, int idx)
{
	return lua_touserdata(L, idx) == &lua_error_quit;
}

static int call_tostring(lua_State *L)
{
	lua_compat_tolstring(L, 1, NULL);
	return 1;
}

/* Pushes the error value at 1 as a text; what its __tostring raises doesn't matter more than it. */
static void push_message(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TSTRING) {
		lua_pushvalue(L, 1);
		return;
	}
	lua_pushcfunction(L, call_tostring);
	lua_pushvalue(L, 1);
	if (lua_pcall(L, 1, 1, 0) == LUA_OK)
		return;
	lua_pop(L, 1);
	lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
}

/* Keeps the traceback with the event. */
static void keep_trace(struct pdk_rq *rq, const char *trace, size_t n)
{
	if (n > 0 && *trace == '\n') {
		trace++;
		n--;
	}
	if (rq && rq->trace == NULL) /* of an error that is raised again, the first place counts */
		rq->trace = arena_strndup(&rq->arena, trace, n < TRACE_MAX ? n : TRACE_MAX);
}

/* Message handler of events: the message is the error, the traceback goes to the request. */
static int on_event_error(lua_State *L)
{
	const char *trace;
	size_t n;

	lua_settop(L, 1);
	if (lua_error_is_quit(L, 1))
		return 1;
	lua_compat_traceback(L, L, "", 1);
	trace = lua_tolstring(L, -1, &n);
	keep_trace(lua_pdk_request(), trace, n);
	lua_settop(L, 1);
	push_message(L);
	return 1;
}

/* Message handler while a plugin loads: both in one text. */
static int on_load_error(lua_State *L)
{
	lua_settop(L, 1);
	if (lua_error_is_quit(L, 1))
		return 1;
	push_message(L);
	lua_compat_traceback(L, L, lua_tostring(L, -1), 1);
	return 1;
}

void lua_error_open(struct lua_plugin *p)
{
	lua_pushcfunction(p->L, on_event_error);
	p->event_error_ref = luaL_ref(p->L, LUA_REGISTRYINDEX);
	lua_pushcfunction(p->L, on_load_error);
	p->load_error_ref = luaL_ref(p->L, LUA_REGISTRYINDEX);
}

int lua_error_take(lua_State *L, int status, enum err_code code, struct err *err)
{
	const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;

	if (status == LUA_ERRMEM)
		text = "not enough memory for Lua";
	/* Our message handlers raise nothing; LuaJIT just has no stack left to run them. */
	if (status == LUA_ERRERR)
		text = "stack overflow";
	err_set(err, code, "%s", text ? text : "an error without a message");
	lua_pop(L, 1);
	return -(int)code;
}
