#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/phase.h"
#include "protocol/err.h"
#include "server/custody/fault.h"
#include "server/reactor.h"
#include "server/session/session_impl.h"

#define DETECT_SIZE ((size_t)5)         /* bytes that tell the formats apart */
#define UNWANTED_SIZE ((size_t)4 << 10) /* what an unwanted session reads to know its first call */

/* The format that the next call may be of; the first one where it may be of several, which few bytes may. */
static const struct codec *detect(const struct session *s, size_t *ret_count)
{
	const struct codec *found = NULL;

	*ret_count = 0;
	for (const struct codec *const *codec = s->env->codecs; *codec != NULL; codec++) {
		if (!(*codec)->probe(buf_head(&s->in), buf_len(&s->in)))
			continue;
		found = found != NULL ? found : *codec;
		(*ret_count)++;
	}
	return found;
}

/* A message that comes in pieces has a state of its own; else the shared one, which is zero in between,
 * does. 1 and *ret_size, 0 for more bytes needed, or an error. */
static int find_frame(struct session *s, size_t *ret_size, struct err *err)
{
	struct session_env *env = s->env;
	void *scan = s->scan != NULL ? s->scan : env->scan;
	int rc = s->codec->frame(scan, &env->limits, buf_head(&s->in), buf_len(&s->in), ret_size,
				 err);

	if (rc == 0 && s->scan == NULL) {
		s->scan = malloc(env->scan_size);
		if (s->scan == NULL)
			rc = -E_NOMEM;
		else
			memcpy(s->scan, env->scan, env->scan_size);
	}
	if (rc != 0 && s->scan != NULL) {
		free(s->scan);
		s->scan = NULL;
	}
	if (rc <= 0 && scan == env->scan)
		memset(scan, 0, env->scan_size);
	return rc;
}

/* What the process would be asked after its death. */
static void note_call(struct session *s, const struct msg *msg, size_t size)
{
	s->busy = true;
	s->had_turn = true;
	s->awaited = msg->id;
	s->call_type = msg->type;
	s->call_event = msg->event_id;
	s->call_phase = msg->name.type == VALUE_STR ? phase_find(msg->name.s, msg->name.len) : -1;
	s->handling = 0;
	s->taken = size;
	session_note(s, CUSTODY_SURE);
	FAULT(CALL_NOTED);
}

/* A frame that is no call: a result, in the order of the PDK calls. */
static void hand_on_result(struct session *s, size_t size)
{
	const struct session_handler *handler = &s->env->handler;
	struct session_turn *turn = &s->turn;
	struct msg msg = {.id = turn->sequence, .event_id = turn->event};
	struct err err;

	if (turn->owed > 0) {
		turn->owed--;
	} else if (turn->asked) {
		s->codec->read_result(buf_head(&s->in), size, &msg);
		turn->asked = false;
		note_call(s, &msg, size);
		handler->on_call(handler->user, s, &msg);
	} else {
		err_set(&err, E_MALFORMED, "a result of a call that has none");
		session_refuse(s, -E_MALFORMED, &err);
	}
}

bool session_expects_result(const struct session *s)
{
	return s->turn.owed > 0 || s->turn.asked || s->turn.ended;
}

/* What a call is, is known: false where it is not to be handled. */
static bool begin_call(struct session *s, const struct msg *msg, size_t size)
{
	FAULT(FRAME_DECODED);
	s->in_event = msg->type == MSG_HANDLE_EVENT;
	if (s->unwanted) {
		session_abort(s);
		return false;
	}
	note_call(s, msg, size);
	return true;
}

/* The message is noted before it is decoded: whatever a process dies of there, the next one has to answer. */
static void hand_on(struct session *s, size_t size)
{
	const struct session_handler *handler = &s->env->handler;
	struct err err;
	struct msg msg = {.type = MSG_OTHER};
	bool id_known = false;
	int rc;

	err_clear(&err);
	s->handling = size;
	session_note(s, CUSTODY_SURE);
	FAULT(FRAME_NOTED);
	rc = s->codec->read(buf_head(&s->in), size, &s->env->arena, &msg, &id_known, &err);
	s->handling = 0;
	if (rc != 0 && !id_known) {
		session_refuse(s, rc, &err);
		return;
	}
	if (!begin_call(s, &msg, size))
		return;
	if (rc == 0)
		handler->on_call(handler->user, s, &msg);
	else
		handler->on_bad_call(handler->user, s, &msg, rc, &err);
}

static bool may_read_on(const struct session *s)
{
	return s->state == SESSION_OPEN && !s->paused && !s->busy && !s->is_queued &&
	       buf_len(&s->out) == 0 && buf_len(&s->in) > 0;
}

/* Whether the next call is of the last one's format, as nearly always: enough bytes may be of one alone. */
static bool goes_on(const struct session *s)
{
	return s->codec != NULL && buf_len(&s->in) >= DETECT_SIZE &&
	       s->codec->probe(buf_head(&s->in), buf_len(&s->in));
}

