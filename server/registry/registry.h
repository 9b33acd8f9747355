/* registry.h - the instances of a group: id, plugin and conf, in memory that outlives each process.
 *
 * A log in a memfd (registry_log.h), and this process's index of it. Whoever shares the memfd opens it for
 * itself; each call below locks it, first reads what others have appended since, and unlocks it. A row goes
 * only when nobody has used it for `row_idle`: who uses one says so about once a minute (instance.c). */
#ifndef SERVER_REGISTRY_REGISTRY_H
#define SERVER_REGISTRY_REGISTRY_H
#include <stddef.h>
#include <stdint.h>
#include "plugins/instance.h"

struct err;
struct registry; /* opaque */

/* For row_idle: an hour, and what the note of the last use may be old. */
#define REGISTRY_ROW_IDLE (3600.0 + INSTANCE_NOTE_EVERY)

struct registry_options {
	size_t max;      /* rows; more are refused */
	double row_idle; /* seconds after the last use until a row may go */
};

/* Makes an empty one. *ret_fd is owned, close-on-exec. -E_IO. */
int registry_file_create(int64_t generation, int *ret_fd, struct err *err);
/* How many rows it has, without waiting for anybody; 0 where that can't be read. */
size_t registry_file_count(int fd);

/* Opens `fd` anew (borrowed). -E_MALFORMED where it is no registry that this version understands, -E_IO,
 * -E_NOMEM. */
int registry_open(int fd, const struct registry_options *options, struct registry **ret_registry,
		  struct err *err);
/* Accepts NULL. The memfd stays. */
void registry_close(struct registry *r);
/* What the gateway is told as serverPid: it changes only when a registry is lost. */
int64_t registry_generation(const struct registry *r);
/* A descriptor of it, for others to open. Borrowed. */
int registry_fd(const struct registry *r);

/* These are struct instance_store's functions; `user` is the registry. */
int registry_find(void *user, int64_t id, struct instance_row *ret, struct err *err);
int registry_find_equal(void *user, const struct instance_row *row, int64_t *ret_id,
			struct err *err);
int registry_share(void *user, const struct instance_row *row, const struct instance_ids *ids,
		   int64_t *ret_id, struct err *err);
void registry_use(void *user, int64_t id, double now, int refs);
void registry_evict(void *user, double now);
size_t registry_count(void *user);
int registry_each(void *user, void (*fn)(void *user, const struct instance_row *row),
		  void *fn_user);

/* The registry as what instance.h asks for. Borrows it. */
struct instance_store registry_store(struct registry *r);
/* Adds the rows of `from` that this one does not have, under their ids. -E_IO, -E_NOMEM. */
int registry_merge(struct registry *r, struct registry *from, struct err *err);

#endif
