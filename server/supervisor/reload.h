/* reload.h - new workers with new code and settings, seated only when all of them can serve.
 *
 * Groups may be added and left out (retired.h). That plugins which were served share another process than before, or
 * leave one, needs a server that takes over from this one (leaving.h). */
#ifndef SERVER_SUPERVISOR_RELOAD_H
#define SERVER_SUPERVISOR_RELOAD_H
#include <stdbool.h>
#include "server/config/config.h"
#include "server/supervisor/group.h"
#include "server/supervisor/plan.h"

struct server_sockets;

struct reload {
	bool runs;
	bool again;            /* asked for in the meantime */
	struct config *config; /* owned */
	struct plan plan;
	struct group *
		*groups; /* of the plan: those that stay, and new ones, which are ours; owned */
	struct group_env env; /* of the new ones */
};

/* Where a reload takes place; borrowed. */
struct reload_place {
	struct group **groups;
	const struct group_env *env; /* with the configuration that holds now, ... */
	const struct plan *plan;     /* ... and its plan */
	struct server_sockets *sockets;
};

/* Takes `config`, an owned one, and starts the successors. An error: nothing has begun. */
int reload_begin(struct reload *r, const struct reload_place *place, struct config *config,
		 struct err *err);
/* Whether all successors are ready or have failed. */
bool reload_is_settled(const struct reload *r);
/* Why it can't be done; 0 = it can. */
int reload_refusal(const struct reload *r, struct err *err);
/* Makes the sockets of the new groups. As server_sockets_add; then some of them are there. */
int reload_listen(const struct reload *r, const struct reload_place *place, struct err *err);
/* Whether it stays. */
bool reload_keeps(const struct reload *r, const struct group *g);
/* Drops the successors, and the new groups with their sockets. */
void reload_cancel(struct reload *r, const struct reload_place *place);

#endif
