#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "protocol/err.h"
#include "server/custody/custody_file.h"
#include "server/custody/fault.h"
#include "server/reactor.h"
#include "server/session/session_impl.h"

#define READER_TICK 0.001 /* seconds between two looks */

/* ---- what is known outside ---- */

static uint8_t codec_number(const struct session *s)
{
	const struct codec *const *codecs = s->env->codecs;

	for (uint8_t i = 0; codecs[i] != NULL; i++)
		if (codecs[i] == s->codec)
			return (uint8_t)(i + 1);
	return 0;
}

static void save(const struct session *s, struct session_state *ret)
{
	*ret = (struct session_state){
		.in_start = s->in.start + s->taken,
		.in_end = s->in.end,
		.out_start = s->out.start,
		.out_end = s->out.end,
		.handling = s->handling,
		.awaited = s->awaited,
		.call_event = s->call_event,
		.turn = s->turn,
		.codec = codec_number(s),
		.call_type = (uint8_t)s->call_type,
		.call_phase = (uint8_t)(s->call_phase + 1),
		.tag = (uint8_t)s->tag,
		.busy = s->busy,
		.in_event = s->in_event,
		.greeted = s->greeted,
		.is_ending = s->state != SESSION_OPEN,
	};
}

void session_commit(struct session *s, enum custody_doubt doubt)
{
	save(s, custody_compose(s->env->custody, s->slot));
	custody_commit(s->env->custody, s->slot, doubt);
}

void session_note_read(struct session *s, size_t n)
{
	if (s->state == SESSION_GONE)
		session_note(s, CUSTODY_SURE);
	else if (s->has_slot)
		custody_commit_read(s->env->custody, s->slot, n);
}

void session_note_sent(struct session *s, size_t n)
{
	if (s->state == SESSION_GONE)
		session_note(s, CUSTODY_SURE);
	else if (s->has_slot)
		custody_commit_sent(s->env->custody, s->slot, n);
}

void session_note_event(struct session *s, uint64_t event)
{
	s->call_event = event;
	if (s->has_slot)
		custody_commit_event(s->env->custody, s->slot, event);
	FAULT(EVENT_NOTED);
}

/* ---- to go on ---- */

/* All but the bytes. */
static int load(struct session *s, const struct session_state *state)
{
	const struct codec *const *codecs = s->env->codecs;
	uint8_t count = 0;

	while (codecs[count] != NULL)
		count++;
	if (state->codec > count)
		return -E_MALFORMED;
	s->codec = state->codec > 0 ? codecs[state->codec - 1] : NULL;
	s->handling = (size_t)state->handling;
	s->awaited = state->awaited;
	s->call_event = state->call_event;
	if (s->codec != NULL && codec_is_bound(s->codec)) /* whatever the worker's memory says */
		s->turn = state->turn;
	s->call_type = (enum msg_type)state->call_type;
	s->call_phase = state->call_phase - 1;
	s->tag = state->tag;
	s->busy = state->busy;
	s->in_event = state->in_event;
	s->greeted = state->greeted;
	s->state = state->is_ending ? SESSION_CLOSING : SESSION_OPEN;
	s->paused = true;
	s->owes = s->busy || s->handling > 0 || state->is_ending;
	return 0;
}

/* The connection is still somebody's, who has to say on it why it ends. */
static void give_up(struct session *s)
{
	s->released = true;
	session_destroy(s);
}

static void attach(struct session *s, uint32_t slot, const struct session_state *state)
{
	struct custody *custody = s->env->custody;

	custody_region_init(custody, slot, CUSTODY_IN, &s->in_region);
	custody_region_init(custody, slot, CUSTODY_OUT, &s->out_region);
	buf_init(&s->in, &s->in_region.mem);
	buf_init(&s->out, &s->out_region.mem);
	custody_region_attach(&s->in_region, &s->in, state->in_start, state->in_end);
	custody_region_attach(&s->out_region, &s->out, state->out_start, state->out_end);
	s->slot = slot;
	s->has_slot = true;
}

struct session *session_adopt(struct session_env *env, int fd, uint64_t number, uint32_t slot,
			      uint64_t peer)
{
	struct session *s = session_of_peer(env, fd, number, peer);
	struct session_state state;

	if (s == NULL)
		return NULL;
	if (custody_read(env->custody, slot, &state) != 0 || load(s, &state) != 0) {
		give_up(s);
		return NULL;
	}
	attach(s, slot, &state);
	session_count_memory(s);
	session_watch(s);
	FAULT(ADOPTED);
	return s;
}

