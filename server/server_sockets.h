/* server_sockets.h - the listeners of a configuration: one for each path that a plugin has. */
#ifndef SERVER_SERVER_SOCKETS_H
#define SERVER_SERVER_SOCKETS_H
#include <stddef.h>
#include "server/config.h"
#include "server/user.h"

struct err;
struct listener;
struct reactor;
struct worker;

struct server_sockets {
	struct listener **listeners;
	size_t count;
	struct user_list allowed;
	struct worker *worker;
};

/* Listens for all plugins; connections go to `worker`. With exit_with_parent it waits for an owner that has
 * not left yet, as long as `wanted` says so. As listener_create. */
int server_sockets_init(struct server_sockets *sockets, const struct config *config,
			struct reactor *reactor, struct worker *worker, bool (*wanted)(void),
			struct err *err);
void server_sockets_fini(struct server_sockets *sockets);
/* As of listener.h, for all of them. True when any still listens; when any is awaited. */
bool server_sockets_check(struct server_sockets *sockets);
void server_sockets_hand_over(struct server_sockets *sockets);
bool server_sockets_are_awaited(const struct server_sockets *sockets);

#endif