/* Makes sure of the next message's format. false where more bytes are needed, or where there is none. */
static bool choose_codec(struct session *s)
{
	const struct codec *found;
	struct err err;
	size_t count;

	if (s->scan != NULL || session_expects_result(s) || goes_on(s))
		return true;
	found = detect(s, &count);
	if (found == NULL) {
		err_set(&err, E_MALFORMED, "its bytes begin no message (0x%02x)",
			*buf_head(&s->in));
		session_refuse(s, -E_MALFORMED, &err);
		return false;
	}
	if ((count > 1 || codec_is_bound(found)) && buf_len(&s->in) < DETECT_SIZE)
		return false;
	s->codec = found;
	return true;
}

static void drop(struct session *s, size_t size)
{
	arena_reset(&s->env->arena);
	if (s->released)
		return; /* its bytes are another's */
	buf_consume(&s->in, size);
	session_count_memory(s);
	s->taken = 0;
}

/* The next message's size; 0 where there is none that is whole. */
static size_t next_frame(struct session *s)
{
	struct err err;
	size_t size = 0;
	int rc;

	err_clear(&err);
	rc = find_frame(s, &size, &err);
	if (rc < 0)
		session_refuse(s, rc, &err);
	return rc > 0 ? size : 0;
}

/* The size of a usual call that is whole, which is then decoded already; 0 for all else. It is not noted
 * before, as a call is that hand_on decodes, since no more is done with its bytes than to find its end. */
static size_t read_quickly(struct session *s, struct msg *ret)
{
	if (s->codec->quick == NULL || s->scan != NULL || session_expects_result(s))
		return 0;
	return s->codec->quick(&s->env->limits, buf_head(&s->in), buf_len(&s->in), ret);
}

/* Hands on one message; false when there is none. */
static bool feed_one(struct session *s)
{
	const struct session_handler *handler = &s->env->handler;
	struct msg call;
	size_t quick, size;

	if (!choose_codec(s))
		return false;
	quick = read_quickly(s, &call);
	size = quick > 0 ? quick : next_frame(s);
	if (size == 0)
		return false;
	if (session_was_heard(s))
		return false; /* a worker may serve it: session_settle */
	if (quick > 0 && call.type == MSG_HANDLE_EVENT && session_has_to_queue(s))
		return false;
	if (session_expects_result(s))
		hand_on_result(s, size);
	else if (quick == 0)
		hand_on(s, size);
	else if (begin_call(s, &call, size))
		handler->on_call(handler->user, s, &call);
	drop(s, size);
	return true;
}

/* Whether how to end is known before the first call is whole: over MsgPack:1 all fail by the same byte, and
 * what is large is no event. */
static bool is_known_to_end(const struct session *s)
{
	return s->unwanted && s->codec != NULL &&
	       (!codec_is_bound(s->codec) || buf_len(&s->in) >= UNWANTED_SIZE);
}

static void on_again(void *user)
{
	struct session *s = user;

	session_hold(s);
	session_feed(s);
	session_let_go(s);
}

/* Whether the next call waits until others had their turn. A gateway never has two on a connection. */
static bool wait_for_turn(struct session *s)
{
	if (!s->env->takes_turns || !s->had_turn)
		return false;
	if (s->again == NULL)
		s->again = reactor_timer_create(s->env->reactor, on_again, s);
	if (s->again == NULL)
		return false;
	reactor_timer_start(s->again, 0, 0);
	s->is_behind = true;
	return true;
}

void session_feed(struct session *s)
{
	s->had_turn = s->is_behind = false;
	session_feed_on(s);
}

void session_feed_on(struct session *s)
{
	while (may_read_on(s) && !wait_for_turn(s) && feed_one(s))
		if (!s->gathers)
			session_flush(s);
	if (s->state == SESSION_OPEN && is_known_to_end(s))
		session_abort(s);
}

/* It may be what killed the process: it is decoded, since one must know whom to answer, and not run. What is no
 * whole frame was not noted by us, but by code that writes where it should not. */
static bool read_lost(struct session *s, struct msg *msg)
{
	size_t size = 0;
	bool is_frame = find_frame(s, &size, NULL) == 1 && size == s->handling;
	bool id_known = false;

	s->handling = 0;
	if (!is_frame)
		return false;
	(void)s->codec->read(buf_head(&s->in), size, &s->env->arena, msg, &id_known, NULL);
	if (!id_known)
		return false;
	s->in_event = msg->type == MSG_HANDLE_EVENT;
	note_call(s, msg, size);
	return true;
}

static struct msg make_lost(const struct session *s)
{
	struct msg msg = {.type = s->call_type, .id = s->awaited, .event_id = s->call_event};

	if (s->call_phase >= 0)
		msg.name = value_str(phase_name((enum phase)s->call_phase));
	return msg;
}

void session_feed_lost(struct session *s)
{
	const struct session_handler *handler = &s->env->handler;
	struct msg msg = {.type = MSG_OTHER};
	bool known = true;

	if (s->handling > 0)
		known = read_lost(s, &msg);
	else
		msg = make_lost(s);
	if (known && handler->on_lost != NULL)
		handler->on_lost(handler->user, s, &msg);
	else
		session_abort(s);
	drop(s, s->taken);
}
