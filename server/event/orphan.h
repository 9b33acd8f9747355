/* orphan.h - events that died with their worker while the gateway had the turn.
 *
 * Each of them may yet bring a step, once, to whoever serves its connection now, and then ends as the failure
 * contract says for its phase. Bounded in number and in time. */
#ifndef SERVER_EVENT_ORPHAN_H
#define SERVER_EVENT_ORPHAN_H
#include <stdbool.h>
#include <stddef.h>
#include "server/event/event_record.h"

struct orphan;

/* Zeroed = none, and none allowed. */
struct orphan_table {
	struct orphan *by_id; /* oldest first */
	size_t max;
	double lifetime; /* seconds for which a step may still come */
};

/* Frees them all. */
void orphan_fini(struct orphan_table *t);
/* Takes one in; where there are too many, the oldest is forgotten. `now`: CLOCK_MONOTONIC seconds.
 * 0 or -E_NOMEM. */
int orphan_add(struct orphan_table *t, const struct event_record *record, double now);
/* The event of that id, which is one no longer. False where it is unknown, or too old. */
bool orphan_take(struct orphan_table *t, uint64_t id, double now, struct event_record *ret);
size_t orphan_count(const struct orphan_table *t);

#endif
