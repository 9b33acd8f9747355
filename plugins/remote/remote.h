/* remote.h - plugins in other languages: each is a program that speaks docs/remote-protocol.md.
 *
 * The server starts the program, before its process gives up the right to do so, and hands it over here. */
#ifndef PLUGINS_REMOTE_REMOTE_H
#define PLUGINS_REMOTE_REMOTE_H
#include <stddef.h>

#define REMOTE_KEY_SIZE 41 /* Z85, with the NUL */

/* CURVE keys of one end of a link (docs/remote-protocol.md). */
struct remote_keys {
	char secret[REMOTE_KEY_SIZE];   /* our own */
	char (*peers)[REMOTE_KEY_SIZE]; /* public keys of those who may come */
	size_t peer_count;
};

/* A program that has been started for one plugin. */
struct remote_program {
	const char *command;  /* as it was set: what people know it by; NULL = there is none */
	const char *endpoint; /* what the socket is to ZeroMQ */
	int listen_fd;        /* the socket to which it connects */
	int pidfd;            /* readable when it has ended; -1: it comes by itself, a guest */
	int turn_fd;          /* a guest's: locked while it is waited for; -1 = not */
	size_t message_max;   /* bytes of one message that it may send */
	double silence;       /* seconds for which it may say nothing */
	double patience;      /* seconds in which it has to come */
	const struct remote_keys *keys; /* whom to let in; NULL = whoever can connect */
};

#endif
