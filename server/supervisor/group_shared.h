/* group_shared.h - the memory of a group's shared dictionaries: its workers have it, old and new ones alike, and
 * nobody else.
 *
 * It is made here, empty, and never looked at again: what is in it is the workers' affair, and hostile. */
#ifndef SERVER_SUPERVISOR_GROUP_SHARED_H
#define SERVER_SUPERVISOR_GROUP_SHARED_H
#include "plugins/shared/dict_set.h"

struct config;
struct err;

struct group_shared {
	struct dict_set list; /* not open */
	int fd;               /* -1 = there is none */
};

/* -E_CONF, -E_IO, -E_NOMEM. */
int group_shared_init(struct group_shared *shared, const struct config *config, struct err *err);
/* What follows `shared` with another configuration: the same memory, if there are the same dictionaries; else
 * all of them begin anew. */
int group_shared_follow(const struct group_shared *shared, const struct config *config,
			struct group_shared *ret_next, struct err *err);
/* The memory of a predecessor's takes the place of ours, if there are the same dictionaries in it. Takes `fd`. */
void group_shared_adopt(struct group_shared *shared, int fd);
/* Workers keep what they have. Accepts one without a descriptor. */
void group_shared_fini(struct group_shared *shared);

#endif
