/* registry.h - the instances of a group: id, plugin and conf, in memory that outlives each process.
 *
 * An append-only log in a memfd. Workers read and write it by system calls under a lock, each by an open
 * file of its own, so that the death of one in the middle leaves a tail that does not count, and a wild
 * store can't reach it. Rows are looked for in what this process has read so far, then in what was appended
 * since. The log is rewritten behind its own end when more than half of it is of no use any more. */
#ifndef SERVER_REGISTRY_H
#define SERVER_REGISTRY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct registry; /* opaque */

struct registry_row {
	int64_t id;
	const char *plugin; /* borrowed, as conf, until the next call */
	const char *conf;   /* JSON as it came first */
	size_t conf_len;
	const char *key; /* what equal confs have in common: struct instance's canonical text */
	size_t key_len;
};

/* Makes an empty one. *ret_fd is owned. -E_IO. */
int registry_file_create(int *ret_fd, struct err *err);
/* Opens `fd` anew (borrowed). -E_IO, -E_MALFORMED, -E_NOMEM. */
int registry_open(int fd, struct registry **ret_registry, struct err *err);
void registry_close(struct registry *r);
/* The row of that id. -E_NO_INSTANCE, -E_IO, -E_NOMEM. */
int registry_find(struct registry *r, int64_t id, struct registry_row *ret, struct err *err);
/* Finds the row of the same plugin and key, or adds `row` under an id from `take_id`. *ret_id is its id.
 * -E_LIMIT above `max` rows (none of them idle), -E_IO, -E_NOMEM, or as take_id. */
int registry_share(struct registry *r, const struct registry_row *row, size_t max,
		   int (*take_id)(void *user, int64_t *ret_id, struct err *err), void *user,
		   int64_t *ret_id, struct err *err);
/* Notes that rows are in use at `now` (CLOCK_MONOTONIC seconds, the same for all processes). */
void registry_touch(struct registry *r, int64_t id, double now);
/* Removes rows that nobody has used since `before`. */
int registry_evict(struct registry *r, double before);
size_t registry_count(struct registry *r);
/* Calls fn for each row. */
int registry_each(struct registry *r, void (*fn)(void *user, const struct registry_row *row),
		  void *user);

#endif
