/* slots.h - which slots of a worker's custody segment are free.
 *
 * A slot whose connection has ended stays *warm*: its memory is kept for the next connection, which gets the slot
 * that was freed last, so that one that follows another needs no new memory. What nobody has taken when a second is
 * over is given back to the system; what is more than common calls need (custody_file_blank) is so at once. */
#ifndef SERVER_SUPERVISOR_SLOTS_H
#define SERVER_SUPERVISOR_SLOTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/custody/custody.h"

struct reactor;
struct reactor_timer;

struct slots {
	const struct custody_layout *layout; /* borrowed */
	int fd;                              /* the segment; borrowed */
	uint32_t *free;                      /* a stack */
	size_t free_count;
	bool *warm; /* by slot; of free ones */
	struct reactor_timer *cooling;
	bool cools; /* it runs */
};

/* All free. -E_NOMEM; slots_fini in any case. `s` stays where it is. */
int slots_init(struct slots *s, struct reactor *reactor, const struct custody_layout *layout);
/* Accepts a zeroed one. */
void slots_fini(struct slots *s);
/* The one that is next; false where none is free. It is free until slots_take, which takes it. */
bool slots_next(const struct slots *s, uint32_t *ret_slot);
void slots_take(struct slots *s);
/* Blank and free again; `warm` where another connection's is likely to come. */
void slots_free(struct slots *s, uint32_t slot, bool warm);

#endif
