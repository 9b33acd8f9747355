/* event.h - the table of running events.
 *
 * Glossary: the *record* of an event is plain data, all that somebody else would need to finish it: which
 * gateway call waits for it, where, and what happens if it fails (event_record.h). The *event* is what only
 * this process can use: stack, request, instance. Records may lie in memory that outlives it (custody.h).
 * An event is found by its EventId alone; no connection knows it. EventIds are owner | counter, below
 * 2^53, and never used twice. The counter's low bits are the slot in the table. */
#ifndef SERVER_EVENT_EVENT_H
#define SERVER_EVENT_EVENT_H
#include <stdint.h>
#include "pdk-bridge/pdk_call.h"
#include "protocol/err.h"
#include "protocol/lines.h"
#include "server/event/deadline.h"
#include "server/event/event_record.h"

struct codec;
struct instance;
struct served;

/* In the order in which steps need it (protocol/lines.h). */
struct event {
	_Alignas(LINE) struct event_record *record;
	struct served *served;           /* the plugin; borrowed */
	struct instance *instance;       /* held */
	struct deadline deadline;        /* of the state */
	int rc;                          /* what the handler returned */
	_Alignas(LINE) struct pdk_rq rq; /* rq.server is this event */
	struct arena arena;              /* what rq.arena is made of; kept from event to event */
	uint64_t peer;                   /* the process that began it */
	struct event *next_idle;
	struct err err;
};

struct event_options {
	size_t max;                   /* events at once */
	unsigned owner;               /* below EVENT_OWNERS */
	struct event_record *records; /* event_slots(max) of them, zeroed; borrowed; NULL = heap */
	/* Gives a range of counters that nobody has used. NULL: from 1 on (tests). 0 or an error. */
	int (*reserve)(void *user, uint64_t *ret_first, uint64_t *ret_end, struct err *err);
	void *user;
};

#define EVENT_COUNTER_BITS 43
#define EVENT_OWNERS (1U << 10)

struct event_table;

/* The slots of a table for `max` events; a power of two. */
size_t event_slots(size_t max);
/* Returns owned, or NULL on lack of memory. */
struct event_table *event_table_create(const struct event_options *options);
/* Frees the events that still run without ending them: worker.c ends them before. Accepts NULL. */
void event_table_destroy(struct event_table *t);
/* Has ids for events to come, where it can: from then on some can be taken without asking anybody. */
void event_stock(struct event_table *t);
/* Takes a record and an event, both zeroed but for the id, the links between them and the memory that
 * event.arena keeps. The state is FREE until turn_take. `peer` (peer.h) is who it is for: one process can't
 * have all events (shares.h). -E_LIMIT, -E_NOMEM, -E_IO. */
int event_take(struct event_table *t, uint64_t peer, struct event **ret_event, struct err *err);
/* Makes the record free. */
void event_free(struct event_table *t, struct event *event);
/* The event of that id, or NULL. */
struct event *event_find(const struct event_table *t, uint64_t id);
/* An EventId that no event has or will have: for answers that must carry one. */
uint64_t event_burn_id(struct event_table *t);
size_t event_count(const struct event_table *t);
/* Calls fn for each event; fn may free it. */
void event_each(struct event_table *t, void (*fn)(void *user, struct event *), void *user);

#endif
