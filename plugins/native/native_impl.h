/* native_impl.h - what the files of the native runtime share.
 *
 * Glossary: a *run* (struct outrigger_rq of the public header) is what a plugin's function is given, with
 * memory and hooks that go when it ends: an event, or a *scope*, which is what lives without one (the
 * process, an instance, a set of configurations). */
#ifndef PLUGINS_NATIVE_NATIVE_IMPL_H
#define PLUGINS_NATIVE_NATIVE_IMPL_H
#include <stdarg.h>
#include "pdk-bridge/outrigger.h"
#include "plugins/plugin.h"
#include "protocol/err.h"

struct native_hook {
	void (*fn)(void *arg);
	void *arg;
	struct native_hook *next;
};

struct outrigger_rq {
	struct pdk_rq *rq; /* NULL: it has ended */
	struct plugin *plugin;
	struct arena *arena;        /* rq's */
	struct native_hook *hooks;  /* newest first */
	struct outrigger_rq *owner; /* whose timers it starts */
	struct native_timer *timers;
	const char *phase;
	const json_t *conf;
	void *instance; /* what instance_start left */
	struct err err;
};

/* The live object of one conf is one of these. Zeroed = it has ended. */
struct native_scope {
	struct outrigger_rq run;
	struct pdk_rq rq; /* of no event */
	json_t *conf;     /* held, completed: the instance's, or an array of all; or NULL */
};

/* plugin->impl */
struct native_plugin {
	const char *name;                /* borrowed */
	void *handle;                    /* of dlopen */
	struct native_plugin *next;      /* of those that have one */
	struct outrigger_plugin api;     /* a copy: an older plugin's may be shorter */
	struct native_scope process;     /* what init made */
	struct native_scope *configured; /* what configure made of the latest confs; or NULL */
	struct native_timer *timers;     /* by id */
	uint64_t last_timer;
	bool initialised;
	bool is_split;             /* as asked for (struct plugin_spec) */
	struct lua_schema *schema; /* owned */
};

/* native_load.c */
int native_find(const struct plugin_spec *spec, struct err *err);
int native_load(struct plugin *plugin, const struct plugin_spec *spec, struct err *err);
/* An object is there once in a process, whatever the names of its file, and so are its static variables:
 * -E_PLUGIN where it runs as another plugin. */
int native_refuse_twice(const struct native_plugin *p, const char *where, struct err *err);
/* Frees what native_load made; the plugin's own exit is not called. */
void native_unload(struct native_plugin *p);

/* native_run.c */
/* Calls the hooks of a run and lets go of them. */
void native_run_end(struct outrigger_rq *run);
/* `phase` is what the plugin is told; not copied. `conf` is held; may be NULL. */
void native_scope_init(struct native_scope *scope, struct plugin *plugin, const char *phase,
		       const json_t *conf);
/* Calls its hooks, frees its memory. */
void native_scope_fini(struct native_scope *scope);
/* What a plugin's function returned as an error of ours: 0, or -code with the run's text in err. */
int native_run_result(const struct outrigger_rq *run, int returned, enum err_code code,
		      struct err *err);

/* native_timer.c */
/* Stops what the run owns. */
void native_timer_stop_all(struct outrigger_rq *owner);

/* native_call.c */
/* Whether the run has not ended and the function does without a gateway, or one waits and we are on the
 * run's fiber. */
bool native_call_is_possible(const struct outrigger_rq *run, const struct pdk_fn *fn);

/* The public status that stands for 0 or -E_x. */
int native_status(int rc);

/* native_conf.c */
const struct outrigger_conf *native_conf(const json_t *conf);

#endif
