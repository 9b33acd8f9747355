/* care.h - who answers the gateway in a dead worker's place: by the failure contract (failure.h), and nothing
 * but that. Runs in the supervisor, on sessions whose buffers lie on the heap. */
#ifndef SERVER_SUPERVISOR_CARE_H
#define SERVER_SUPERVISOR_CARE_H
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/event/orphan.h"
#include "server/session/session.h"

struct event_table;

struct care {
	struct session_env env;
	struct event_table *ids;     /* for answers that need an EventId; borrowed */
	struct orphan_table orphans; /* events whose worker died */
	struct err why;              /* why no worker serves; for the gateway's log */
	void (*on_end)(void *user, struct session *s);
	void (*on_rest)(void *user); /* a connection may be handed on */
	/* An event's call is answered; `record` of the event, NULL = not known. */
	void (*on_answer)(void *user, const struct msg *call, const struct event_record *record);
	void *user;
};

/* `care` has what is borrowed. -E_NOMEM. */
int care_init(struct care *care, struct reactor *reactor, const struct config *config,
	      int64_t generation);
void care_fini(struct care *care);
/* Remembers an event of a dead worker: its call, or its next step, ends as its phase wants it. */
void care_remember(struct care *care, const struct event_record *record);

#endif
