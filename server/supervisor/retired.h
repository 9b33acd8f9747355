/* retired.h - groups that a reload has left out: they serve on for a time that is bounded.
 *
 * A gateway that has not been told yet still calls their plugins, and lets requests pass at a closed door. So they
 * serve on for drain_timeout; then their sockets go, and then they. */
#ifndef SERVER_SUPERVISOR_RETIRED_H
#define SERVER_SUPERVISOR_RETIRED_H
#include <stdbool.h>
#include <stddef.h>
#include "server/supervisor/group.h"
#include "server/supervisor/plan.h"

struct config;
struct server_sockets;

/* Those of one reload. */
struct retired {
	struct retired *next;
	struct config *config; /* by which they serve; owned; NULL = somebody else has it */
	struct plan plan;      /* owned */
	struct group_env env;
	struct group **groups; /* owned */
	size_t count;
	struct server_sockets *sockets; /* borrowed; theirs are among them */
	double until;                   /* monotonic seconds */
	bool is_leaving;                /* their sockets are gone */
};

/* Takes it, of the heap; the groups use its env from now on. */
void retired_add(struct retired **list, struct retired *r);
/* To be called a few times a second: forgets those that have ended. */
void retired_check(struct retired **list, double now);
/* Says it to all workers. */
void retired_say(const struct retired *list, unsigned type, uint64_t number);
/* Ends all now. */
void retired_fini(struct retired **list);

#endif