struct session *session_restore(struct session_env *env, int fd, uint64_t number,
				struct custody_find *find)
{
	struct session *s = session_create(env, fd, number, 0);

	if (s != NULL && load(s, &find->state) != 0) {
		give_up(s);
		s = NULL;
	}
	if (s == NULL) {
		custody_find_fini(find);
		return NULL;
	}
	s->in = find->in;
	s->out = find->out;
	s->doubt = find->doubt;
	s->owes = s->owes || s->doubt != CUSTODY_SURE;
	find->in = find->out = (struct buf){0};
	session_count_memory(s);
	session_watch(s);
	return s;
}

/* Its last word may not have been heard; twice is no harm. What was in doubt must not be sent again. */
static void end_again(struct session *s)
{
	enum session_life state = s->state;

	if (s->doubt == CUSTODY_SENDING)
		buf_consume(&s->out, buf_len(&s->out));
	s->state = SESSION_OPEN;
	if (state == SESSION_OPEN || s->doubt == CUSTODY_SENDING) {
		session_abort(s);
	} else {
		s->state = state;
		session_start_linger(s);
	}
}

static bool is_unread(const struct session *s)
{
	int bytes = 0;

	return ioctl(s->fd, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

static void stop_reader(struct session *s)
{
	reactor_timer_destroy(s->reader);
	s->reader = NULL;
	s->owes = false;
}

static void on_reader(void *user)
{
	struct session *s = user;

	if (session_has_unread(s) || (is_unread(s) && reactor_now() < s->reader_until))
		return;
	stop_reader(s);
	session_hold(s);
	end_again(s);
	session_flush(s);
	session_let_go(s);
}

bool session_was_heard(struct session *s)
{
	if (s->reader == NULL)
		return false;
	stop_reader(s);
	return true;
}

/* An answer may be on its way to the gateway. Over MsgPack:1 a byte that is read together with it is lost, and
 * the next call on the connection would meet nothing but its end, and let its request pass. So what is on its
 * way is read first. */
static bool wait_for_reader(struct session *s)
{
	if (s->reader != NULL)
		return true;
	if (s->doubt != CUSTODY_SENDING || s->state != SESSION_OPEN || session_is_bound(s) ||
	    !is_unread(s))
		return false;
	s->reader = reactor_timer_create(s->env->reactor, on_reader, s);
	if (s->reader == NULL)
		return false;
	s->reader_until = reactor_now() + s->env->linger;
	reactor_timer_start(s->reader, READER_TICK, 1);
	buf_consume(&s->out, buf_len(&s->out));
	s->busy = false;
	return true;
}

static void pay(struct session *s)
{
	if (!s->owes || wait_for_reader(s))
		return;
	s->owes = false;
	if (s->state != SESSION_OPEN || s->doubt != CUSTODY_SURE)
		end_again(s);
	else
		session_feed_lost(s);
}

void session_recover(struct session *s)
{
	session_hold(s);
	pay(s);
	session_flush(s);
	session_let_go(s);
}

void session_go_on(struct session *s)
{
	session_hold(s);
	pay(s);
	s->paused = false;
	session_flush(s);
	session_feed(s);
	session_let_go(s);
}

/* ---- to go on elsewhere ---- */

bool session_may_move(const struct session *s)
{
	return s->state == SESSION_OPEN && !s->busy && !s->owes && !session_expects_result(s);
}

/* The call that is being handed on, as if it had not been looked at. */
static void give_back(struct session *s)
{
	if (s->taken == 0)
		return;
	s->turn.asked = session_is_bound(s) && s->call_type == MSG_STEP;
	s->in_event = s->turn.asked;
	s->busy = false;
	s->taken = 0;
}

void session_release(struct session *s, struct custody_find *ret)
{
	give_back(s);
	session_note(s, CUSTODY_SURE);
	s->has_slot = false;
	FAULT(RELEASE_NOTED);
	if (ret != NULL) {
		*ret = (struct custody_find){.in = s->in, .out = s->out};
		save(s, &ret->state);
		s->in = s->out = (struct buf){0};
	}
	s->released = true;
	session_end(s);
	session_settle(s);
}

bool session_is_released(const struct session *s)
{
	return s->released;
}

bool session_has_slot(const struct session *s, uint32_t *ret_slot)
{
	*ret_slot = s->slot;
	return s->in.mem != NULL;
}
