/* lua_impl.h - what the files of the Lua runtime share.
 *
 * Glossary: the *main thread* of a plugin's state never runs anything that may suspend; a
 * *thread* here is a Lua thread (coroutine object) on which one event's handler runs. Threads of
 * events that ended are used again; those of abandoned events are let go and collected. */
#ifndef PLUGINS_LUA_LUA_IMPL_H
#define PLUGINS_LUA_LUA_IMPL_H
#include <lua.h>
#include <signal.h>
#include <stdbool.h>
#include "plugins/lua/lua_conf.h"
#include "plugins/lua/lua_task.h"
#include "plugins/lua/lua_vm.h"
#include "plugins/plugin.h"
#include "protocol/err.h"

struct lua_plugin;

/* A Lua thread, and what an event keeps in Lua. While the event runs, rq->runtime is this. */
struct lua_thread {
	lua_State *L;
	int ref;          /* anchors L in the registry */
	int event_ref;    /* the event's own table, made at its first use; or LUA_NOREF */
	bool ended;       /* the handler returned or raised: nothing of it is left on L */
	enum phase phase; /* of the event, as the gateway has it */
	volatile sig_atomic_t interrupted;
	struct pdk_rq *rq;     /* whose code runs on it */
	struct lua_task *task; /* NULL: an event's */
	struct lua_wait *wait; /* what it waits for by itself, or NULL */
	size_t children;       /* light threads that belong to it (lua_task.h) */
	struct lua_plugin *plugin;
	struct lua_thread *next;
};

/* The live object of one conf. */
struct lua_instance {
	int conf_ref; /* one table for its whole life: handlers may write to it or use it as a key */
};

/* plugin->impl */
struct lua_plugin {
	struct lua_vm *vm;
	lua_State *L; /* vm's */
	struct plugin *plugin;
	struct lua_thread *idle;
	size_t idle_count;
	int event_error_ref; /* the message handlers of lua_error.c */
	int load_error_ref;
	int run_ref;   /* run(phase, argument): calls the handler (lualib/outrigger/run.lua) */
	int call_ref;  /* lua_run.c: the C function that calls run_ref */
	int build_ref; /* lua_instance.c: the function that completes a conf */
	struct lua_completer completer;
	struct lua_tasks tasks;
};

/* lua_thread.c: threads that are taken and given back. */
/* NULL on lack of memory. */
struct lua_thread *lua_thread_take(struct lua_plugin *p);
/* Accepts NULL. */
void lua_thread_give(struct lua_thread *t);
void lua_thread_free_idle(struct lua_plugin *p);
/* Asks the handler that runs now to stop. Async-signal-safe. */
void lua_thread_interrupt(void);

/* lua_error.c: errors of any kind to texts. */
/* Makes the message handlers. May raise. */
void lua_error_open(struct lua_plugin *p);
/* The error value on top of L (popped) into err. Returns -code. */
int lua_error_take(lua_State *L, int status, enum err_code code, struct err *err);
/* What a handler raises to end without an error: a light userdata of this address. */
extern const char lua_error_quit;
/* Whether the error value at idx is it. */
bool lua_error_is_quit(lua_State *L, int idx);

/* lua_loader.c: package.path, package.loaders, the embedded modules. May raise. */
void lua_loader_open(lua_State *L, const struct plugin_paths *paths);

/* lua_core.c: the module outrigger.core, the C side of lualib/outrigger. May raise. */
void lua_core_open(struct lua_vm *vm);
/* lua_filter.c: adds to the table on top what header_filter and body_filter need. May raise. */
void lua_filter_open(lua_State *L);

/* lua_load.c: runs handler and schema, fills plugin->info. */
int lua_load_plugin(struct plugin *plugin, const struct plugin_spec *spec, struct err *err);

/* lua_examine.c: as struct runtime's examine. */
int lua_examine(struct plugin *plugin, json_t *notes, struct err *err);

/* lua_instance.c: live objects of confs. */
/* Makes p->build_ref. May raise. */
void lua_instance_open(struct lua_plugin *p);
int lua_instance_start(struct plugin *plugin, const json_t *conf, void **ret_live, struct err *err);
void lua_instance_stop(struct plugin *plugin, void *live);
int lua_instance_check(struct plugin *plugin, const json_t *conf, struct conf_result *ret,
		       struct err *err);

/* lua_run.c: code of the plugin. */
/* Calls the C function that `function_ref` names with `arg`, on a thread of its own that belongs to no
 * event. 0, or -code with the error's text and traceback. */
int lua_run_alone(struct lua_plugin *p, int function_ref, void *arg, struct err *err);
/* Makes p->call_ref. May raise. */
void lua_run_open(struct lua_plugin *p);
/* Calls the function below n arguments, all on top of the thread's stack, under the message handler for loading. 0
 * or -E_HANDLER. On a fiber. */
int lua_run_protected(struct lua_thread *t, int n, struct err *err);
int lua_run_init_worker(struct plugin *plugin, struct err *err);
int lua_run_phase(struct plugin *plugin, void *live, struct pdk_rq *rq, struct err *err);
int lua_run_configure(struct plugin *plugin, const struct plugin_conf *confs, size_t n,
		      struct err *err);

#endif
