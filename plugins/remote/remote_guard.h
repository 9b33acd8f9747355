/* remote_guard.h - who may come in at a socket that others can reach: those whose key we know (CURVE).
 *
 * ZeroMQ asks us about each of them by its own protocol (ZAP, RFC 27), and tells of those who have not even
 * got that far. */
#ifndef PLUGINS_REMOTE_REMOTE_GUARD_H
#define PLUGINS_REMOTE_REMOTE_GUARD_H
#include <time.h>
#include <zmq.h>
#include "plugins/remote/remote.h"

struct err;
struct plugin;

/* Zeroed: nobody is kept out. */
struct remote_guard {
	char (*peers)[REMOTE_KEY_SIZE]; /* owned; who may come */
	size_t peer_count;
	const struct plugin *plugin; /* borrowed; in whose name is logged */
	void *asked;                 /* the socket by which we are asked */
	void *told;                  /* that by which we are told */
	time_t second;               /* in which we have said ... */
	unsigned lines;              /* ... so much */
};

/* Guards a socket of the context, which is bound later. Without keys there is nothing to be done. -E_IO, -E_NOMEM. */
int remote_guard_init(struct remote_guard *guard, const struct remote_keys *keys, void *context,
		      void *socket, struct err *err);
/* To be called after the socket is closed. Accepts a zeroed one. */
void remote_guard_fini(struct remote_guard *guard);
/* Fills two items to wait for; how many of them are used. */
size_t remote_guard_items(const struct remote_guard *guard, zmq_pollitem_t *items);
/* Fills descriptors that are readable, once, when it is worth while to look; how many of them there are. */
#define REMOTE_GUARD_FDS 2
size_t remote_guard_fds(const struct remote_guard *guard, int *fds);
/* Answers what has been asked, and logs who was kept out. */
void remote_guard_look(struct remote_guard *guard);

#endif
