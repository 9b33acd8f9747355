/* worker.h - what serves connections: plugins, instances, events, and the loop's clock for them.
 *
 * A worker is given connections; it knows neither where they were accepted nor who else serves. Parts:
 *   dispatch.h  a call of the gateway to the function that serves it
 *   turn.h      an event's handler: begun, resumed, suspended, ended
 *   failure.h   what the gateway gets when an event, or a call, can't be served
 * To serve another call of the gateway, add a row to rpc.def. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H
#include "pdk-bridge/fiber.h"
#include "plugins/instance.h"
#include "plugins/loop.h"
#include "server/config.h"
#include "server/deadline.h"
#include "server/event.h"
#include "server/session.h"
#include "server/session_table.h"

struct reactor;
struct reactor_timer;

/* A plugin that is served. */
struct served {
	struct plugin *plugin; /* owned */
	const struct plugin_settings *settings;
	struct worker *worker;
	uint32_t index;
	bool is_ready;    /* init_worker has run */
	double loaded_at; /* seconds since 1970 */
	/* Deadlines of its events, by what they wait for; each list has one span. */
	struct deadline_list turns, steps, slow_steps;
};

struct worker {
	const struct config *config;
	struct reactor *reactor;
	struct loop loop; /* the reactor, for plugins */
	struct served *served;
	size_t served_count;
	struct instance_table *instances;
	struct event_table *events;
	struct session_table sessions;
	struct session_env session_env;
	struct fiber_pool fibers;
	struct pdk_constants *constants; /* answers that hold for a gateway process */
	struct deadline_clock clock;
	struct reactor_timer *sweep;
};

struct worker_options {
	struct reactor *reactor;     /* borrowed */
	const struct config *config; /* borrowed */
	int64_t generation;          /* of the registry */
	unsigned owner;              /* of the EventIds; below EVENT_OWNERS */
	/* As in instance.h and event.h; NULL in tests. */
	int (*reserve_instances)(void *user, uint32_t *ret_first, uint32_t *ret_end,
				 struct err *err);
	int (*reserve_events)(void *user, uint64_t *ret_first, uint64_t *ret_end, struct err *err);
	void *user;
};

/* Loads the plugins of the configuration. Returns owned in *ret_worker. One per process.
 * -E_NOMEM, or as config_load_plugin. */
int worker_create(const struct worker_options *options, struct worker **ret_worker,
		  struct err *err);
/* Ends every event and connection, so that the gateway fails closed where it waits. Accepts NULL. */
void worker_destroy(struct worker *w);

/* How a connection is to be treated. */
enum worker_welcome {
	WORKER_SERVE,
	WORKER_REFUSE, /* ends it so that the gateway fails closed */
};

/* Takes a connection (non-blocking). `on_error` is what it gets for events that are not known here. */
void worker_adopt(struct worker *w, int fd, enum on_error on_error, enum worker_welcome welcome);
/* Has the gateway let go of the connections that no running event needs: calls then reach a successor. */
void worker_retire(struct worker *w);
size_t worker_connections(const struct worker *w);
size_t worker_events(const struct worker *w);
/* The plugin of that name (n bytes), or NULL. */
struct served *worker_find(struct worker *w, const char *name, size_t n);

#endif
