#include "server/session/session_table.h"
#include <stdlib.h>
#include "protocol/err.h"
#include "server/session/session.h"

int session_table_init(struct session_table *t, size_t max)
{
	size_t slots = 64;

	while (slots < max + max / 4)
		slots *= 2;
	*t = (struct session_table){.mask = slots - 1, .next = 1};
	t->slots = calloc(slots, sizeof(struct session *));
	return t->slots != NULL ? 0 : -E_NOMEM;
}

void session_table_fini(struct session_table *t)
{
	free(t->slots);
	*t = (struct session_table){0};
}

uint64_t session_table_number(struct session_table *t)
{
	while (t->slots[t->next & t->mask] != NULL)
		t->next++;
	return t->next++;
}

void session_table_add(struct session_table *t, struct session *s)
{
	t->slots[session_number(s) & t->mask] = s;
	t->count++;
}

void session_table_remove(struct session_table *t, const struct session *s)
{
	t->slots[session_number(s) & t->mask] = NULL;
	t->count--;
}

struct session *session_table_find(const struct session_table *t, uint64_t number)
{
	struct session *s = t->slots[number & t->mask];

	return s != NULL && session_number(s) == number ? s : NULL;
}

void session_table_each(struct session_table *t, void (*fn)(void *user, struct session *s),
			void *user)
{
	for (uint64_t slot = 0; t->slots != NULL && slot <= t->mask; slot++)
		if (t->slots[slot] != NULL)
			fn(user, t->slots[slot]);
}
