/* failure.h - what the gateway gets when an event fails: the failure contract.
 *
 * The gateway takes an error of a plugin server for "go on": a plugin that fails would be bypassed. So with
 * on_error = closed, its default, an event that fails ends by the PDK call kong.response.exit, before it
 * one kong.log.err that says why; in the log phase, where there is nothing to refuse, the event ends as
 * if nothing had been. With on_error = open the gateway gets an error, which it logs. */
#ifndef SERVER_EVENT_FAILURE_H
#define SERVER_EVENT_FAILURE_H
#include "server/event/event.h"

struct msg;
struct session;
struct worker;

enum failure_status {
	FAILURE_ERROR = 500,       /* the plugin, or the call, is at fault */
	FAILURE_UNAVAILABLE = 503, /* too late, too much, or nobody knows any more */
};

/* Ends an event whose gateway waits for us. Says it in our log, with `reason` and, if not NULL, `trace`. */
void failure_begin(struct event *event, enum failure_status status, const char *reason,
		   const char *trace);
/* The gateway has logged why (state FAILING): the end. */
void failure_finish(struct event *event, const struct session *s, const struct msg *step);
/* How a call is refused that is no event, or none that is known here. */
struct refusal {
	enum failure_status status;
	enum on_error on_error;
	bool is_log;        /* it is known to be of the log phase */
	const char *reason; /* what the gateway logs where it is told an error */
};
/* Refuses it. Says nothing in our log. */
void failure_refuse(struct worker *w, struct session *s, const struct msg *call,
		    const struct refusal *refusal);
/* The same without a worker: `event` is what a call that names no event is answered for (event_burn_id). */
void failure_refuse_as(struct session *s, const struct msg *call, const struct refusal *refusal,
		       uint64_t event);
/* Changes words that the gateway looks for in error texts ("no plugin instance", "closed"), in place. */
void failure_sanitise(char *text);

#endif
