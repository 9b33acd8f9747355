#include <sys/socket.h>
#include "protocol/pb.h"
#include "server/reactor.h"
#include "server/session/session_impl.h"

#define UNFINISHED "\x94" /* begins an array of four, as an answer does */

void session_end(struct session *s)
{
	session_unqueue(s);
	s->busy = false;
	s->state = SESSION_GONE;
}

static void on_linger_end(void *user)
{
	struct session *s = user;

	if (s->state == SESSION_OPEN) { /* unwanted, and silent */
		session_abort(s);
		return;
	}
	session_end(s);
	session_settle(s);
}

void session_start_linger(struct session *s)
{
	if (s->timer == NULL)
		s->timer = reactor_timer_create(s->env->reactor, on_linger_end, s);
	if (s->timer != NULL)
		reactor_timer_start(s->timer, s->env->linger, 0);
	else
		session_end(s);
}

static bool is_idle(const struct session *s)
{
	return s->state == SESSION_OPEN && s->greeted && !s->busy && !session_expects_result(s) &&
	       buf_len(&s->in) == 0 && buf_len(&s->out) == 0;
}

void session_expect(struct session *s)
{
	s->expected = true;
}

bool session_has_unread(const struct session *s)
{
	char byte;

	return recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool session_retire(struct session *s, bool may_end)
{
	bool expected = s->expected;

	s->expected = false;
	if (expected || !is_idle(s))
		return false;
	if (session_is_bound(s)) {
		if (!may_end || session_has_unread(s))
			return false;
		session_abort(s);
		return true;
	}
	if (session_tell_generation(s) != 0)
		return false;
	session_flush(s);
	session_settle(s);
	return false;
}

/* Whether the gateway is in an event, or may be: where it is not known whether an event's end was sent. An
 * instance that it starts, or an event that it has just begun, it tries again after a plain end. */
static bool may_be_in_event(const struct session *s)
{
	return s->in_event || (s->doubt == CUSTODY_SENDING &&
			       (s->call_type == MSG_HANDLE_EVENT || s->call_type == MSG_STEP));
}

/* An answer that is being written is finished first. */
static void say_unfinished(struct session *s)
{
	if (session_is_bound(s) && may_be_in_event(s))
		buf_append(&s->out, PB_LAST_WORDS, sizeof(PB_LAST_WORDS) - 1);
	else if (!session_is_bound(s) && buf_len(&s->out) == 0)
		buf_append_str(&s->out, UNFINISHED);
	session_note(s, CUSTODY_SURE);
	session_flush(s);
}

void session_abort(struct session *s)
{
	if (s->state != SESSION_OPEN)
		return;
	session_unqueue(s);
	s->state = SESSION_CLOSING;
	s->busy = false;
	session_start_linger(s);
	say_unfinished(s);
	session_settle(s);
}

void session_turn_away(struct session *s)
{
	s->unwanted = true;
	session_start_linger(s);
}

void session_abandon(struct session *s)
{
	if (s->state == SESSION_OPEN)
		say_unfinished(s);
	session_destroy(s);
}

static void say_now(const struct session *s, const void *bytes, size_t n)
{
	(void)send(s->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* What was answered in the batch that does not come to its end is said. Not over MsgPack:1, where what may follow
 * on it would meet nothing but the end, and the gateway let its request pass. */
void session_abandon_now(const struct session *s)
{
	bool is_unsaid = s->place > 0 && !s->busy;

	if (s->state != SESSION_OPEN)
		return;
	if (session_is_bound(s) && is_unsaid)
		say_now(s, buf_head(&s->out), buf_len(&s->out));
	if (session_is_bound(s) && s->in_event)
		say_now(s, PB_LAST_WORDS, sizeof(PB_LAST_WORDS) - 1);
	else if (!session_is_bound(s) && (is_unsaid || buf_len(&s->out) == 0))
		say_now(s, UNFINISHED, 1);
}
