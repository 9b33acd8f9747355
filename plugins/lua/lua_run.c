/* lua_run.c - running handlers: on a thread of their own, under a message handler. */
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/lua_json.h"
#include "plugins/lua/ngx/ngx_socket.h"

/* One call of the handler for the phase `name`. */
struct call {
	const struct lua_plugin *plugin;
	const char *name;
	int conf_ref;                    /* the argument; LUA_NOREF = none */
	const struct plugin_conf *confs; /* a list of these is the argument, if n > 0 */
	size_t n;
};

/* ---- inside of the protected call ---- */

/* The table that handlers get, where there is one, else what it would be. */
static void push_conf(lua_State *L, const struct call *call, const struct plugin_conf *conf)
{
	const struct lua_completer *completer = &call->plugin->completer;
	const struct lua_instance *instance = conf->live;

	if (instance != NULL)
		lua_rawgeti(L, LUA_REGISTRYINDEX, instance->conf_ref);
	else if (lua_completer_push(L, completer, conf->conf, NULL) != 0)
		lua_json_push(L, conf->conf, completer->array_mt);
}

static void push_confs(lua_State *L, const struct call *call)
{
	lua_newtable(L);
	for (size_t i = 0; i < call->n; i++) {
		push_conf(L, call, &call->confs[i]);
		lua_rawseti(L, -2, (int)i + 1);
	}
}

static int push_argument(lua_State *L, const struct call *call)
{
	if (call->n > 0)
		push_confs(L, call);
	else if (call->conf_ref != LUA_NOREF)
		lua_rawgeti(L, LUA_REGISTRYINDEX, call->conf_ref);
	else
		return 0;
	return 1;
}

static int call_handler(lua_State *L)
{
	const struct call *call = lua_touserdata(L, 1);

	lua_rawgeti(L, LUA_REGISTRYINDEX, call->plugin->run_ref);
	lua_pushstring(L, call->name);
	lua_call(L, 1 + push_argument(L, call), 0);
	lua_pdk_finish(L);
	return 0;
}

/* After a handler that ended by raising. */
static int finish(lua_State *L)
{
	lua_pdk_finish(L);
	return 0;
}

void lua_run_open(struct lua_plugin *p)
{
	lua_pushcfunction(p->L, call_handler);
	p->call_ref = luaL_ref(p->L, LUA_REGISTRYINDEX);
}

/* ---- outside of it: nothing here may raise ---- */

/* A C function that is called with an argument, under a message handler: event_error_ref for events, else
 * load_error_ref. */
struct protected_call {
	int function_ref;
	int on_error;
	void *arg;
};

/* What an event has to tell the gateway is told after an error too, for its later phases, but not by one that was
 * stopped. */
static void finish_failed(lua_State *L, const struct lua_thread *t, int status)
{
	if (status != LUA_ERRRUN || t->interrupted)
		return;
	lua_pushcfunction(L, finish);
	if (lua_pcall(L, 0, 0, 0) != LUA_OK)
		lua_pop(L, 1);
}

static int run_call(struct lua_thread *t, const struct protected_call *call, struct err *err)
{
	lua_State *L = t->L;
	int status, rc = 0;

	lua_rawgeti(L, LUA_REGISTRYINDEX, call->on_error);
	lua_rawgeti(L, LUA_REGISTRYINDEX, call->function_ref);
	lua_pushlightuserdata(L, call->arg);
	lua_pdk_set_running(L);
	status = lua_pcall(L, 1, 0, 1);
	if (status != LUA_OK && lua_error_is_quit(L, -1)) {
		lua_pop(L, 1);
		lua_pushcfunction(L, finish);
		status = lua_pcall(L, 0, 0, 1);
	}
	if (status != LUA_OK) {
		rc = lua_error_take(L, status, E_HANDLER, err);
		finish_failed(L, t, status);
	}
	lua_pdk_set_running(NULL);
	t->ended = true;
	return rc;
}

int lua_run_phase(struct plugin *plugin, void *live, struct pdk_rq *rq, struct err *err)
{
	struct lua_plugin *p = plugin->impl;
	const struct lua_instance *instance = live;
	struct call call = {p, phase_name(rq->phase), instance->conf_ref, NULL, 0};
	struct lua_thread *t = lua_thread_take(p);

	if (t == NULL)
		return err_set(err, E_NOMEM, "no memory for a Lua thread");
	t->phase = rq->phase;
	t->rq = rq;
	rq->runtime = t;
	return run_call(t, &(struct protected_call){p->call_ref, p->event_error_ref, &call}, err);
}

int lua_run_protected(struct lua_thread *t, int n, struct err *err)
{
	lua_State *L = t->L;
	int status, rc = 0;

	lua_rawgeti(L, LUA_REGISTRYINDEX, t->plugin->load_error_ref);
	lua_insert(L, 1);
	lua_pdk_set_running(L);
	status = lua_pcall(L, n, 0, 1);
	lua_pdk_set_running(NULL);
	if (status != LUA_OK && !lua_error_is_quit(L, -1))
		rc = lua_error_take(L, status, E_HANDLER, err);
	t->ended = true;
	return rc;
}

/* So that the code may wait, if it has a fiber. */
static void enter_alone(struct lua_thread *t, struct pdk_rq *rq)
{
	t->phase = PHASE_INIT_WORKER;
	t->rq = rq;
	if (rq != NULL)
		rq->runtime = t;
}

int lua_run_alone(struct lua_plugin *p, int function_ref, void *arg, struct err *err)
{
	struct pdk_rq *rq = lua_pdk_request();
	struct lua_thread *t = lua_thread_take(p);
	int rc;

	if (t == NULL)
		return err_set(err, E_NOMEM, "no memory for a Lua thread");
	enter_alone(t, rq);
	lua_vm_enter(p);
	rc = run_call(t, &(struct protected_call){function_ref, p->load_error_ref, arg}, err);
	if (rq != NULL) {
		ngx_socket_end_all(rq);
		rq->runtime = NULL;
	}
	lua_sethook(t->L, NULL, 0, 0);
	lua_thread_give(t);
	return rc;
}

/* As the gateway does, before there is any conf. */
static void configure_nothing(struct plugin *plugin)
{
	const struct pdk_port *port = plugin->env.port;
	struct err err;

	err_clear(&err);
	if (!plugin->info.configures || lua_run_configure(plugin, NULL, 0, &err) == 0)
		return;
	err_prefix(&err, -E_PLUGIN, "configure of plugin '%s'", plugin->name);
	if (port != NULL && port->log != NULL)
		port->log(NULL, LOG_LEVEL_ERR, err.text, strlen(err.text));
}

int lua_run_init_worker(struct plugin *plugin, struct err *err)
{
	struct lua_plugin *p = plugin->impl;
	struct call call = {p, "init_worker", LUA_NOREF, NULL, 0};
	int rc = lua_run_alone(p, p->call_ref, &call, err);
	struct call end = {p, rc == 0 ? "init_worker:done" : "init_worker:failed", LUA_NOREF, NULL,
			   0};

	if (lua_run_alone(p, p->call_ref, &end, rc == 0 ? err : NULL) != 0 || rc != 0)
		return err_prefix(err, -E_PLUGIN, "init_worker of plugin '%s'", plugin->name);
	configure_nothing(plugin);
	return 0;
}

int lua_run_configure(struct plugin *plugin, const struct plugin_conf *confs, size_t n,
		      struct err *err)
{
	struct lua_plugin *p = plugin->impl;
	struct call call = {p, "configure", LUA_NOREF, confs, n};

	return lua_run_alone(p, p->call_ref, &call, err);
}
