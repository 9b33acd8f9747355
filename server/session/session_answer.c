#include "protocol/err.h"
#include "server/custody/fault.h"
#include "server/session/session_impl.h"

bool session_may_go_on(const struct session *s)
{
	return codec_is_bound(s->codec) && s->turn.owed < LIMIT_OWED &&
	       buf_len(&s->out) < LIMIT_UNSENT;
}

int session_tell_generation(struct session *s)
{
	struct msg hello = {.type = MSG_SERVER_PID, .number = s->env->generation};

	return s->codec->write(&s->out, &hello, NULL);
}

/* Before the first answer on a connection, and in the same write: only then does the gateway read it. */
static int greet(struct session *s)
{
	int rc;

	if (s->greeted)
		return 0;
	rc = session_tell_generation(s);
	s->greeted = rc == 0 || rc == -E_UNSUPPORTED;
	return rc == -E_UNSUPPORTED ? 0 : rc;
}

/* What the answer changes in what comes next. */
static void advance(struct session *s, const struct msg *msg)
{
	struct session_turn *turn = &s->turn;
	bool is_call = msg->type == MSG_PDK_CALL;

	s->busy = is_call && msg->follow == MSG_FOLLOW_MORE && codec_is_bound(s->codec);
	if (!codec_is_bound(s->codec))
		return;
	turn->event = msg->event_id;
	turn->sequence = msg->id;
	turn->owed += s->busy;
	turn->asked = is_call && msg->follow == MSG_FOLLOW_RESULT;
	turn->ended = msg->type == MSG_ERROR || (is_call && msg->follow == MSG_FOLLOW_NOTHING);
	s->in_event = s->busy || turn->asked;
}

int session_answer(struct session *s, const struct msg *msg, struct err *err)
{
	size_t before = buf_len(&s->out);
	bool greeted = s->greeted;
	int rc;

	if (!session_awaits(s, msg->id) || s->state != SESSION_OPEN)
		return err_set(err, E_CLOSED, "the gateway has gone away");
	rc = greet(s);
	if (rc == 0)
		rc = s->codec->write(&s->out, msg, err);
	if (rc != 0) {
		s->greeted = greeted;
		buf_truncate(&s->out, before);
		return rc;
	}
	FAULT(ANSWER_COMPOSED);
	advance(s, msg);
	session_note(s, CUSTODY_SURE);
	FAULT(ANSWER_NOTED);
	if (s->held > 0 || s->busy)
		return 0;
	session_hold(s);
	session_flush(s);
	session_feed(s);
	session_let_go(s);
	return 0;
}
