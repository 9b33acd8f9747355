/* session_table.h - the connections of a process, by number. Numbers are never used twice. */
#ifndef SERVER_SESSION_SESSION_TABLE_H
#define SERVER_SESSION_SESSION_TABLE_H
#include <stddef.h>
#include <stdint.h>

struct session;

struct session_table {
	struct session **slots; /* by the number's low bits */
	uint64_t mask;
	uint64_t next;
	size_t count;
};

/* For at most `max` sessions. 0 or -E_NOMEM. */
int session_table_init(struct session_table *t, size_t max);
/* The sessions are not touched. Accepts a zeroed one. */
void session_table_fini(struct session_table *t);
/* A number whose place is free. There must be room. */
uint64_t session_table_number(struct session_table *t);
void session_table_add(struct session_table *t, struct session *s);
void session_table_remove(struct session_table *t, const struct session *s);
/* NULL when it is gone. */
struct session *session_table_find(const struct session_table *t, uint64_t number);
/* Calls fn for each; fn may remove it. */
void session_table_each(struct session_table *t, void (*fn)(void *user, struct session *s),
			void *user);

#endif
