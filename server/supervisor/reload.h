/* reload.h - new workers with new code and settings, seated only when all of them can serve.
 *
 * The plugins that are served, their sockets and which of them share a process stay what they are: another set
 * needs other lines in kong.conf, and with them a server that takes over from this one (leaving.h). */
#ifndef SERVER_SUPERVISOR_RELOAD_H
#define SERVER_SUPERVISOR_RELOAD_H
#include <stdbool.h>
#include "server/config/config.h"
#include "server/supervisor/group.h"
#include "server/supervisor/plan.h"

struct reload {
	bool runs;
	bool again;            /* asked for in the meantime */
	struct config *config; /* owned */
	struct plan plan;
};

/* Where a reload takes place; borrowed. */
struct reload_place {
	struct group *groups;
	const struct config *config; /* that holds now, ... */
	const struct plan *plan;     /* ... and its plan */
};

/* Takes `config`, an owned one, and starts the successors. An error: nothing has begun. */
int reload_begin(struct reload *r, const struct reload_place *place, struct config *config,
		 struct err *err);
/* Whether all successors are ready or have failed. */
bool reload_is_settled(const struct reload *r, const struct reload_place *place);
/* Why it can't be done; 0 = it can. */
int reload_refusal(const struct reload *r, const struct reload_place *place, struct err *err);
/* Drops the successors. */
void reload_cancel(struct reload *r, const struct reload_place *place);

#endif
