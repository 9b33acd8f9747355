/* sockets.h - what runtimes may have of the server's sockets.
 *
 * Glossary: a *cosocket* is a descriptor whose calls never block: what can't be done now says what to wait for,
 * and is called again once that is there. A *query* is a name that is being resolved.
 * Functions call back on the loop's stack, where no plugin code may run. Texts of errors are those that the users of
 * nginx know. To add an operation, add it here and in server/cosocket. */
#ifndef PLUGINS_SOCKETS_H
#define PLUGINS_SOCKETS_H
#include <stdbool.h>
#include <stddef.h>
#include "plugins/socket_pools.h"

struct cosocket;
struct cosocket_home;
struct cosocket_query;
struct err;

/* What came of a call. READ and WRITE are those of struct sockets' watch, too. */
enum cosocket_status {
	COSOCKET_DONE,
	COSOCKET_READ,    /* nothing: call again once it can be read */
	COSOCKET_WRITE,   /* nothing: call again once it can be written */
	COSOCKET_END = 4, /* the peer has ended the stream */
	COSOCKET_FAILED,  /* err has the text */
};

/* Where to connect to. Borrowed texts. */
struct cosocket_place {
	const char *path;    /* of a Unix socket; NULL = address and port */
	const char *address; /* IPv4 or IPv6, as text */
	unsigned port;
	bool is_datagram;
};

/* What a TLS handshake is to be. Borrowed. */
struct cosocket_tls {
	const char *server_name; /* sent, and looked for in the certificate; NULL = none */
	bool verify;
	bool wants_status; /* asks for an OCSP response */
	void *session;     /* SSL_SESSION to begin with; NULL */
	void *chain;       /* STACK_OF(X509) of ours and its EVP_PKEY; NULL = none */
	void *key;
};

enum cosocket_option {
	COSOCKET_KEEPALIVE,
	COSOCKET_REUSEADDR,
	COSOCKET_NODELAY,
	COSOCKET_SNDBUF,
	COSOCKET_RCVBUF,
};

#define COSOCKET_ADDRESSES 16

/* What a name stands for: `n` addresses as texts, or none and why. Borrowed until return. */
typedef void (*cosocket_resolved)(void *user, const char *const *addresses, size_t n,
				  const char *why);

struct sockets {
	struct cosocket_home *home;
	size_t pool_size; /* of a pool, where nothing is said */

	/* Begins to connect. DONE, WRITE: then `connected` says what came of it; FAILED: there is none. */
	int (*open)(struct cosocket_home *home, const struct cosocket_place *place,
		    struct cosocket **ret, struct err *err);
	int (*connected)(const struct cosocket *s, struct err *err);
	/* Who is told what s is ready for: bits of READ and WRITE, of those that are watched for. None at first. */
	void (*listen)(struct cosocket *s, void (*fn)(void *user, int ready), void *user);
	void (*watch)(struct cosocket *s, int events);
	/* *ret_n bytes at once, at least one (a datagram may have none). */
	int (*read)(struct cosocket *s, void *to, size_t room, size_t *ret_n, struct err *err);
	int (*write)(struct cosocket *s, const void *bytes, size_t n, size_t *ret_n,
		     struct err *err);
	/* Begins or goes on. The peer has been verified when it is DONE. */
	int (*handshake)(struct cosocket *s, const struct cosocket_tls *tls, struct err *err);
	bool (*has_tls)(const struct cosocket *s);
	/* The session to begin another handshake with; owned (SSL_SESSION), or NULL. */
	void *(*session)(const struct cosocket *s);
	void (*session_free)(void *session);
	/* Whether nothing has come that nobody has read, nor the end. */
	bool (*is_quiet)(const struct cosocket *s);
	/* No more is written; the other way round stays open. */
	int (*shut)(struct cosocket *s, struct err *err);
	int (*get_option)(const struct cosocket *s, enum cosocket_option option, int *ret,
			  struct err *err);
	int (*set_option)(const struct cosocket *s, enum cosocket_option option, int value,
			  struct err *err);
	void (*close)(struct cosocket *s); /* accepts NULL */

	/* fn is called once, later. NULL on lack of memory. */
	struct cosocket_query *(*resolve)(struct cosocket_home *home, const char *name,
					  cosocket_resolved fn, void *user);
	/* fn won't be called. Accepts NULL. */
	void (*forget)(struct cosocket_query *query);
	struct socket_pools pools;
};

#endif
