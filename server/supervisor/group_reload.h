/* group_reload.h - successors for all workers of a group: made, waited for, seated or dropped. */
#ifndef SERVER_SUPERVISOR_GROUP_RELOAD_H
#define SERVER_SUPERVISOR_GROUP_RELOAD_H
#include "server/supervisor/group.h"

/* What follows: a group of the same plugins. */
struct group_next {
	const struct config *config;
	const struct plan_group *plan;
};
/* Starts a successor for each seat that the plan has. -E_CONF, -E_IO, -E_NOMEM: none is started. */
int group_prepare(struct group *g, const struct group_next *next, struct err *err);
/* Whether each of them is ready or has failed, ... */
bool group_is_prepared(const struct group *g);
/* ... and whether any has, the first one's reason being in g->failure. */
bool group_is_refused(const struct group *g);
/* Drops them. */
void group_stay(struct group *g);
/* Seats them; who sat there drains, for at most so many seconds. `plan` follows the old one. */
void group_switch(struct group *g, const struct plan_group *plan, double drain_timeout);

/* Whether any of its first workers could not serve. */
bool group_has_failed(const struct group *g);
/* All workers leave, within so many seconds; none follows, and what is not served is answered here. */
void group_leave(struct group *g, double seconds);

/* Starts a successor for one seat, by the settings that hold: it is seated when it is ready, and who sits there
 * drains. Whether that has begun: not in a reload, and not twice within ten seconds. */
bool group_replace(struct group *g, struct seat *seat);
/* It is ready; nothing to be done in a reload. */
void group_replaced(struct group *g, struct seat *seat);

#endif
