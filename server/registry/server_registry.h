/* server_registry.h - the registry of instances of a process, or of a group of processes, and its sockets. */
#ifndef SERVER_REGISTRY_SERVER_REGISTRY_H
#define SERVER_REGISTRY_SERVER_REGISTRY_H
#include "server/registry/registry_take.h"

struct config;

/* Zeroed until server_registry_init. */
struct server_registry {
	struct registry *registry; /* owned */
	struct registry_offers offers;
	char **paths; /* of the sockets, each once; owned */
	struct registry_take_options options;
};

/* Whose registry it is. */
struct server_registry_options {
	const struct config *config;
	const size_t *plugins; /* indices in the configuration; NULL = all are meant */
	size_t count;
	int64_t generation;                         /* of a new one */
	size_t processes;                           /* as of registry_take.h */
	void (*on_predecessor)(void *user, int fd); /* as of registry_take.h, as the others */
	void (*on_successor)(void *user, int fd);
	void (*on_shared)(void *user, int fd);
	const int *shared_fd;
	void *user;
};

/* That of a predecessor, or a new one. -E_IO, -E_NOMEM. */
int server_registry_init(struct server_registry *s, const struct server_registry_options *options,
			 struct err *err);
/* Successors get it from now on: we own the sockets. */
void server_registry_offer(struct server_registry *s, struct reactor *reactor);
void server_registry_fini(struct server_registry *s);

#endif
