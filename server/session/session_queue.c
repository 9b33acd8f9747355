#include "protocol/err.h"
#include "server/reactor.h"
#include "server/session/session_impl.h"

static void append(struct session_queue *queue, struct session *s)
{
	s->is_queued = true;
	s->next_queued = NULL;
	s->prev_queued = queue->end;
	*queue->end = s;
	queue->end = &s->next_queued;
}

void session_unqueue(struct session *s)
{
	if (!s->is_queued)
		return;
	*s->prev_queued = s->next_queued;
	if (s->next_queued != NULL)
		s->next_queued->prev_queued = s->prev_queued;
	else
		s->env->queue.end = s->prev_queued;
	s->is_queued = false;
}

static size_t room(const struct session_queue *queue)
{
	return queue->room(queue->user);
}

bool session_has_to_queue(struct session *s)
{
	struct session_queue *queue = &s->env->queue;

	if (queue->admit == NULL || queue->admitted == s || s->unwanted ||
	    (queue->first == NULL && room(queue) > 0))
		return false;
	append(queue, s);
	reactor_later_start(queue->admit);
	return true;
}

static void admit(struct session_queue *queue, struct session *s)
{
	session_unqueue(s);
	queue->admitted = s;
	s->held = true;
	session_feed(s);
	s->held = false;
	queue->admitted = NULL;
	session_settle(s);
}

/* At least one: those under way may wait for something that the next one does. */
static void on_admit(void *user)
{
	struct session_queue *queue = user;
	size_t n = room(queue);

	for (n = n > 0 ? n : 1; queue->first != NULL && n > 0; n--)
		admit(queue, queue->first);
	if (queue->first != NULL)
		reactor_later_start(queue->admit);
}

int session_queue_init(struct session_queue *queue, struct reactor *reactor)
{
	queue->end = &queue->first;
	if (queue->room == NULL)
		return 0;
	queue->admit = reactor_later_create(reactor, on_admit, queue);
	return queue->admit != NULL ? 0 : -E_NOMEM;
}

void session_queue_fini(struct session_queue *queue)
{
	reactor_later_destroy(queue->admit);
	queue->admit = NULL;
}
