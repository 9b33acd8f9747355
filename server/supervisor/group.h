/* group.h - the plugins that share a process: their workers, and their connections.
 *
 * Parts: child.h one worker, seat.h its place, link.h one connection, care.h answers without a worker,
 * salvage.h what becomes of the connections of a dead one, group_passage.h of those for another server. */
#ifndef SERVER_SUPERVISOR_GROUP_H
#define SERVER_SUPERVISOR_GROUP_H
#include "protocol/err.h"
#include "server/event/event.h"
#include "server/metrics/metrics.h"
#include "server/registry/server_registry.h"
#include "server/supervisor/care.h"
#include "server/supervisor/child.h"
#include "server/supervisor/group_shared.h"
#include "server/supervisor/link.h"
#include "server/supervisor/plan.h"
#include "server/supervisor/seat.h"

struct arena;
struct config;
struct event_table;
struct group_passage;
struct ids_file;
struct peer_memo;
struct reactor_timer;
struct server_socket;
struct status_group;

/* What the groups of a supervisor share; borrowed. */
struct group_env {
	struct reactor *reactor;
	const struct config *config;
	struct ids_file *ids;
	struct event_table *event_ids;
	struct peer_memo *known; /* who has connected */
	unsigned next_owner;
	/* A worker, or a successor, is ready or has failed for the first time. */
	void (*on_settled)(void *user);
	void *user;
};

/* What the workers have said of a plugin. */
struct group_plugin {
	char *dump;          /* owned; NULL = nothing yet */
	char *next_dump;     /* of a reload */
	bool is_announced;   /* what it says there, is ... */
	bool lacks_dump;     /* ... though its file has vanished and can't be written again */
	const char *pending; /* what the gateway's own reload is to tell it; NULL = nothing */
	uint64_t crashes, stalls;
	struct metrics_plugin past; /* what dead workers have counted, and we in their place */
};

struct group {
	struct group_env *env;
	const struct plan_group *plan;
	const struct server_socket **sockets; /* owned; those of its plugins */
	size_t socket_count;
	bool is_new;        /* a reload adds it, and has not ended */
	struct seat *seats; /* room for SEATS_MAX: they stay where they are */
	size_t seat_count;
	size_t next_seats;     /* that a reload fills */
	struct child *leavers; /* that drain */
	struct link_set links;
	struct group_passage *passages; /* the latest first */
	uint64_t next_number;           /* of a link */
	struct care care;
	struct group_plugin *plugins;   /* in the order of plan->plugins */
	struct reactor_timer *patience; /* with connections that nobody reads ... */
	bool waits;                     /* ... which is running */
	struct reactor_timer *tidy;     /* hands on what may be served again */
	bool given_up;                  /* patience is at an end: calls are answered here */
	struct server_registry registry;
	int config_fd, next_config_fd; /* the latter of a reload; -1 = there is none */
	struct group_shared shared, next_shared;
	bool had_owner[EVENT_OWNERS];       /* whom our workers were */
	uint64_t crashes, stalls, answered; /* the latter: calls in place of workers */
	int failure_rc;                     /* of the last worker that could not serve; 0 = none */
	struct err failure;
};

/* `env` and `plan` are borrowed. -E_IO, -E_NOMEM, -E_CONF. */
int group_init(struct group *g, struct group_env *env, const struct plan_group *plan,
	       struct err *err);
/* Ends its connections, as group_end has left them. Accepts a zeroed one. */
void group_fini(struct group *g);
/* Fills all seats. */
void group_start(struct group *g);
/* Whether each seat has a worker that is ready, or had one that failed. */
bool group_is_settled(const struct group *g);
/* Whether any worker is ready. */
bool group_serves(const struct group *g);
/* Takes a connection. `refuse`: so that it fails closed. */
void group_accept(struct group *g, int fd, enum on_error on_error, bool refuse);
/* Offers its instances to successors: its sockets are in place. */
void group_offer(struct group *g);
/* To be called about once a second. */
void group_check_offers(struct group *g);
/* The group listens there. Tells its workers, again when the socket was made anew. */
int group_listen(struct group *g, const struct server_socket *socket);
void group_tell_socket(const struct group *g, const struct server_socket *socket);
size_t group_events(const struct group *g);
/* Says it to all workers. */
void group_say(const struct group *g, unsigned type, uint64_t number);
/* Waits for the end of all workers, until then (monotonic seconds). */
void group_wait(struct group *g, double deadline);
/* Kills who is there still, and answers what workers have left unanswered. Accepts a zeroed one. */
void group_end(struct group *g);
/* Looks whether plugin code runs for too long. */
void group_check_stalls(struct group *g, double now);

/* What is told of it; the rest is in `arena`, or borrowed. -E_NOMEM. */
int group_fill_status(const struct group *g, struct arena *arena, struct status_group *ret);

#endif
