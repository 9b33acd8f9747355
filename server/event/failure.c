#include "server/event/failure.h"
#include <string.h>
#include <strings.h>
#include "pdk-bridge/pdk_pb.h"
#include "protocol/err.h"
#include "server/event/turn.h"
#include "server/log.h"
#include "server/worker.h"

#define EXIT_CALL "kong.response.exit"
#define LOG_CALL "kong.log.err"
#define EXIT_MESSAGE \
	"An unexpected error occurred" /* the gateway's own, for its own plugins' errors */

static void replace(char *text, const char *word, const char *by)
{
	size_t word_len = strlen(word), by_len = strlen(by);
	char *found;

	while ((found = strcasestr(text, word)) != NULL) {
		for (size_t i = 0; i < by_len; i++)
			found[i] = by[i];
		memmove(found + by_len, found + word_len, strlen(found + word_len) + 1);
	}
}

/* What replaces a word is shorter, and can't make one of the words together with its neighbours. */
void failure_sanitise(char *text)
{
	replace(text, "no plugin instance", "no instance");
	replace(text, "closed", "ended");
}

/* ---- the words of the contract; each returns a message that borrows its parts ---- */

struct exit_call {
	struct value_pair pair;
	struct value args[2];
};

static struct msg make_exit(struct exit_call *parts, enum failure_status status)
{
	parts->pair = (struct value_pair){value_str("message"), value_str(EXIT_MESSAGE)};
	parts->args[0] = value_int(status);
	parts->args[1] = (struct value){.type = VALUE_MAP, .len = 1, .pairs = &parts->pair};
	return (struct msg){
		.type = MSG_PDK_CALL,
		.name = value_str(EXIT_CALL),
		.data = {.type = VALUE_ARRAY, .len = 2, .items = parts->args},
	};
}

static struct msg make_log(struct value *arg)
{
	return (struct msg){
		.type = MSG_PDK_CALL,
		.name = value_str(LOG_CALL),
		.data = {.type = VALUE_ARRAY, .len = 1, .items = arg},
	};
}

/* On a bound connection (protocol/codec.h) calls are messages; `arena` holds them. An argument that can't be
 * one is left out: what counts is the call. */
static void bind_call(struct msg *msg, struct arena *arena, enum msg_follow follow)
{
	const struct pdk_fn *fn = pdk_find(msg->name.s, msg->name.len);
	struct value message = value_nil();

	(void)pdk_pb_encode(arena, fn, msg->data.items, msg->data.len, &message, NULL);
	msg->data = message;
	msg->follow = follow;
}

static struct msg make_error(struct err *text, const char *plugin, const char *reason)
{
	err_set(text, E_HANDLER, "%s%s%s", plugin, plugin[0] != '\0' ? ": " : "", reason);
	failure_sanitise(text->text);
	return (struct msg){.type = MSG_ERROR, .text = value_str(text->text)};
}

/* ---- events ---- */

/* The last word, and the event's end whether or not it could be said. */
static void say_last(struct event *event, struct msg *msg)
{
	struct err err = {""};
	int rc = turn_answer(event, msg, &err);

	if (rc != 0)
		log_event(LOG_LEVEL_WARN, event->record->id, event->served->plugin->name,
			  "the gateway can't be told: %s", err_message(&err, rc));
	turn_end(event);
}

/* Where there are no errors, only the log says why the request goes on. */
static void fail_open(struct event *event, const char *text, const char *reason)
{
	struct value arg = value_str(text != NULL ? text : reason);
	struct msg msg = make_log(&arg), end = {.type = MSG_EVENT_END};
	struct err error_text;

	if (turn_is_bound(event)) {
		bind_call(&msg, &event->rq.arena, MSG_FOLLOW_MORE);
		(void)turn_answer(event, &msg, NULL);
	} else {
		end = make_error(&error_text, event->served->plugin->name, reason);
	}
	say_last(event, &end);
}

static void exit_event(struct event *event)
{
	struct exit_call parts;
	struct msg msg = make_exit(&parts, (enum failure_status)event->record->status);

	if (turn_is_bound(event))
		bind_call(&msg, &event->rq.arena, MSG_FOLLOW_NOTHING);
	say_last(event, &msg);
}

/* Has the gateway log it; the end follows its answer. */
static void explain(struct event *event, const char *text)
{
	struct value arg = value_str(text);
	struct msg msg = make_log(&arg);
	bool bound = turn_is_bound(event);
	int rc;

	if (bound)
		bind_call(&msg, &event->rq.arena, MSG_FOLLOW_MORE);
	rc = turn_answer(event, &msg, NULL);
	if (bound || rc != 0) {
		exit_event(event);
		return;
	}
	turn_give(event, EVENT_FAILING, false);
	turn_let_go(event);
}

static void fail_closed(struct event *event, const char *text)
{
	if (text != NULL && event->rq.env->log_level >= LOG_LEVEL_ERR)
		explain(event, text);
	else
		exit_event(event);
}

void failure_begin(struct event *event, enum failure_status status, const char *reason,
		   const char *trace)
{
	struct event_record *record = event->record;
	const char *plugin = event->served->plugin->name;
	char *text = arena_printf(&event->rq.arena, "[%s] %s failed: %s%s%s", plugin,
				  phase_name(record->phase), reason, trace != NULL ? "\n" : "",
				  trace != NULL ? trace : "");
	struct msg end = {.type = MSG_EVENT_END};

	log_event(LOG_LEVEL_ERR, record->id, plugin, "%s failed: %s%s%s", phase_name(record->phase),
		  reason, trace != NULL ? "\n" : "", trace != NULL ? trace : "");
	record->status = (int)status;
	turn_count(event, event->rc == -E_TIMEOUT ? METRICS_TIMEOUT : METRICS_ERROR);
	if (record->phase == PHASE_LOG) {
		say_last(event, &end);
	} else if (record->on_error == ON_ERROR_OPEN) {
		fail_open(event, text, reason);
	} else {
		fail_closed(event, text);
	}
}

void failure_finish(struct event *event, const struct session *s, const struct msg *step)
{
	turn_take(event, s, step);
	exit_event(event);
}

/* ---- calls that are no event ---- */

void failure_refuse_as(struct session *s, const struct msg *call, const struct refusal *refusal,
		       uint64_t event)
{
	bool bound = codec_is_bound(session_codec(s));
	struct msg msg = {.type = MSG_EVENT_END};
	struct exit_call parts;
	struct err text;

	if (!refusal->is_log && refusal->on_error == ON_ERROR_CLOSED)
		msg = make_exit(&parts, refusal->status);
	else if (!refusal->is_log && !bound)
		msg = make_error(&text, "", refusal->reason);
	if (bound && msg.type == MSG_PDK_CALL)
		bind_call(&msg, session_arena(s), MSG_FOLLOW_NOTHING);
	msg.id = call->id;
	msg.event_id = call->event_id != 0 ? call->event_id : event;
	if (session_answer(s, &msg, NULL) != 0)
		session_abort(s);
}

void failure_refuse(struct worker *w, struct session *s, const struct msg *call,
		    const struct refusal *refusal)
{
	failure_refuse_as(s, call, refusal, call->event_id == 0 ? event_burn_id(w->events) : 0);
}
