/* lua_filter.c - for lualib/outrigger/filters.lua: phases within a phase, and responses as they will be. */
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "pdk-bridge/pdk_render.h"
#include "plugins/lua/lua_impl.h"

static struct pdk_rq *check_request(lua_State *L)
{
	struct pdk_rq *rq = lua_pdk_event();

	if (rq == NULL || rq->runtime == NULL)
		luaL_error(L, "there is no request");
	return rq;
}

/* event_phase(): the phase of the event that runs, as the gateway has it, or nil. */
static int filter_event_phase(lua_State *L)
{
	const struct pdk_rq *rq = lua_pdk_event();
	const struct lua_thread *t = rq ? rq->runtime : NULL;

	if (t == NULL)
		return 0;
	lua_pushstring(L, phase_name(t->phase));
	return 1;
}

/* set_phase(name): what PDK functions and phase() take the phase for from now on. Returns the name before. */
static int filter_set_phase(lua_State *L)
{
	struct pdk_rq *rq = check_request(L);
	size_t n;
	const char *name = luaL_checklstring(L, 1, &n);
	int phase = phase_find(name, n);

	luaL_argcheck(L, phase >= 0, 1, "no such phase");
	lua_pushstring(L, phase_name(rq->phase));
	rq->phase = (enum phase)phase;
	return 1;
}

/* try(fn, ...): calls fn; true, or false and the error, whose traceback the event keeps. */
static int filter_try(lua_State *L)
{
	const struct pdk_rq *rq = check_request(L);
	const struct lua_thread *t = rq->runtime;
	int status;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_rawgeti(L, LUA_REGISTRYINDEX, t->plugin->event_error_ref);
	lua_insert(L, 1);
	status = lua_pcall(L, lua_gettop(L) - 2, 0, 1);
	lua_pushboolean(L, status == LUA_OK);
	if (status == LUA_OK)
		return 1;
	lua_insert(L, -2);
	return 2;
}

/* The arguments 1 to 3 rendered by `render`, pushed. */
static int push_rendered(lua_State *L,
			 int (*render)(struct pdk_rq *rq, struct value argv[3], struct err *err))
{
	struct pdk_rq *rq = check_request(L);
	struct value argv[3] = {{0}};
	struct err err = {0};
	int rc = 0;

	lua_settop(L, 3);
	for (int i = 0; rc == 0 && i < 3; i++)
		rc = lua_value_read(L, i + 1, &rq->arena, &argv[i], &err);
	if (rc == 0)
		rc = render(rq, argv, &err);
	lua_pdk_set_running(L);
	if (rc != 0)
		return lua_compat_raise(L, err_message(&err, rc));
	for (int i = 0; i < 3; i++)
		lua_value_push(L, &argv[i], LUA_NIL_NULL);
	return 3;
}

/* render_exit(status, body, headers): the same with a text for a table. */
static int filter_render_exit(lua_State *L)
{
	return push_rendered(L, pdk_render_exit);
}

/* render_error(status, message, headers): what exit would need to send the same. May suspend. */
static int filter_render_error(lua_State *L)
{
	return push_rendered(L, pdk_render_error);
}

void lua_filter_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"event_phase", filter_event_phase},
		{"set_phase", filter_set_phase},
		{"try", filter_try},
		{"render_exit", filter_render_exit},
		{"render_error", filter_render_error},
		{NULL, NULL},
	};

	luaL_register(L, NULL, functions);
}
