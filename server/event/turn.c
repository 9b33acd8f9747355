#include "server/event/turn.h"
#include <stdatomic.h>
#include <string.h>
#include "plugins/runtime.h"
#include "protocol/err.h"
#include "server/custody/fault.h"
#include "server/event/failure.h"
#include "server/event/watchdog.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/session/session_custody.h"
#include "server/worker.h"

static struct event *event_of(const struct pdk_rq *rq)
{
	return rq->server;
}

/* ---- records ---- */

static void take_at(struct event *event, const struct session *s, const struct msg *call,
		    double now)
{
	struct event_record *record = event->record;

	deadline_clear(&event->deadline);
	record->connection = session_number(s);
	record->message_id = call->id;
	record->turn_at = now;
	atomic_signal_fence(memory_order_seq_cst); /* the state makes the record valid */
	record->state = EVENT_RUNNING;
	FAULT(RECORD_NOTED);
}

void turn_take(struct event *event, const struct session *s, const struct msg *call)
{
	take_at(event, s, call, reactor_now_exact());
}

/* What has gone by since is the handler's time. Returns now. */
static double use_time(struct event_record *record)
{
	double now = reactor_now_exact();

	record->used += now - record->turn_at;
	record->turn_at = now;
	return now;
}

void turn_give(struct event *event, enum event_state state, bool slow)
{
	struct served *served = event->served;
	struct event_record *record = event->record;
	double now = use_time(record);
	double span = slow ? served->settings->slow_step_timeout : served->settings->step_timeout;

	record->state = state;
	FAULT(TURN_GIVEN);
	deadline_set(&event->deadline, slow ? &served->slow_steps : &served->steps, now + span);
}

/* Where the gateway waits; NULL when it is gone. */
static struct session *session_of(const struct event *event)
{
	return session_table_find(&event->served->worker->sessions, event->record->connection);
}

/* `s` may be NULL. */
static int answer_on(struct session *s, const struct event *event, struct msg *msg, struct err *err)
{
	if (s == NULL)
		return err_set(err, E_CLOSED, "the gateway has gone away");
	msg->id = event->record->message_id;
	msg->event_id = event->record->id;
	return session_answer(s, msg, err);
}

int turn_answer(const struct event *event, struct msg *msg, struct err *err)
{
	return answer_on(session_of(event), event, msg, err);
}

bool turn_is_bound(const struct event *event)
{
	const struct session *s = session_of(event);

	return s != NULL && codec_is_bound(session_codec(s));
}

/* ---- ends ---- */

void turn_count(const struct event *event, enum metrics_outcome outcome)
{
	const struct event_record *record = event->record;
	double now = reactor_now_exact();
	double handler =
		record->used + (record->state == EVENT_RUNNING ? now - record->turn_at : 0);

	metrics_end_event(&event->served->metrics->phases[record->phase], outcome,
			  now - record->started_at, handler);
}

/* The next event uses its memory again. */
static void keep_arena(struct event *event)
{
	event->arena = event->rq.arena;
	arena_reset(&event->arena);
	event->rq.arena = (struct arena){0};
}

/* The plugin's last code for the event runs here, if it has any, which may take its time or crash: what was said
 * for the event goes out before. */
static void end_in_runtime(struct event *event, double now)
{
	struct plugin *plugin = event->served->plugin;
	struct session *s = session_of(event);

	if (s != NULL && event->rq.has_hooks)
		session_flush(s);
	watchdog_begin(plugin, now + event->served->worker->config->stall_timeout);
	plugin->runtime->event_done(plugin, &event->rq);
	watchdog_end();
	if (event->rq.has_hooks)
		(void)reactor_now_exact(); /* for those that wait: reactor_now_last */
}

void turn_let_go(struct event *event)
{
	double now;

	if (event->instance == NULL)
		return;
	now = reactor_now();
	end_in_runtime(event, now);
	fiber_destroy(event->rq.fiber);
	event->rq.fiber = NULL;
	keep_arena(event);
	pdk_rq_fini(&event->rq);
	instance_release(event->instance, now);
	event->instance = NULL;
}

void turn_end(struct event *event)
{
	turn_let_go(event);
	event_free(event->served->worker->events, event);
}

static void end_well(struct event *event)
{
	struct msg msg = {.type = MSG_EVENT_END};
	struct err err;
	int rc;

	err_clear(&err);
	rc = turn_answer(event, &msg, &err);
	if (rc != 0)
		log_event(LOG_LEVEL_INFO, event->record->id, event->served->plugin->name,
			  "%s ended, but nobody waits for it: %s", phase_name(event->record->phase),
			  err_message(&err, rc));
	turn_count(event, METRICS_OK);
	turn_end(event);
}

/* The handler's last call was a terminal one. */
static void end_by_exit(struct event *event)
{
	turn_count(event, METRICS_EXIT);
	turn_end(event);
}

static void end_badly(struct event *event)
{
	enum failure_status status = event->rc == -E_TIMEOUT ? FAILURE_UNAVAILABLE : FAILURE_ERROR;

	failure_begin(event, status, err_message(&event->err, event->rc), event->rq.trace);
}

