/* listener.h - accepts connections on one socket and hands them on.
 *
 * Knows who may connect and what to do when descriptors run out; what becomes of a connection is the
 * business of `on_connection`, which may give it to another process. */
#ifndef SERVER_SOCKET_LISTENER_H
#define SERVER_SOCKET_LISTENER_H
#include <stdbool.h>
#include <stdint.h>
#include "server/socket/socket_file.h"

struct err;
struct listener;
struct reactor;
struct user_list;

/* Why a connection can't be served. */
enum listener_verdict {
	LISTENER_WELCOME,
	LISTENER_STRANGER, /* its user is not among the allowed ones, or it runs plugin code */
};

struct listener_options {
	const char *path;
	struct socket_options socket;
	const struct user_list *allowed; /* NULL = anybody; borrowed for the listener's life */
	/* Takes `fd`, which is non-blocking. */
	void (*on_connection)(void *user, int fd, enum listener_verdict verdict);
	/* Its descriptor is another one now. May be NULL. */
	void (*on_renewed)(void *user);
	void *user;
};

/* As socket_file_init. */
int listener_create(struct reactor *reactor, const struct listener_options *options,
		    struct listener **ret_listener, struct err *err);
/* Stops listening; the socket file goes if it is ours. Accepts NULL. */
void listener_destroy(struct listener *l);
const char *listener_path(const struct listener *l);
/* The descriptor that listens; another one after the file was made again. -1 when it has stopped. */
int listener_fd(const struct listener *l);
/* The inode of its file. */
uint64_t listener_inode(const struct listener *l);
/* To be called about once a second: listens again where the socket file has vanished; accepts what is
 * left and stops where a successor has replaced it. False when it has stopped. */
bool listener_check(struct listener *l);
/* Hands on all connections that wait. */
void listener_accept_all(struct listener *l);
/* Lets a successor take the socket over, and serves on until one does. */
void listener_hand_over(struct listener *l);
/* Whether a successor is about to replace our socket: leaving now would leave a gap. */
bool listener_is_awaited(const struct listener *l);

#endif
