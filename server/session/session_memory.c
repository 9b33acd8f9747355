#include "server/session/session_memory.h"
#include "protocol/err.h"
#include "server/session/session_impl.h"

/* One connection may take max_message_size, and all of them together a few times that. Where it is used up,
 * who has most of it gives way: of the process at the other end that has most, the largest call. */

static void enlist(struct session *s)
{
	struct session **list = &s->env->memory.large;

	s->next_large = *list;
	s->prev_large = list;
	if (s->next_large != NULL)
		s->next_large->prev_large = &s->next_large;
	*list = s;
}

static void delist(struct session *s)
{
	*s->prev_large = s->next_large;
	if (s->next_large != NULL)
		s->next_large->prev_large = s->prev_large;
}

void session_set_memory(struct session *s, size_t memory)
{
	struct session_memory *all = &s->env->memory;

	if (memory == s->memory || (memory > 0 && shares_add(&all->shares, s->peer, memory) != 0))
		return;
	if (s->memory > 0)
		shares_remove(&all->shares, s->peer, s->memory);
	all->was_large = true;
	if (s->memory == 0)
		enlist(s);
	else if (memory == 0)
		delist(s);
	all->total += memory - s->memory;
	s->memory = memory;
}

static bool has_more(const struct session *a, const struct session *b)
{
	const struct shares *shares = &a->env->memory.shares;
	size_t one = shares_of(shares, a->peer), other = shares_of(shares, b->peer);

	return one != other ? one > other : a->memory > b->memory;
}

static struct session *find_largest(const struct session_env *env)
{
	struct session *found = NULL;

	for (struct session *s = env->memory.large; s != NULL; s = s->next_large)
		if (s->state == SESSION_OPEN && !s->busy && (found == NULL || has_more(s, found)))
			found = s;
	return found;
}

/* What is known outside holds until it is noted that the connection ends. */
static void give_way(struct session *s)
{
	struct err err;

	err_set(&err, E_LIMIT,
		"calls that are not whole yet take all memory that they may (%d times "
		"max_message_size), and this one %zu bytes of it",
		LIMIT_BUFFERED_MESSAGES, s->memory);
	session_hold(s);
	session_refuse(s, -E_LIMIT, &err);
	buf_consume(&s->in, buf_len(&s->in));
	session_note(s, CUSTODY_SURE);
	session_set_memory(s, 0);
	session_let_go(s);
}

bool session_claim_large(struct session *s, size_t size)
{
	const struct session_env *env = s->env;
	size_t max = env->limits.message_size * LIMIT_BUFFERED_MESSAGES;

	while (env->memory.total + size > max) {
		struct session *largest = find_largest(env);

		if (largest == NULL || largest == s)
			return false;
		give_way(largest);
	}
	return true;
}
