/* cosocket.h - the sockets that plugins make: struct sockets (plugins/sockets.h) over the reactor.
 *
 * Parts: cosocket.c a descriptor; cosocket_tls.h TLS on it; cosocket_pool.h connections kept for later;
 * cosocket_name.h names to addresses. None knows Lua, events or who waits. */
#ifndef SERVER_COSOCKET_COSOCKET_H
#define SERVER_COSOCKET_COSOCKET_H
#include <openssl/types.h>
#include "plugins/sockets.h"

struct config;
struct names;
struct reactor;
struct reactor_io;

/* What the cosockets of a process share. */
struct cosocket_home {
	struct sockets sockets; /* for runtimes */
	struct reactor *reactor;
	const struct config *config; /* borrowed */
	SSL_CTX *tls;                /* made at the first handshake */
	struct names *names;         /* made at the first name */
};

struct cosocket {
	struct cosocket_home *home;
	int fd;
	bool is_datagram;
	bool is_bound_to_file; /* Unix */
	bool is_secure;        /* the handshake is done */
	SSL *tls;              /* NULL = none */
	struct reactor_io *io;
	void (*fn)(void *user, int ready);
	void *user;
};

/* Fills a zeroed home and its functions. Borrows both. */
void cosocket_home_init(struct cosocket_home *home, struct reactor *reactor,
			const struct config *config);
/* No cosocket, pool or query may be left. Accepts a zeroed one. */
void cosocket_home_fini(struct cosocket_home *home);

/* As struct sockets has them. */
void cosocket_listen(struct cosocket *s, void (*fn)(void *user, int ready), void *user);
void cosocket_watch(struct cosocket *s, int events);
bool cosocket_is_quiet(const struct cosocket *s);
void cosocket_close(struct cosocket *s);
/* The system's text of an error number, in small letters, as nginx gives it to Lua. COSOCKET_FAILED. */
int cosocket_fail(int number, struct err *err);
/* What a failed socket() means. COSOCKET_FAILED. */
int cosocket_refuse(int number, struct err *err);

#endif
