/* custody.h - what must outlive a worker: the state of its connections and events, in shared memory.
 *
 * Glossary: the *segment* is a memfd that a worker maps and the supervisor only reads and writes by system
 * calls, since a dying worker may have left anything in it. A *slot* is one connection's place: its state
 * and two regions for its buffers. A *commit* replaces a slot's state as a whole; one that was interrupted
 * is finished by who reads the slot. *Doubt* stands from before a system call until the commit that notes
 * its effect.
 *
 * The worker's face (custody_*) stores without a system call. The supervisor's (custody_file_*) trusts
 * nothing. ADR 10 has the whole. */
#ifndef SERVER_CUSTODY_H
#define SERVER_CUSTODY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "protocol/buf.h"
#include "server/event.h"

struct err;

/* What a bound connection's gateway is about to send. Zeroed = a call. */
struct session_turn {
	uint64_t event;    /* whose result is awaited */
	uint64_t sequence; /* of the call that began it */
	uint32_t owed;     /* results of void calls, which come before anything else */
	bool asked;        /* then a result for which the event waits */
	bool ended;        /* else, if true, nothing: the last word was a call without result */
};

enum session_wire {
	SESSION_WIRE_UNKNOWN, /* no call has come yet */
	SESSION_WIRE_MSGPACK,
	SESSION_WIRE_PROTOBUF,
};

/* All that one must know to go on with a connection, beside the bytes themselves. Plain data. */
struct session_state {
	uint64_t in_start, in_end;   /* read and not consumed; offsets in the slot's region */
	uint64_t out_start, out_end; /* composed and not sent */
	uint64_t handling;   /* bytes of the call at in_start that is being decoded; 0 = none */
	uint64_t awaited;    /* id of the call that waits, if busy */
	uint64_t call_event; /* EventId that the call named or was given; 0 = none */
	struct session_turn turn;
	uint8_t wire;      /* enum session_wire */
	uint8_t call_type; /* enum msg_type of the call that waits, if busy */
	uint8_t tag;       /* the caller's (on_error of the socket) */
	bool busy;
	bool in_event;
	bool greeted;
	bool is_ending; /* it was aborted: what is in `out` is its last word */
};

struct custody_layout {
	uint32_t slots;
	uint32_t events; /* slots of the table of events; a power of two */
	uint64_t region; /* bytes that each buffer of a slot may have */
};

/* ---- the worker's face ---- */

struct custody; /* opaque */

/* Maps the segment `fd` (taken, also on failure). -E_IO, -E_MALFORMED where its layout is not what its head says. */
int custody_create(int fd, struct custody **ret_custody, struct err *err);
/* Accepts NULL. The segment stays. */
void custody_destroy(struct custody *c);
const struct custody_layout *custody_layout(const struct custody *c);
/* The state that the supervisor has put into a slot. */
void custody_read(const struct custody *c, uint32_t slot, struct session_state *ret);
/* Replaces it, and ends the doubt. */
void custody_commit(struct custody *c, uint32_t slot, const struct session_state *state);
/* From now to the next commit nobody knows what was read or sent. */
void custody_doubt(struct custody *c, uint32_t slot, bool sending);
/* Memory of the slot's two buffers: each grows up to the region in its place, with its content. Borrows. */
struct buf_mem custody_in_mem(struct custody *c, uint32_t slot);
struct buf_mem custody_out_mem(struct custody *c, uint32_t slot);
/* The records of events, for struct event_options. */
struct event_record *custody_events(struct custody *c);
/* Whose code runs: index of the plugin, event (0 = none), and since when. Cheap; async-signal-safe. */
void custody_begin_run(struct custody *c, uint32_t plugin, uint64_t event, double since);
void custody_end_run(struct custody *c);
/* What the supervisor may see of the load at any time. */
void custody_count(struct custody *c, uint32_t connections, uint32_t events);

/* ---- the supervisor's face ---- */

/* Makes a segment. Returns its descriptor in *ret_fd, owned. -E_IO, -E_NOMEM. */
int custody_file_create(const struct custody_layout *layout, int *ret_fd, struct err *err);

/* A connection as a dead worker left it, or as one released it. */
struct custody_find {
	struct session_state state; /* valid: offsets within the region, enums in range */
	bool in_doubt;
	bool sending;       /* in doubt: of what was sent; else of what was read */
	struct buf in, out; /* its bytes, on the heap; in_start etc. are 0 and the lengths */
};
/* 0, -E_MALFORMED (the slot makes no sense), -E_IO, -E_NOMEM. */
int custody_file_read(int fd, const struct custody_layout *layout, uint32_t slot,
		      struct custody_find *ret);
void custody_find_fini(struct custody_find *find);
/* Puts a connection into a slot that nobody uses. */
int custody_file_write(int fd, const struct custody_layout *layout, uint32_t slot,
		       const struct session_state *state, const struct buf *in,
		       const struct buf *out);
/* Empties a slot, its pages given back. */
int custody_file_clear(int fd, const struct custody_layout *layout, uint32_t slot);
/* The event record that a slot waits for, or of that id. False where there is none, or it makes no sense. */
bool custody_file_find_event(int fd, const struct custody_layout *layout, uint64_t id,
			     struct event_record *ret);
/* All records that are not free. Returns an owned array in *ret and its length, or an error. */
int custody_file_events(int fd, const struct custody_layout *layout, struct event_record **ret,
			size_t *ret_count);

struct custody_load {
	uint32_t connections, events;
	bool runs; /* plugin code runs, ... */
	uint32_t plugin;
	uint64_t event;
	double since;
};
int custody_file_load(int fd, struct custody_load *ret);

#endif
