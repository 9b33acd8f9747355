/* turn.h - the turns of an event: ours, while its handler runs, and the gateway's, while we wait for a PDK
 * call's answer.
 *
 * Each turn of ours ends with exactly one answer to the call that began it: a PDK call, the end of the
 * event, or what the failure contract says (failure.h). */
#ifndef SERVER_EVENT_TURN_H
#define SERVER_EVENT_TURN_H
#include "pdk-bridge/pdk_call.h"
#include "protocol/msg.h"
#include "server/event/event.h"
#include "server/metrics/metrics.h"

struct session;
struct worker;

/* struct pdk_port's functions. */
int turn_send(struct pdk_rq *rq, const struct pdk_fn *fn, const struct value *argv, size_t argc,
	      struct err *err);
void turn_log(struct pdk_rq *rq, enum log_level level, const char *text, size_t n);

/* A new event: runs the handler of `phase` up to its first wait. `call` is what the gateway called with;
 * it gets its answer, now or later. */
void turn_begin(struct session *s, const struct msg *call, struct served *served,
		struct instance *instance, enum phase phase);
/* The gateway's answer to the event's PDK call: runs the handler on. The event is WAITING. */
void turn_resume(struct event *event, struct session *s, const struct msg *step);
/* What the handler waited for by itself, without the gateway, has come: runs it on. As event_resume in
 * plugins/loop.h. */
void turn_continue(struct pdk_rq *rq);
/* The connection has ended on which the gateway worked for the event, so that no answer will come. */
void turn_lose(struct event *event);
/* Makes the lists of deadlines. */
void turn_init(struct served *served, struct deadline_clock *clock);

/* For failure.h: */
/* Counts how it has ended; once. */
void turn_count(const struct event *event, enum metrics_outcome outcome);
/* Notes that the gateway waits again, on s. */
void turn_take(struct event *event, const struct session *s, const struct msg *call);
/* Notes that the gateway has the turn, for a step that may take long if `slow`. */
void turn_give(struct event *event, enum event_state state, bool slow);
/* Answers the call that waits for the event (msg->id and event_id are filled in). -E_CLOSED, or as the
 * codec's write. */
int turn_answer(const struct event *event, struct msg *msg, struct err *err);
/* Whether the gateway speaks a protocol in which an event is bound to its connection. */
bool turn_is_bound(const struct event *event);
/* Lets go of handler, stack and instance: what is left needs none of them. */
void turn_let_go(struct event *event);
/* The same, and of the event itself. Nothing is said to the gateway. */
void turn_end(struct event *event);

#endif
