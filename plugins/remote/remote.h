/* remote.h - plugins in other languages: each is a program that speaks docs/remote-protocol.md.
 *
 * The server starts the program, before its process gives up the right to do so, and hands it over here. */
#ifndef PLUGINS_REMOTE_REMOTE_H
#define PLUGINS_REMOTE_REMOTE_H
#include <stddef.h>

/* A program that has been started for one plugin. */
struct remote_program {
	const char *command; /* as it was set: what people know it by */
	int listen_fd;       /* the Unix socket to which it connects; only it can */
	int pidfd;           /* readable when it has ended */
	size_t message_max;  /* bytes of one message that it may send */
};

#endif
