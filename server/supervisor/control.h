/* control.h - what supervisor and worker say to each other: small messages, some with a descriptor.
 *
 * One SOCK_SEQPACKET pair per worker; each message arrives whole, or not at all. Neither side blocks on the
 * other: what can't be sent at once waits in a queue. To the supervisor what a worker says is hostile input:
 * a message that makes no sense ends the worker. To add a message, add a row to control.def. */
#ifndef SERVER_SUPERVISOR_CONTROL_H
#define SERVER_SUPERVISOR_CONTROL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct reactor;
struct control; /* opaque: one end */

#define CONTROL_TEXT_MAX ((size_t)48 << 10)
#define CONTROL_ANY UINT64_MAX

enum control_type {
#define CONTROL(name, doc) CONTROL_##name,
#include "server/supervisor/control.def"
	CONTROL_TYPES
};

struct control_msg {
	uint32_t type;    /* enum control_type */
	uint32_t slot;    /* connection */
	uint64_t number;  /* as control.def says */
	int fd;           /* passed along; -1 = none. A receiver owns it. */
	const char *text; /* borrowed; text_len bytes */
	size_t text_len;
};

struct control_handler {
	/* `msg` is borrowed until return, but for its descriptor. */
	void (*on_message)(void *user, const struct control_msg *msg);
	/* The other side is gone; or `broken`, what it said makes no sense, or came without its descriptor
	 * since no more can be open here. Called once; destroy it then or later. */
	void (*on_end)(void *user, bool broken);
	void *user;
};

/* A pair of descriptors, close-on-exec and non-blocking. -E_IO. */
int control_pair(int ret_fds[2], struct err *err);
/* Returns owned, or NULL on lack of memory. Takes `fd`, also on failure. */
struct control *control_create(struct reactor *reactor, int fd,
			       const struct control_handler *handler);
/* May be called from the handler. What waits in the queue is dropped. Accepts NULL. */
void control_destroy(struct control *c);
/* 0; -E_CLOSED when the other side is gone; -E_TOO_LARGE; -E_NOMEM, -E_LIMIT (descriptors) where it would have
 * to wait. Borrows msg->fd. */
int control_send(struct control *c, const struct control_msg *msg);
/* Waits until all that was queued is sent, the other side is gone, or reactor_now() is `until`: who does not
 * read can't keep us. */
void control_flush(struct control *c, double until);
/* Hands on all that has arrived, without waiting for the loop. Not from the handler. */
void control_receive(struct control *c);

#endif
