/* custody.h - what must outlive a worker: the state of its connections and events, in shared memory.
 *
 * Glossary: the *segment* is a memfd that a worker maps and the supervisor only reads and writes by system
 * calls, since a dying worker may have left anything in it. A *slot* is one connection's place: its state
 * and two *regions* for its buffers. A *commit* replaces a slot's state as a whole: the new one is written
 * beside the old one, then one store makes it hold. *Doubt* stands from before a system call until the
 * commit that notes its effect.
 *
 * The worker's face (custody_*) stores without a system call. The supervisor's (custody_file.h) trusts
 * nothing. ADR 10 has the whole; custody_layout.h has the bytes. */
#ifndef SERVER_CUSTODY_CUSTODY_H
#define SERVER_CUSTODY_CUSTODY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "protocol/buf.h"
#include "server/event/event_record.h"
#include "server/session/session_state.h"

struct err;

struct custody_layout {
	uint32_t slots;
	uint32_t events; /* slots of the table of events: event_slots(max) */
	uint64_t region; /* bytes that each buffer of a slot may have: custody_region_for */
};

enum custody_side {
	CUSTODY_IN,
	CUSTODY_OUT
};

enum custody_doubt {
	CUSTODY_SURE,
	CUSTODY_READING, /* it is not known how much was read behind in_end */
	CUSTODY_SENDING, /* ... how much of `out` was sent */
};

struct custody; /* opaque */

/* Maps the segment `fd` (taken, also on failure). -E_IO, -E_MALFORMED where it isn't what its head says. */
int custody_create(int fd, struct custody **ret_custody, struct err *err);
/* Accepts NULL. The segment stays. */
void custody_destroy(struct custody *c);
const struct custody_layout *custody_layout(const struct custody *c);
/* The state that the supervisor has put into a slot. -E_MALFORMED: no such slot, or it makes no sense. */
int custody_read(const struct custody *c, uint32_t slot, struct session_state *ret);
/* Where a slot's next state is to be written, whole; then custody_commit has it replace the one that holds.
 * From CUSTODY_READING to the next commit at least CUSTODY_MARK_ROOM bytes behind in_end are the reader's,
 * since what is there now is how one knows that nothing was read. */
struct session_state *custody_compose(struct custody *c, uint32_t slot);
void custody_commit(struct custody *c, uint32_t slot, enum custody_doubt doubt);
#define CUSTODY_MARK_ROOM 8

/* What is one number of the state that holds is stored there, since no other number has to go with it.
 *
 * The commit that ends CUSTODY_READING where n bytes were read and nothing else has changed. Who dies when
 * in_end is stored and the doubt not yet taken back leaves a doubt, as before it was. (That doubt is not
 * taken for an empty read's unless the mark of an earlier one lies at the new in_end, and then it is
 * in fact over: the bytes up to there were read.) */
void custody_commit_read(struct custody *c, uint32_t slot, uint64_t n);
/* The same for CUSTODY_SENDING where n bytes were sent: what is in doubt is never sent again. */
void custody_commit_sent(struct custody *c, uint32_t slot, uint64_t n);
/* The call that waits was given that EventId. */
void custody_commit_event(struct custody *c, uint32_t slot, uint64_t event);

/* A buffer's memory, for buf_init. It grows in its place; what it had is given back some time after it is freed. */
struct custody_region {
	struct buf_mem mem; /* user = this region, which therefore stays where it is */
	struct custody *custody;
	size_t size;
	uint32_t slot;
	enum custody_side side;
};
void custody_region_init(struct custody *c, uint32_t slot, enum custody_side side,
			 struct custody_region *region);
/* Gives back what empty buffers have left, and nobody has used since the last call. Call it now and then. */
void custody_trim(struct custody *c);
/* The slot is going to be the supervisor's, who gives back what is left of it (slots.h). */
void custody_forget(struct custody *c, uint32_t slot);
/* Sets `buf`, an empty one in the region, to what lies there already. */
void custody_region_attach(const struct custody_region *region, struct buf *buf, uint64_t start,
			   uint64_t end);

/* The records of events, custody_layout()->events of them, for struct event_options. */
struct event_record *custody_events(struct custody *c);
/* Whose code runs: index of the plugin, event (0 = none), and since when (CLOCK_MONOTONIC seconds).
 * Async-signal-safe. */
void custody_begin_run(struct custody *c, uint32_t plugin, uint64_t event, double since);
void custody_end_run(struct custody *c);
/* What the supervisor may see of the load at any time. */
void custody_count(struct custody *c, size_t connections, size_t events);

#endif
