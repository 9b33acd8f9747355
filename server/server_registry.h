/* server_registry.h - the registry of a server without supervisor: one for all its plugins and sockets. */
#ifndef SERVER_SERVER_REGISTRY_H
#define SERVER_SERVER_REGISTRY_H
#include "server/registry_take.h"

struct config;

/* Zeroed until server_registry_init. */
struct server_registry {
	struct registry *registry; /* owned */
	struct registry_offers offers;
	char **paths; /* of the sockets, each once; owned */
	struct registry_take_options options;
};

/* That of a predecessor, or a new one of `generation`. -E_IO, -E_NOMEM. */
int server_registry_init(struct server_registry *s, const struct config *config, int64_t generation,
			 struct err *err);
/* Successors get it from now on: we own the sockets. */
void server_registry_offer(struct server_registry *s, struct reactor *reactor);
void server_registry_fini(struct server_registry *s);

#endif
