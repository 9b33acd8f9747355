/* remote_link.h - the ZeroMQ socket to one program, its messages, and the envelopes in them. Knows of no events. */
#ifndef PLUGINS_REMOTE_REMOTE_LINK_H
#define PLUGINS_REMOTE_REMOTE_LINK_H
#include <stdbool.h>
#include <zmq.h>
#include "plugins/remote/remote_envelope.h"
#include "plugins/remote/remote_guard.h"
#include "protocol/arena.h"
#include "protocol/buf.h"

struct err;

#define REMOTE_PEER_MAX 255 /* bytes by which ZeroMQ knows a peer */

/* One envelope, and what it was read into. Zeroed but for remote_message_init. */
struct remote_message {
	zmq_msg_t bytes; /* shared with the other envelopes of the same message */
	struct arena arena;
	struct remote_envelope envelope; /* borrows of both */
};

void remote_message_init(struct remote_message *m);
void remote_message_fini(struct remote_message *m);
/* Puts `from` in the place of `to`; `from` is empty then. */
void remote_message_move(struct remote_message *to, struct remote_message *from);

struct remote_link {
	void *context;
	void *socket;
	int fd;    /* readable when it is worth while to look; edge-triggered */
	int pidfd; /* owned; -1: a guest */
	struct remote_guard guard;
	double patience; /* seconds in which it has to come ... */
	double until;    /* ... and when they have gone by */
	char peer[REMOTE_PEER_MAX];
	size_t peer_len;    /* 0 = it has not spoken yet */
	size_t message_max; /* bytes of one that may come */
	size_t gather;  /* bytes to which envelopes are gathered; 0: each is a message of its own */
	struct buf out; /* what was gathered */
	zmq_msg_t several; /* the message of which one envelope after the other is received ... */
	size_t taken;      /* ... and how many of its bytes were; 0: there is none */
};

/* Takes copies of the program's descriptors; all else is borrowed, as `plugin` is. -E_IO. */
int remote_link_init(struct remote_link *link, const struct remote_program *program,
		     const struct plugin *plugin, struct err *err);
/* Waits for the program's end, a little while. Accepts a zeroed one. */
void remote_link_fini(struct remote_link *link);
/* Waits for the program's first message, and lets no other one in from then on. The caller's load_timeout bounds it.
 * -E_PLUGIN where the program ends first, -E_ABSENT where no guest has come, -E_x where the message is bad. */
int remote_link_wait(struct remote_link *link, struct remote_message *ret, struct err *err);
/* Sends the guest away that has spoken, and waits for the next one instead. False where it is none. */
bool remote_link_dismiss(struct remote_link *link);
/* 1 with a message, 0 when there is none, or -E_x for a bad one. REMOTE_ANOTHER: there was one of a guest that is not
 * ours, which was sent away. */
#define REMOTE_ANOTHER 2
int remote_link_receive(struct remote_link *link, struct remote_message *ret, struct err *err);
/* Has messages of several envelopes, either way, from now on. */
void remote_link_gather(struct remote_link *link);
/* Never waits, but for the end of a program that has closed its connection, for half a second at most. -E_LIMIT where
 * the program does not read, -E_CLOSED, -E_NOMEM, -E_TOO_DEEP. What is gathered goes with remote_link_flush. */
int remote_link_send(struct remote_link *link, const struct remote_envelope *envelope,
		     struct err *err);
int remote_link_flush(struct remote_link *link, struct err *err);
/* "ended with exit code 3", where it has ended; else an empty text. */
void remote_link_describe_end(const struct remote_link *link, char *text, size_t size);

#endif
