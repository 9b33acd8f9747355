#include "server/event/dispatch.h"
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include "protocol/err.h"
#include "server/event/failure.h"
#include "server/event/start.h"
#include "server/event/turn.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/worker.h"

typedef void (*rpc_function)(struct worker *w, struct session *s, const struct msg *msg);

static const rpc_function by_type[] = {
#define RPC(type, function) [MSG_##type] = function,
#include "server/event/rpc.def"
};

static const struct {
	const char *name;
	rpc_function function;
} by_method[] = {
#define RPC_METHOD(method, function) {method, function},
#include "server/event/rpc.def"
};

/* ---- answers ---- */

static void send_answer(struct session *s, const struct msg *call, struct msg *msg)
{
	struct err err;
	int rc;

	err_clear(&err);
	msg->id = call->id;
	rc = session_answer(s, msg, &err);
	if (rc == 0)
		return;
	log_line(LOG_LEVEL_ERR, "connection %llu: a call can't be answered: %s",
		 (unsigned long long)session_number(s), err_message(&err, rc));
	if (rc == -E_TOO_DEEP)
		dispatch_answer_error(s, call, "%s", err_message(&err, rc));
	else
		session_abort(s);
}

void dispatch_answer(struct session *s, const struct msg *call, struct value data)
{
	struct msg msg = {.type = MSG_RESULT, .data = data};

	send_answer(s, call, &msg);
}

/* A bound connection (protocol/codec.h) has errors for events only. An instance that isn't started must not
 * be answered: the gateway would take what comes for one. */
static bool ends_instead(const struct session *s, const struct msg *call, struct msg *msg)
{
	if (!codec_is_bound(session_codec(s)) || call->type == MSG_HANDLE_EVENT)
		return false;
	msg->type = MSG_RESULT;
	return call->type == MSG_START_INSTANCE;
}

void dispatch_answer_error(struct session *s, const struct msg *call, const char *format, ...)
{
	char text[sizeof(((struct err *)0)->text)];
	struct msg msg = {.type = MSG_ERROR};
	va_list args;

	if (ends_instead(s, call, &msg)) {
		session_abort(s);
		return;
	}

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	msg.text = value_str(text);
	send_answer(s, call, &msg);
}

/* ---- instances ---- */

void dispatch_start_instance(struct worker *w, struct session *s, const struct msg *msg)
{
	struct served *served = worker_find(w, msg->name.s, msg->name.len);
	struct msg answer = {.type = MSG_INSTANCE, .name = msg->name, .number = time(NULL)};
	static struct log_limit unknown, refused;
	struct err err;
	int rc;

	err_clear(&err);
	if (served == NULL) {
		if (log_is_due(&unknown))
			log_line(LOG_LEVEL_ERR,
				 "the gateway asks for plugin '%.*s', which is not served here",
				 (int)msg->name.len, msg->name.s);
		dispatch_answer_error(s, msg, "no plugin '%.*s' is served here", (int)msg->name.len,
				      msg->name.s);
		return;
	}
	rc = start_instance(served, &msg->text, &answer.instance_id, &err);
	if (rc == 0) {
		send_answer(s, msg, &answer);
		return;
	}
	if (log_is_due(&refused))
		log_event(LOG_LEVEL_ERR, 0, served->plugin->name,
			  "an instance can't be started: %s", err_message(&err, rc));
	if (err.text[0] != '\0')
		failure_sanitise(err.text);
	dispatch_answer_error(s, msg, "%s", err_message(&err, rc));
}

void dispatch_close_instance(struct worker *w, struct session *s, const struct msg *msg)
{
	instance_close(w->instances, msg->instance_id, reactor_now());
	dispatch_answer(s, msg, value_str("ok"));
}

/* ---- events ---- */

/* Of an event that can't be traced to a plugin: what the connection's socket says. */
static enum on_error policy_of(const struct session *s)
{
	return (enum on_error)session_tag(s);
}

static void begin_phase(struct session *s, const struct msg *msg, struct served *served,
			struct instance *instance)
{
	int phase = phase_find(msg->name.s, msg->name.len);
	struct msg end = {.type = MSG_EVENT_END};
	static struct log_limit limit;

