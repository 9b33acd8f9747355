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

struct event_record {
	uint64_t id;
	enum event_state state; /* written last where a record is made */
	enum phase phase;
	enum on_error on_error;
	int status;      /* FAILING: of the terminal exit */
	uint32_t plugin; /* index of the plugin that is served */
	uint32_t steps;  /* answers of the gateway so far */
	int64_t instance_id;
	uint64_t connection; /* RUNNING: where the gateway waits */
	uint64_t message_id; /* RUNNING: of the call to be answered */
	double started_at;   /* monotonic seconds */
	double turn_at;      /* when the state was entered, or the handler went on */
	double used;         /* seconds that the gateway has waited for us before this turn */
};

/* Whether the record is one that is not free, and makes sense in that slot of a table of `slots`. */
bool event_record_is_valid(const struct event_record *record, uint64_t slot, uint64_t slots);

#endif
