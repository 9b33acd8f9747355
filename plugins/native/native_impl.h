/* native_impl.h - what the files of the native runtime share.
 *
 * Glossary: a *run* (struct outrigger_rq of the public header) is what a plugin's function is given: an
 * event, an instance or the process, with memory and hooks that go when it ends. */
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
	struct pdk_rq *rq; /* NULL: no event, or it has ended */
	const struct plugin *plugin;
	struct arena *arena;       /* borrowed: the event's, the instance's, the plugin's */
	struct native_hook *hooks; /* newest first */
	const char *phase;
	const json_t *conf;
	void *instance; /* what instance_start left */
	struct err err;
};

/* The live object of one conf. */
struct native_instance {
	struct outrigger_rq run;
	struct arena arena;
	json_t *conf; /* held */
};

/* plugin->impl */
struct native_plugin {
	void *handle;                /* of dlopen */
	struct outrigger_plugin api; /* a copy: an older plugin's may be shorter */
	struct outrigger_rq run;     /* of init */
	struct arena arena;
	bool initialised;
};

/* native_load.c */
int native_find(const struct plugin_spec *spec, struct err *err);
int native_load(struct plugin *plugin, const struct plugin_spec *spec, struct err *err);
/* Frees what native_load made; the plugin's own exit is not called. */
void native_unload(struct native_plugin *p);

/* native_run.c */
/* Calls the hooks of a run and lets go of them. */
void native_run_end(struct outrigger_rq *run);
/* What a plugin's function returned as an error of ours: 0, or -code with the run's text in err. */
int native_run_result(const struct outrigger_rq *run, int returned, enum err_code code,
		      struct err *err);

/* native_call.c */
/* Whether the run is of the event on whose fiber we are: only then it may call the gateway. */
bool native_call_is_open(const struct outrigger_rq *run);

/* native_conf.c */
const struct outrigger_conf *native_conf(const json_t *conf);

#endif
