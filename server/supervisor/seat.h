/* seat.h - the place of one of a group's `workers`.
 *
 * Who sits there may die and be followed by another. A *successor* is a worker that a reload starts: it is seated
 * when all of them are ready. The functions are group_child.h's. */
#ifndef SERVER_SUPERVISOR_SEAT_H
#define SERVER_SUPERVISOR_SEAT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/supervisor/restart.h"

#define SEATS_MAX 256 /* what `workers` may be */

struct child;
struct group;
struct reactor_timer;

struct seat {
	struct group *group;
	size_t number;
	struct child *child;         /* NULL = empty */
	struct child *successor;     /* NULL = there is no reload */
	struct reactor_timer *again; /* until it is filled again */
	struct restart restart;
	double again_at; /* when it is to be filled */
	uint64_t restarts;
	double replaced_at; /* when it last got a successor of its own */
	bool has_failed;    /* its first worker, or its successor, could not serve */
};

#endif