/* ---- turns ---- */

static double time_left(const struct event *event)
{
	return event->served->settings->event_timeout - event->record->used;
}

/* The handler, which is parked, has ended without a terminal call. */
static bool has_left(const struct event *event)
{
	return event->rq.state == PDK_RQ_ENDED && event->record->state != EVENT_ENDED;
}

/* The handler has come back, or is parked. */
static void settle(struct event *event, bool parked)
{
	struct served *served = event->served;

	if (parked ? has_left(event) : event->rc == 0)
		end_well(event);
	else if (!parked)
		end_badly(event);
	else if (event->record->state == EVENT_ENDED)
		end_by_exit(event);
	else if (event->record->state == EVENT_RUNNING)
		deadline_set(&event->deadline, &served->turns,
			     reactor_now_exact() + time_left(event));
}

static void note_timeout(struct event *event)
{
	event->rc = err_set(&event->err, E_TIMEOUT,
			    "deadline exceeded: the gateway has waited for %gs (event_timeout)",
			    event->served->settings->event_timeout);
}

static void run_handler(void *arg)
{
	struct pdk_rq *rq = arg;
	struct event *event = event_of(rq);
	struct plugin *plugin = event->served->plugin;

	event->rc = plugin->runtime->run(plugin, event->instance->live, rq, &event->err);
}

static void begin_watch(const struct event *event)
{
	const struct event_record *record = event->record;

	double stall_timeout = event->served->worker->config->stall_timeout;
	double left = time_left(event);

	worker_begin_run(event->served, record->id, record->turn_at,
			 record->turn_at + (left < stall_timeout ? left : stall_timeout));
}

/* Why the handler was stopped, where it was. */
static void note_stop(struct event *event)
{
	double run = reactor_now_exact() - event->record->turn_at;
	double stall_timeout = event->served->worker->config->stall_timeout;

	if (run >= time_left(event))
		note_timeout(event);
	else if (run >= stall_timeout)
		event->rc = err_set(&event->err, E_TIMEOUT,
				    "it has run for %gs without a pause (stall_timeout)",
				    stall_timeout);
}

/* The request to stop may have come in an earlier turn, just before the handler parked. */
static void end_watch(struct event *event, bool parked)
{
	struct worker *w = event->served->worker;

	worker_end_run(w);
	if (!parked && event->rc != 0)
		note_stop(event);
	settle(event, parked);
	worker_note_load(w);
}

/* No event could be made of the call. */
static void refuse(struct session *s, const struct msg *call, const struct served *served,
		   enum phase phase, const char *reason)
{
	static struct log_limit limit;

	if (log_is_due(&limit))
		log_event(LOG_LEVEL_ERR, 0, served->plugin->name, "%s is refused: %s",
			  phase_name(phase), reason);
	served->metrics->phases[phase].events[METRICS_REFUSED]++;
	failure_refuse(served->worker, s, call,
		       &(struct refusal){.status = FAILURE_UNAVAILABLE,
					 .on_error = served->settings->on_error,
					 .is_log = phase == PHASE_LOG,
					 .reason = reason});
}

static void fill_record(struct event_record *record, const struct served *served,
			const struct instance *instance, enum phase phase)
{
	record->plugin = served->index;
	record->instance_id = instance->id;
	record->phase = phase;
	record->on_error = served->settings->on_error;
	record->started_at = reactor_now_exact();
}

static void fill_request(struct event *event, uint64_t gateway)
{
	const struct event_record *record = event->record;
	struct pdk_rq *rq = &event->rq;

	pdk_rq_init(rq, &event->served->plugin->env, record->id, record->phase);
	rq->wire = turn_is_bound(event) ? PDK_WIRE_PROTOBUF : PDK_WIRE_MSGPACK;
	event->arena.limit = rq->arena.limit;
	rq->arena = event->arena;
	rq->server = event;
	rq->gateway = gateway;
	rq->fiber = fiber_create(&event->served->worker->fibers, run_handler, rq);
}

void turn_begin(struct session *s, const struct msg *call, struct served *served,
		struct instance *instance, enum phase phase)
{
	struct event *event = NULL;
	struct err err;
	int rc;

	err_clear(&err);
	rc = event_take(served->worker->events, session_peer(s), &event, &err);
	if (rc != 0) {
		refuse(s, call, served, phase, err_message(&err, rc));
		return;
	}
	event->served = served;
	event->instance = instance;
	instance_hold(instance);
	fill_record(event->record, served, instance, phase);
	take_at(event, s, call, event->record->started_at);
	session_note_event(s, event->record->id);
	fill_request(event, session_peer(s));
	if (event->rq.fiber == NULL) {
		failure_begin(event, FAILURE_UNAVAILABLE, "no memory for a stack", NULL);
		return;
	}
	begin_watch(event);
	end_watch(event, fiber_resume(event->rq.fiber));
}

