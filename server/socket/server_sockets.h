/* server_sockets.h - the listeners of a configuration: one for each path that a plugin has. */
#ifndef SERVER_SOCKET_SERVER_SOCKETS_H
#define SERVER_SOCKET_SERVER_SOCKETS_H
#include <stdbool.h>
#include <stddef.h>
#include "server/config/config.h"
#include "server/config/user.h"
#include "server/socket/listener.h"

struct err;
struct reactor;

struct server_sockets;

/* One path, and what listens there. */
struct server_socket {
	struct server_sockets *all;
	struct listener *listener;
	size_t plugin;          /* index of the first one that has it, when it was made */
	void *owner;            /* whoever serves it; for the user */
	enum on_error on_error; /* for what can't be traced to a plugin */
};

struct server_sockets_options {
	const struct config *config;
	struct reactor *reactor;
	/* Takes `fd`, which is non-blocking. */
	void (*on_connection)(void *user, int fd, const struct server_socket *socket,
			      enum listener_verdict verdict);
	/* It was made again, with another descriptor. May be NULL. */
	void (*on_renewed)(void *user, const struct server_socket *socket);
	void *user;
	bool outlived; /* as of socket_file.h */
};

struct server_sockets {
	struct server_socket **sockets; /* each stays where it is */
	size_t count;
	struct user_list allowed;
	struct server_sockets_options options;
};

/* Listens for all plugins. With exit_with_parent it waits for an owner that has not left yet, as long as
 * our parent is there. As listener_create. */
int server_sockets_init(struct server_sockets *sockets,
			const struct server_sockets_options *options, struct err *err);
void server_sockets_fini(struct server_sockets *sockets);
/* Listens for a plugin of another configuration too, which is used no longer than this call; waits for nobody.
 * Returns its socket, which may be there already, in *ret_socket. As listener_create. */
int server_sockets_add(struct server_sockets *sockets, const struct config *config, size_t plugin,
		       struct server_socket **ret_socket, struct err *err);
/* Accepts what is left on those of that owner, and removes them. */
void server_sockets_remove(struct server_sockets *sockets, const void *owner);
/* Whether any is at that path. */
bool server_sockets_have(const struct server_sockets *sockets, const char *path);
/* Another configuration holds, of the same sockets. */
void server_sockets_configure(struct server_sockets *sockets, const struct config *config);
/* As of listener.h, for all of them. True when any still listens; when any is awaited. */
bool server_sockets_check(struct server_sockets *sockets);
void server_sockets_hand_over(struct server_sockets *sockets);
bool server_sockets_are_awaited(const struct server_sockets *sockets);

#endif
