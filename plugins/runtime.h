/* runtime.h - what loads and runs the plugins of one language.
 *
 * To add a runtime: fill a struct runtime and name it in runtimes.c. */
#ifndef PLUGINS_RUNTIME_H
#define PLUGINS_RUNTIME_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct conf_result;
struct err;
struct pdk_rq;
struct plugin;
struct plugin_conf;
struct plugin_spec;

struct runtime {
	const char *name; /* "lua" */
	/* Whether the plugin's code is found by this runtime: 1, 0 with the paths that were tried in err,
	 * or -E_x. */
	int (*find)(const struct plugin_spec *spec, struct err *err);
	/* Loads code, fills plugin->impl and plugin->info. 0 or -E_PLUGIN with what to do in err. On failure
	 * the caller frees what info holds, and calls unload if impl is set. */
	int (*load)(struct plugin *plugin, const struct plugin_spec *spec, struct err *err);
	/* Sets impl to NULL. */
	void (*unload)(struct plugin *plugin);
	/* Adds a text to `notes` (an array) for each thing in the plugin's files that won't work here, or not well.
	 * NULL: nothing is known. 0 or -E_x. */
	int (*examine)(struct plugin *plugin, json_t *notes, struct err *err);
	/* Runs init_worker, once per process, when it begins to serve. On a fiber, whose argument is a pdk_rq of no
	 * event; may wait, and events that run meanwhile must wait for its end then. */
	int (*init_worker)(struct plugin *plugin, struct err *err);
	/* Completes and validates a conf by the whole schema. 0 and ret->conf; -E_CONF and ret->faults. */
	int (*check_conf)(struct plugin *plugin, const json_t *conf, struct conf_result *ret,
			  struct err *err);
	/* Makes the live object of the completed conf (one object for its life). Must not suspend. *ret_live
	 * is never NULL on success. 0, -E_CONF with each field that is wrong in err, -E_PLUGIN. */
	int (*instance_start)(struct plugin *plugin, const json_t *conf, void **ret_live,
			      struct err *err);
	void (*instance_stop)(struct plugin *plugin, void *live);
	/* Tells the plugin of all its n confs, as their set has changed. For plugins that want it. Must not
	 * suspend. Not while init_worker waits. 0 or -E_x; nothing follows from a failure but a line in the log. */
	int (*configure)(struct plugin *plugin, const struct plugin_conf *confs, size_t n,
			 struct err *err);
	/* Runs the handler of rq->phase. On rq's fiber; may suspend; a terminal PDK call never returns.
	 * 0; -E_HANDLER with the handler's message in err and its traceback in rq->trace. */
	int (*run)(struct plugin *plugin, void *live, struct pdk_rq *rq, struct err *err);
	/* Lets go of what an event that was run held, ended or abandoned. Once for each; on the loop's stack. */
	void (*event_done)(struct plugin *plugin, struct pdk_rq *rq);
	/* The process is about to end: what the plugin does by itself gets to finish. NULL: nothing to do. */
	void (*leave)(struct plugin *plugin);
	/* Whether it still does something by itself. NULL: never. */
	bool (*is_busy)(const struct plugin *plugin);
	/* Asks the code that runs at this moment to stop with an error ("deadline exceeded"); false if that is
	 * no use. Async-signal-safe. May have no effect on code that never leaves a machine-code loop. */
	bool (*interrupt)(struct plugin *plugin);
};

extern const struct runtime runtime_lua, runtime_native, runtime_remote;
/* All runtimes, in the order in which they are asked; NULL is last (runtimes.c). */
extern const struct runtime *const plugin_runtimes[];

#endif
