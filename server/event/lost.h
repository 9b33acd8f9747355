/* lost.h - the answer to a call whose worker is gone, by the failure contract.
 *
 * Needs no worker: the supervisor gives it, in session_handler.on_lost, and in on_call where no worker will
 * come for a while. */
#ifndef SERVER_EVENT_LOST_H
#define SERVER_EVENT_LOST_H
#include <stdint.h>

struct event_record;
struct msg;
struct session;

struct lost {
	const struct event_record *record; /* of the call's event; NULL = not known */
	uint64_t event;     /* an EventId that nobody has, for a call that has none yet */
	const char *reason; /* for the gateway's log, where an error is its answer */
};

/* Answers it: an event, or a step of one, as the contract says for its phase and on_error (the record's, or
 * else the session's tag); other calls by an error. Says nothing in our log. */
void lost_answer(struct session *s, const struct msg *call, const struct lost *lost);

#endif
