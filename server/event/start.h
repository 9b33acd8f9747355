/* start.h - starting an instance: the plugin's own code for that, watched, and on a stack of its own. */
#ifndef SERVER_EVENT_START_H
#define SERVER_EVENT_START_H
#include <stdbool.h>
#include <stdint.h>
#include "pdk-bridge/pdk_call.h"
#include "protocol/err.h"

struct instance;
struct plugin;
struct served;
struct value;
struct worker;

/* The run of a plugin's init_worker. All zero before. */
struct start {
	struct pdk_rq rq; /* of no event; initialised while it runs */
	struct plugin *plugin;
	struct err err;
	int rc;
	bool is_running; /* it waits for something; the plugin's events wait for its end (the runtime sees to that) */
	bool is_ready; /* it has run */
};

/* Runs init_worker. What it raises is logged, and it runs again before the first instance. */
void start_plugin(struct served *served);
/* Runs init_worker if it has not yet run, then starts or shares an instance; `conf` is a text of JSON.
 * As instance_start, and as the runtime's init_worker. */
int start_instance(struct served *served, const struct value *conf, int64_t *ret_id,
		   struct err *err);
/* Goes on with an init_worker that has waited; `rq` is that of its struct start. */
void start_continue(struct pdk_rq *rq);
/* Drops one that waits. */
void start_abandon(struct served *served);
/* Code of the plugin's that starts or stops something is about to run, and has run. Between the two it may
 * be called again; the time counts from the first on. */
void start_watch(struct plugin *plugin, bool runs);
/* The instance with its live object, which is made if there is none, watched. As instance_find and
 * instance_revive, and as the runtime's init_worker. */
int start_find_instance(struct worker *w, int64_t id, struct instance **ret_instance,
			struct err *err);

#endif
