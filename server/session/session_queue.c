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

	if (queue->room == NULL || s->may_begin || s->unwanted ||
	    (queue->first == NULL && room(queue) > 0))
		return false;
	append(queue, s);
	reactor_later_start(s->env->batch.later);
	return true;
}

static void admit(struct session *s)
{
	session_unqueue(s);
	s->may_begin = true;
	session_batch_put(s, false);
}

/* At least one: those under way may wait for something that the next one does. */
void session_queue_admit(struct session_env *env)
{
	struct session_queue *queue = &env->queue;
	size_t n;

	if (queue->first == NULL)
		return;
	n = room(queue);
	for (n = n > 0 ? n : 1; queue->first != NULL && n > 0; n--)
		admit(queue->first);
	session_batch_run(&env->batch);
	if (queue->first != NULL)
		reactor_later_start(env->batch.later);
}
