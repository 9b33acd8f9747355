#include "server/supervisor/care.h"
#include "server/event/dispatch.h"
#include "server/event/event.h"
#include "server/event/failure.h"
#include "server/event/lost.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/session/session_custody.h"

#define LINGER 5.0            /* seconds, as a worker's */
#define ORPHAN_LIFETIME 900.0 /* seconds; a client's body may be what the gateway waits for */

static const struct codec *const codecs[] = {&codec_msgpack, &codec_protobuf, NULL};

void care_remember(struct care *care, const struct event_record *record)
{
	if (orphan_add(&care->orphans, record, reactor_now()) != 0)
		log_event(LOG_LEVEL_WARN, record->id, NULL,
			  "no memory to remember that it died with its worker");
}

static void on_call(void *user, struct session *s, const struct msg *msg)
{
	static struct log_limit limit;
	struct care *care = user;
	struct err why = care->why;
	struct event_record record;
	struct lost lost = {.reason = why.text};

	if (why.text[0] == '\0' || (msg->event_id != 0 && msg->type != MSG_HANDLE_EVENT))
		err_set(&why, E_NO_EVENT, "%s", err_text(E_NO_EVENT));
	failure_sanitise(why.text);
	if (msg->event_id == 0)
		lost.event = event_burn_id(care->ids);
	else if (orphan_take(&care->orphans, msg->event_id, reactor_now(), &record))
		lost.record = &record;
	if (log_is_due(&limit))
		log_event(LOG_LEVEL_WARN, msg->event_id, NULL,
			  "connection %llu is answered as on_error says: %s",
			  (unsigned long long)session_number(s), why.text);
	if (dispatch_may_be_event(msg))
		care->on_answer(care->user, msg, lost.record);
	lost_answer(s, msg, &lost);
}

static void on_bad_call(void *user, struct session *s, const struct msg *msg, int rc,
			const struct err *err)
{
	static struct log_limit limit;

	if (log_is_due(&limit))
		log_line(LOG_LEVEL_WARN, "connection %llu: %s",
			 (unsigned long long)session_number(s), err_message(err, rc));
	on_call(user, s, msg);
}

static void on_end(void *user, struct session *s)
{
	struct care *care = user;

	care->on_end(care->user, s);
}

static void on_rest(void *user, struct session *s)
{
	struct care *care = user;

	(void)s;
	care->on_rest(care->user);
}

int care_init(struct care *care, struct reactor *reactor, const struct config *config,
	      int64_t generation)
{
	care->orphans =
		(struct orphan_table){.max = config->max_events, .lifetime = ORPHAN_LIFETIME};
	care->env = (struct session_env){
		.reactor = reactor,
		.codecs = codecs,
		.limits = config->limits,
		.generation = generation,
		.linger = LINGER,
		.handler = {.on_call = on_call,
			    .on_bad_call = on_bad_call,
			    .on_end = on_end,
			    .on_lost = on_call,
			    .on_rest = on_rest,
			    .user = care},
	};
	return session_env_init(&care->env);
}

void care_fini(struct care *care)
{
	session_env_fini(&care->env);
	orphan_fini(&care->orphans);
}
