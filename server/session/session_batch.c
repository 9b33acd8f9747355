#include "protocol/err.h"
#include "server/reactor.h"
#include "server/session/session_impl.h"

#define WAIT 100e-6 /* seconds */

void session_batch_put(struct session *s, bool reads)
{
	struct session_batch *batch = &s->env->batch;

	if (s->place > 0) {
		s->reads |= reads; /* it is not told again */
		return;
	}
	batch->of[batch->n++] = s;
	s->place = (uint8_t)batch->n;
	s->reads = reads;
	if (batch->n == SESSION_BATCH)
		session_batch_run(batch);
}

void session_batch_add(struct session *s, bool reads)
{
	reactor_later_start(s->env->batch.later);
	session_batch_put(s, reads); /* it may be gone */
}

void session_batch_remove(struct session *s)
{
	if (s->place > 0)
		s->env->batch.of[s->place - 1] = NULL;
	s->place = 0;
}

static void read_all(const struct session_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct session *s = batch->of[i];

		if (s == NULL)
			continue;
		session_hold(s);
		if (s->reads)
			session_read(s);
	}
}

/* Has the time read, if only by who called the handler. */
static void handle(struct session *s)
{
	double before = reactor_now_last();

	if (s == NULL)
		return;
	s->gathers = true;
	session_take_in(s);
	s->gathers = false;
	s->may_begin = false;
	if (s->released) { /* ends before the next one is handled: whom it goes to is known now */
		session_batch_remove(s);
		session_let_go(s);
	}
	if (reactor_now_last() == before)
		(void)reactor_now_exact();
}

static void write_some(const struct session_batch *batch, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		struct session *s = batch->of[i];

		if (s == NULL)
			continue;
		session_batch_remove(s);
		if (buf_len(&s->out) > 0 && s->state != SESSION_GONE) {
			session_flush(s);
			session_feed_on(s);
		}
		session_let_go(s);
	}
}

void session_batch_run(struct session_batch *batch)
{
	size_t written = 0;
	double since;

	read_all(batch);
	since = reactor_now_exact();
	for (size_t i = 0; i < batch->n; i++) {
		handle(batch->of[i]);
		if (i + 1 < batch->n && reactor_now_last() - since < batch->wait)
			continue;
		write_some(batch, written, i + 1);
		written = i + 1;
		since = reactor_now_last();
	}
	batch->n = 0;
}

static void on_later(void *user)
{
	struct session_env *env = user;

	session_batch_run(&env->batch);
	session_queue_admit(env);
}

int session_batch_init(struct session_env *env)
{
	env->batch.wait = WAIT;
	env->batch.later = reactor_later_create(env->reactor, on_later, env);
	return env->batch.later != NULL ? 0 : -E_NOMEM;
}

void session_batch_fini(struct session_env *env)
{
	reactor_later_destroy(env->batch.later);
	env->batch = (struct session_batch){0};
}
