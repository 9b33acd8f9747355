/* lua_core.c - the module outrigger.core: what the embedded Lua needs from C. */
#include <unistd.h>
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "plugins/loop.h"
#include "plugins/lua/lua_cjson.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/lua_pack.h"

/* The plugin whose code runs. */
static const struct plugin *plugin_of(lua_State *L)
{
	return lua_vm_plugin(lua_touserdata(L, lua_upvalueindex(1)))->plugin;
}

/* plugin(): the served name of the plugin whose code runs. */
static int core_plugin(lua_State *L)
{
	lua_pushstring(L, plugin_of(L)->name);
	return 1;
}

/* has_read_cache(): whether that plugin has it. */
static int core_has_read_cache(lua_State *L)
{
	lua_pushboolean(L, plugin_of(L)->env.read_cache);
	return 1;
}

/* That of the event or task, also where a light thread of it runs; or NULL. */
static struct pdk_rq *root_request(void)
{
	struct pdk_rq *rq = lua_pdk_request();

	return rq != NULL && rq->root != NULL ? rq->root : rq;
}

/* event(): the table of the event that runs, one for its life, or nil outside of events. */
static int core_event(lua_State *L)
{
	struct pdk_rq *rq = root_request();
	struct lua_thread *t = rq ? rq->runtime : NULL;

	if (t == NULL || rq->phase == PHASE_TIMER || rq->phase == PHASE_INIT_WORKER)
		return 0;
	if (t->event_ref == LUA_NOREF) {
		lua_newtable(L);
		t->event_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, t->event_ref);
	return 1;
}

/* phase(): the phase of the event that runs, or nil. */
static int core_phase(lua_State *L)
{
	const struct pdk_rq *rq = root_request();

	if (rq == NULL)
		return 0;
	lua_pushstring(L, phase_name(rq->phase));
	return 1;
}

/* log(level, ...): as kong.log.*. */
static int core_log(lua_State *L)
{
	lua_Integer level = luaL_checkinteger(L, 1);

	luaL_argcheck(L, level >= LOG_LEVEL_EMERG && level <= LOG_LEVEL_DEBUG, 1, "bad log level");
	lua_log_write(L, &plugin_of(L)->env, (enum log_level)level, 2);
	return 0;
}

/* logs(level): whether lines of that level are written at all. */
static int core_logs(lua_State *L)
{
	lua_pushboolean(L, luaL_checkinteger(L, 1) <= (lua_Integer)plugin_of(L)->env.log_level);
	return 1;
}

/* on_end(fn): calls fn() before the last call to the gateway of an event that has been marked. */
static int core_on_end(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_settop(L, 1);
	lua_pdk_on_end(L);
	return 0;
}

/* mark_end(): the event that runs has something for on_end to do. */
static int core_mark_end(lua_State *L)
{
	struct pdk_rq *rq = root_request();

	(void)L;
	if (rq != NULL)
		rq->has_end = true;
	return 0;
}

/* noted(): what the event has set of the response since the last time, or nil (lua_noted.c). */
static int core_noted(lua_State *L)
{
	lua_noted_push(L, root_request());
	return 1;
}

/* on_delegate(fn): fn(f, ...) calls f(...), of the PDK, for a light thread. */
static int core_on_delegate(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TFUNCTION);
	lua_settop(L, 1);
	lua_pdk_on_delegate(L);
	return 0;
}

static void push_runner(lua_State *L, const struct pdk_rq *rq)
{
	if (rq != NULL && rq->runtime != NULL)
		lua_pushlightuserdata(L, rq->runtime);
	else
		lua_pushnil(L);
}

/* runner(): what runs, an event, a task or a light thread, as a key; and to which event or task it belongs. While
 * they run: keys come again. nil, nil outside. */
static int core_runner(lua_State *L)
{
	push_runner(L, lua_pdk_request());
	push_runner(L, root_request());
	return 2;
}

/* thread(): the Lua thread that runs, as a key for what belongs to it. */
static int core_thread(lua_State *L)
{
	lua_pushthread(L);
	return 1;
}

/* quit(): ends the handler without an error. */
static int core_quit(lua_State *L)
{
	lua_pushlightuserdata(L, (void *)&lua_error_quit);
	return lua_error(L);
}

/* leave(): ends the event where it stands, so that no pcall goes on. In a thread, as quit(). */
static int core_leave(lua_State *L)
{
	struct pdk_rq *rq = lua_pdk_event();

	if (rq == NULL || rq->root != NULL || !lua_compat_may_park(L))
		return core_quit(L);
	lua_pdk_finish(L);
	lua_pdk_set_running(NULL);
	pdk_leave(rq);
}

static int core_pid(lua_State *L)
{
	lua_pushinteger(L, getpid());
	return 1;
}

/* worker(): which of the group's processes this is, from 0; how many there are. */
static int core_worker(lua_State *L)
{
	const struct loop *loop = plugin_of(L)->loop;

	lua_pushinteger(L, loop != NULL ? (lua_Integer)loop->seat : 0);
	lua_pushinteger(L, loop != NULL && loop->seats > 0 ? (lua_Integer)loop->seats : 1);
	return 2;
}

static void push_hostname(lua_State *L)
{
	char name[256] = ""; /* more than HOST_NAME_MAX and its end */

	if (gethostname(name, sizeof(name) - 1) != 0)
		name[0] = '\0';
	lua_pushstring(L, name[0] != '\0' ? name : "localhost");
}

static int open_core(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"event", core_event},
		{"phase", core_phase},
		{"log", core_log},
		{"logs", core_logs},
		{"thread", core_thread},
		{"pid", core_pid},
		{"quit", core_quit},
		{"leave", core_leave},
		{"on_end", core_on_end},
		{"mark_end", core_mark_end},
		{"noted", core_noted},
		{"runner", core_runner},
		{"worker", core_worker},
		{"on_delegate", core_on_delegate},
		{"plugin", core_plugin},
		{"has_read_cache", core_has_read_cache},
		{NULL, NULL},
	};
	struct lua_vm *vm = lua_touserdata(L, lua_upvalueindex(1));

	lua_newtable(L);
	lua_vm_register(vm, L, functions);
	lua_filter_open(L);
	lua_pushlightuserdata(L, NULL);
	lua_setfield(L, -2, "null");
	lua_pushlightuserdata(L, (void *)&lua_error_quit);
	lua_setfield(L, -2, "QUIT");
	lua_pushinteger(L, (lua_Integer)vm->env->kong_version);
	lua_setfield(L, -2, "kong_version");
	push_hostname(L);
	lua_setfield(L, -2, "hostname");
	return 1;
}

void lua_core_open(struct lua_vm *vm)
{
	lua_State *L = vm->L;

	lua_getglobal(L, LUA_LOADLIBNAME);
	lua_getfield(L, -1, "preload");
	lua_pushlightuserdata(L, vm);
	lua_pushcclosure(L, open_core, 1);
	lua_setfield(L, -2, "outrigger.core");
	lua_pushcfunction(L, lua_cjson_open);
	lua_setfield(L, -2, "outrigger.c.json");
	lua_pushcfunction(L, lua_pack_open);
	lua_setfield(L, -2, "outrigger.c.pack");
	lua_pop(L, 2);
}
