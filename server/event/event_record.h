/* event_record.h - what somebody else would need to finish an event: plain data (event.h). */
#ifndef SERVER_EVENT_EVENT_RECORD_H
#define SERVER_EVENT_EVENT_RECORD_H
#include <stdbool.h>
#include <stdint.h>
#include "pdk-bridge/phase.h"
#include "server/config/config.h"

enum event_state {
	EVENT_FREE = 0, /* nobody's, or not written to its end */
	EVENT_RUNNING,  /* our turn: the gateway waits for an answer on `connection` */
	EVENT_WAITING,  /* the gateway's turn: it works on a PDK call of the handler */
	EVENT_FAILING,  /* the gateway's turn: it logs why the event fails; then comes the end */
	EVENT_ENDED,    /* the last word was sent */
};

/* Tables of them begin with a line of the processor's cache: then what each step needs is on one. */
struct event_record {
	uint64_t id;
	enum event_state state; /* written last where a record is made */
	enum phase phase;
	uint64_t connection; /* RUNNING: where the gateway waits */
	uint64_t message_id; /* RUNNING: of the call to be answered */
	double turn_at;      /* when the state was entered, or the handler went on */
	double used;         /* seconds that the gateway has waited for us before this turn */
	double started_at;   /* monotonic seconds */
	uint32_t plugin;     /* index of the plugin that is served */
	uint32_t steps;      /* answers of the gateway so far */
	int64_t instance_id;
	enum on_error on_error;
	int status;         /* FAILING: of the terminal exit */
	uint64_t unused[6]; /* up to the next line but one */
};

_Static_assert(sizeof(struct event_record) == 128, "two lines");

/* Whether the record is one that is not free, and makes sense in that slot of a table of `slots`. */
bool event_record_is_valid(const struct event_record *record, uint64_t slot, uint64_t slots);

#endif
