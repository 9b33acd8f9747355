/* worker.h - what serves connections: plugins, instances, events, and the loop's clock for them.
 *
 * A worker is given connections; it knows neither where they were accepted nor who else serves. Parts:
 *   dispatch.h  a call of the gateway to the function that serves it
 *   turn.h      an event's handler: begun, resumed, suspended, ended
 *   failure.h   what the gateway gets when an event, or a call, can't be served
 * To serve another call of the gateway, add a row to rpc.def. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H
#include <sys/types.h>
#include "pdk-bridge/fiber.h"
#include "plugins/instance.h"
#include "plugins/loop.h"
#include "server/config/config.h"
#include "server/cosocket/cosocket.h"
#include "server/event/deadline.h"
#include "server/event/event.h"
#include "server/event/start.h"
#include "server/session/session.h"
#include "server/session/session_table.h"

struct custody;
struct metrics_plugin;
struct registry;

/* A plugin that is served. */
struct served {
	struct plugin *plugin; /* owned */
	const struct plugin_settings *settings;
	struct worker *worker;
	uint32_t index;
	struct start start;             /* init_worker */
	double loaded_at;               /* seconds since 1970 */
	struct metrics_plugin *metrics; /* borrowed of the worker */
	/* Deadlines of its events, by what they wait for; each list has one span. */
	struct deadline_list turns, steps, slow_steps;
};

struct worker {
	const struct config *config;
	struct reactor *reactor;
	struct loop loop; /* the reactor, for plugins */
	struct cosocket_home cosockets;
	struct served *served;
	size_t served_count;
	struct metrics_plugin *metrics; /* by plugin */
	struct instance_table *instances;
	struct event_table *events;
	struct session_table sessions;
	struct session_env session_env;
	struct fiber_pool fibers;
	struct plugin_home home; /* of the plugins */
	struct deadline_clock clock;
	struct reactor_timer *sweep;
	pid_t server_pid; /* the supervisor's, or ours */
	unsigned owner;
	uint64_t next_owner; /* who must get the connection that was let go; WORKER_ANY_OWNER */
	bool heap_is_large;  /* what large messages took is kept */
	bool owns_metrics, is_alone; /* the latter: nobody answers for us if we die */
	void (*on_connection_end)(void *user, uint32_t slot, bool released);
	void (*on_relief)(void *user);
	void *user;
};

struct worker_options {
	struct reactor *reactor;     /* borrowed */
	const struct config *config; /* borrowed */
	struct registry *registry;   /* of instances; borrowed */
	unsigned owner, seat; /* of the EventIds, below EVENT_OWNERS; of the group's workers */
	/* Where all is noted, with a table of event_slots(max_events); borrowed; NULL = nowhere. */
	struct custody *custody;
	struct dict_set *dicts;          /* shared dictionaries, open; borrowed; NULL = none */
	const struct programs *programs; /* of the plugins; borrowed; NULL = none */
	/* What is counted, zeroed, by plugin of the configuration; borrowed; NULL = memory of its own. */
	struct metrics_plugin *metrics;
	/* The worker has nothing more to do with a connection that came by a slot. May be NULL. */
	void (*on_connection_end)(void *user, uint32_t slot, bool released);
	/* A plugin wants another process in place of ours. NULL = there is none. */
	void (*on_relief)(void *user);
	/* As in instance.h and event.h; NULL in tests. */
	int (*reserve_instances)(void *user, uint32_t *ret_first, uint32_t *ret_end,
				 struct err *err);
	int (*reserve_events)(void *user, uint64_t *ret_first, uint64_t *ret_end, struct err *err);
	void *user;
};

/* Loads the configuration's plugins. *ret_worker is owned; one per process. -E_NOMEM, or as config_load_plugin. */
int worker_create(const struct worker_options *options, struct worker **ret_worker,
		  struct err *err);
/* Ends every event and connection, so that the gateway fails closed where it waits. Accepts NULL. */
void worker_destroy(struct worker *w);

#define WORKER_ANY_OWNER UINT64_MAX
#define WORKER_LINGERERS 256 /* sessions beyond max_connections that are being refused */

/* Plugin code runs, for the event (0 = none), until `deadline`: to the watchdog, and outside. Not nested. */
void worker_begin_run(const struct served *served, uint64_t event, double since, double deadline);
void worker_end_run(const struct worker *w);
void worker_note_load(struct worker *w); /* to who looks from outside */
/* Lets go of the connections that no running event needs, for another worker. */
void worker_release_idle(struct worker *w);
/* Whether the event is another worker's. Then lets go of the connection, with the call that names it. */
bool worker_pass_on(struct worker *w, struct session *s, uint64_t event);
/* Has the gateway let go of the connections that no running event needs, few bound ones at a time. */
void worker_retire(struct worker *w);
/* Tells the plugins that the process is about to end, and whether one still does something by itself. */
void worker_leave(struct worker *w);
bool worker_is_busy(const struct worker *w);
size_t worker_connections(const struct worker *w);
size_t worker_events(const struct worker *w);
/* The plugin of that name (n bytes), or NULL. */
struct served *worker_find(struct worker *w, const char *name, size_t n);
struct served *worker_served(struct worker *w, const struct plugin *plugin);

#endif
