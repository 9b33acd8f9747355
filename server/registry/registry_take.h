/* registry_take.h - where a group's registry comes from at the start, and to whom it goes at the end. */
#ifndef SERVER_REGISTRY_REGISTRY_TAKE_H
#define SERVER_REGISTRY_REGISTRY_TAKE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/registry/registry.h"

struct handover;
struct reactor;

struct registry_take_options {
	const char *const *paths; /* the group's plugin sockets; borrowed until return */
	size_t count;
	int64_t generation; /* of a new registry */
	size_t processes;   /* how many are asked where they live without a supervisor; 0 as 1 */
	struct registry_options registry;
	/* Connections to predecessors, and of successors (handover.h); take the descriptor. NULL: they are
	 * closed. */
	void (*on_predecessor)(void *user, int fd);
	void (*on_successor)(void *user, int fd);
	/* The memory of a predecessor's shared dictionaries; takes the descriptor. NULL: it is closed. */
	void (*on_shared)(void *user, int fd);
	const int *shared_fd; /* ours, for successors: handover.h */
	void *user;
};

/* The registry of who serves these sockets now, or a new one. Where the predecessor has several, they become
 * one. Waits a second at most. Returns owned in *ret_registry. -E_IO, -E_NOMEM. */
int registry_take(const struct registry_take_options *options, struct registry **ret_registry,
		  struct err *err);

/* The offers of one registry, one for each of its sockets. A zeroed one is empty. */
struct registry_offers {
	struct handover **offers;
	size_t count;
};

/* One offer, by the listening socket of a process that made it: handover.h. */
struct handover_options;
void registry_offer_by(struct registry_offers *offers, const struct handover_options *options);
/* From now on successors get `fd` (borrowed), a registry's descriptor. What can't be offered is logged. */
void registry_offer(struct registry_offers *offers, struct reactor *reactor, int fd,
		    const struct registry_take_options *options);
/* To be called about once a second. */
/* Whether any socket was made anew. */
bool registry_offers_check(struct registry_offers *offers);
void registry_offers_fini(struct registry_offers *offers);

#endif