void turn_resume(struct event *event, struct session *s, const struct msg *step)
{
	bool is_error = step->type == MSG_STEP_ERROR;
	double asked_at = event->record->turn_at;

	turn_take(event, s, step);
	metrics_observe(&event->served->metrics->calls[event->rq.waiting_for->id],
			event->record->turn_at - asked_at);
	event->record->steps++;
	begin_watch(event);
	end_watch(event, pdk_rq_deliver(&event->rq, is_error ? &step->text : &step->data,
					is_error ? -E_HANDLER : 0));
}

void turn_continue(struct pdk_rq *rq)
{
	struct event *event = event_of(rq);

	if (event->record->state == EVENT_RUNNING)
		use_time(event->record); /* a wait is a pause, though not one of the deadline's */
	begin_watch(event);
	end_watch(event, fiber_resume(rq->fiber));
}

/* ---- the port ---- */

/* A void call goes on without its result where the protocol lets it. */
static enum msg_follow follow_of(const struct session *s, const struct pdk_fn *fn)
{
	if (fn->flags & PDK_TERMINAL)
		return MSG_FOLLOW_NOTHING;
	if (fn->ret == PDK_VOID && s != NULL && session_may_go_on(s))
		return MSG_FOLLOW_MORE;
	return MSG_FOLLOW_RESULT;
}

/* The gateway waits no longer. */
static void end_last_turn(struct event_record *record)
{
	use_time(record);
	record->state = EVENT_ENDED;
}

int turn_send(struct pdk_rq *rq, const struct pdk_fn *fn, const struct value *argv, size_t argc,
	      struct err *err)
{
	struct event *event = event_of(rq);
	struct session *s = session_of(event);
	struct msg msg = {
		.type = MSG_PDK_CALL,
		.follow = follow_of(s, fn),
		.name = value_str(fn->name),
		.data = {.type = VALUE_ARRAY,
			 .len = (uint32_t)argc,
			 .items = (struct value *)argv}, /* only read */
	};
	int rc;

	if (rq->wire == PDK_WIRE_PROTOBUF)
		msg.data = argv[0];
	if (event->record->state != EVENT_RUNNING)
		return err_set(err, E_CLOSED, "the gateway waits for nothing");
	rc = answer_on(s, event, &msg, err);
	if (rc == 0 && rq->wire == PDK_WIRE_PROTOBUF && !turn_is_bound(event))
		rc = err_set(err, E_CLOSED, "%s: the gateway has gone away", fn->name);
	if (rc != 0)
		return rc;
	if (msg.follow == MSG_FOLLOW_MORE)
		return PDK_SENT_ON;
	if (msg.follow == MSG_FOLLOW_NOTHING)
		end_last_turn(event->record);
	else
		turn_give(event, EVENT_WAITING, (fn->flags & PDK_SLOW) != 0);
	return 0;
}

void turn_log(struct pdk_rq *rq, enum log_level level, const char *text, size_t n)
{
	if (rq == NULL)
		log_text(level, 0, NULL, text, n);
	else
		log_text(level, rq->event_id, rq->env->plugin, text, n);
}

/* ---- deadlines ---- */

static struct event *event_of_deadline(struct deadline *deadline)
{
	return (struct event *)((char *)deadline - offsetof(struct event, deadline));
}

/* The handler waits for something of its own for too long: its stack is given up as it is. */
static void on_turn_expired(struct deadline *deadline)
{
	struct event *event = event_of_deadline(deadline);

	note_timeout(event);
	end_badly(event);
}

/* The gateway will never answer: the call raised there, or the request is gone. */
static void on_step_expired(struct deadline *deadline)
{
	struct event *event = event_of_deadline(deadline);
	const struct event_record *record = event->record;
	const struct pdk_fn *fn = event->rq.waiting_for;
	static struct log_limit limit;

	if (log_is_due(&limit))
		log_event(LOG_LEVEL_WARN, record->id, event->served->plugin->name,
			  "%s is given up: the gateway has not answered %s within %.3gs",
			  phase_name(record->phase),
			  record->state == EVENT_WAITING && fn != NULL ? fn->name : "kong.log.err",
			  reactor_now_exact() - record->turn_at);
	if (record->state == EVENT_WAITING)
		turn_count(event, METRICS_GONE);
	turn_end(event);
}

void turn_lose(struct event *event)
{
	const struct pdk_fn *fn = event->rq.waiting_for;
	static struct log_limit limit;

	if (log_is_due(&limit))
		log_event(LOG_LEVEL_WARN, event->record->id, event->served->plugin->name,
			  "%s is given up: the gateway has gone away in %s",
			  phase_name(event->record->phase), fn != NULL ? fn->name : "a call");
	turn_count(event, METRICS_GONE);
	turn_end(event);
}

void turn_init(struct served *served, struct deadline_clock *clock)
{
	deadline_list_init(&served->turns, clock, on_turn_expired);
	deadline_list_init(&served->steps, clock, on_step_expired);
	deadline_list_init(&served->slow_steps, clock, on_step_expired);
}