	if (phase < 0 || !phase_is_external((enum phase)phase)) {
		if (log_is_due(&limit))
			log_event(LOG_LEVEL_ERR, 0, served->plugin->name,
				  "there is no phase '%.*s'", (int)msg->name.len, msg->name.s);
		failure_refuse(served->worker, s, msg,
			       &(struct refusal){.status = FAILURE_ERROR,
						 .on_error = served->settings->on_error,
						 .reason = "no such phase"});
	} else if (!(served->plugin->info.phases & PHASE_BIT(phase))) {
		/* The gateway may know an older version, which had it. */
		send_answer(s, msg, &end);
	} else {
		turn_begin(s, msg, served, instance, (enum phase)phase);
	}
}

void dispatch_handle_event(struct worker *w, struct session *s, const struct msg *msg)
{
	static struct log_limit limit;
	struct instance *instance = NULL;
	struct err err;
	int rc;

	err_clear(&err);
	rc = start_find_instance(w, msg->instance_id, &instance, &err);
	if (rc == 0) {
		begin_phase(s, msg, worker_served(w, instance->plugin), instance);
		return;
	}
	if (log_is_due(&limit))
		log_line(rc == -E_NO_INSTANCE ? LOG_LEVEL_NOTICE : LOG_LEVEL_ERR,
			 "%.*s is refused: %s", (int)msg->name.len, msg->name.s,
			 err_message(&err, rc));
	if (rc == -E_NO_INSTANCE)
		/* The gateway knows these words, and starts the instance anew. */
		dispatch_answer_error(s, msg, "%s %lld", err_text(E_NO_INSTANCE),
				      (long long)msg->instance_id);
	else
		failure_refuse(w, s, msg,
			       &(struct refusal){
				       .status = FAILURE_ERROR,
				       .on_error = policy_of(s),
				       .is_log = value_text_is(&msg->name, phase_name(PHASE_LOG)),
				       .reason = err_message(&err, rc)});
}

static void refuse_step(struct worker *w, struct session *s, const struct msg *msg)
{
	static struct log_limit limit;

	if (log_is_due(&limit))
		log_event(LOG_LEVEL_WARN, msg->event_id, NULL,
			  "a step for an event that does not wait for one");
	failure_refuse(w, s, msg,
		       &(struct refusal){.status = FAILURE_UNAVAILABLE,
					 .on_error = policy_of(s),
					 .reason = err_text(E_NO_EVENT)});
}

void dispatch_step(struct worker *w, struct session *s, const struct msg *msg)
{
	struct event *event = event_find(w->events, msg->event_id);

	if (event != NULL && event->record->state == EVENT_WAITING) {
		turn_resume(event, s, msg);
	} else if (event != NULL && event->record->state == EVENT_FAILING) {
		failure_finish(event, s, msg);
	} else if (!worker_pass_on(w, s, msg->event_id)) {
		refuse_step(w, s, msg);
	}
}

/* ---- all calls ---- */

void dispatch_method(struct worker *w, struct session *s, const struct msg *msg)
{
	static struct log_limit limit;

	for (size_t i = 0; i < sizeof(by_method) / sizeof(by_method[0]); i++) {
		if (value_text_is(&msg->method, by_method[i].name)) {
			by_method[i].function(w, s, msg);
			return;
		}
	}
	if (log_is_due(&limit))
		log_line(LOG_LEVEL_WARN, "unknown method '%.*s'", (int)msg->method.len,
			 msg->method.s);
	dispatch_answer_error(s, msg, "no method '%.*s'", (int)msg->method.len, msg->method.s);
}

void dispatch_call(void *user, struct session *s, const struct msg *msg)
{
	size_t type = (size_t)msg->type;

	if (type < sizeof(by_type) / sizeof(by_type[0]) && by_type[type] != NULL)
		by_type[type](user, s, msg);
	else
		dispatch_answer_error(s, msg, "%s", err_text(E_NO_METHOD));
}

bool dispatch_may_be_event(const struct msg *msg)
{
	return msg->type == MSG_HANDLE_EVENT || msg->type == MSG_STEP ||
	       msg->type == MSG_STEP_ERROR ||
	       (msg->type == MSG_OTHER && msg->method.type == VALUE_NIL);
}

void dispatch_bad_call(void *user, struct session *s, const struct msg *msg, int rc,
		       const struct err *err)
{
	static struct log_limit limit;

	if (log_is_due(&limit))
		log_line(LOG_LEVEL_WARN, "connection %llu: %s",
			 (unsigned long long)session_number(s), err_message(err, rc));
	if (dispatch_may_be_event(msg))
		failure_refuse(user, s, msg,
			       &(struct refusal){.status = FAILURE_ERROR,
						 .on_error = policy_of(s),
						 .reason = err_message(err, rc)});
	else
		dispatch_answer_error(s, msg, "%s", err_message(err, rc));
}
