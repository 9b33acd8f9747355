/* socket_pools.h - connections that are kept for later.
 *
 * Glossary: a *pool* keeps connections to one place that nobody uses, and counts those that are used. A *turn* is
 * that of one who waits until a pool has room. See sockets.h. */
#ifndef PLUGINS_SOCKET_POOLS_H
#define PLUGINS_SOCKET_POOLS_H
#include <stdbool.h>
#include <stddef.h>

struct cosocket;
struct cosocket_home;
struct cosocket_pool;
struct cosocket_pools;

/* One who waits until a pool has room. Part of the thing that waits. */
struct cosocket_turn {
	void (*fn)(void *user);
	void *user;
	struct cosocket_pool *pool; /* NULL while it doesn't wait */
	struct cosocket_turn *prev, *next;
};

/* How a connection is put into a pool. */
struct cosocket_rest {
	unsigned reused;
	double seconds;  /* 0 = for ever */
	bool is_counted; /* the pool counts it already */
};

enum cosocket_room {
	COSOCKET_ROOM,   /* may connect; counted */
	COSOCKET_QUEUE,  /* must wait for a turn; counted */
	COSOCKET_NOROOM, /* too many wait; not counted */
};

/* Functions of struct sockets. */
struct socket_pools {
	/* Pools by their key. NULL on lack of memory. */
	struct cosocket_pools *(*create)(struct cosocket_home *home);
	/* Closes what is in them. */
	void (*destroy)(struct cosocket_pools *pools);
	/* NULL if there is none. It lives as long as it counts something, or somebody waits. */
	struct cosocket_pool *(*find)(struct cosocket_pools *pools, const char *key, size_t n);
	/* A new one. backlog < 0: any number may connect. NULL on lack of memory. */
	struct cosocket_pool *(*add)(struct cosocket_pools *pools, const char *key, size_t n,
				     size_t size, long backlog);
	/* The connection that was put in last, or NULL; how often it had been put. */
	struct cosocket *(*take)(struct cosocket_pool *pool, unsigned *ret_reused);
	/* Takes the connection; closes the one that is there for longest if there are too many. False if it is
	 * not quiet: then it is closed. */
	bool (*put)(struct cosocket_pool *pool, struct cosocket *s,
		    const struct cosocket_rest *rest);
	enum cosocket_room (*enter)(struct cosocket_pool *pool);
	/* One that was counted is there no longer: who waits longest has a turn, later. */
	void (*leave)(struct cosocket_pool *pool);
	/* turn->fn is called once, with the turn out of the queue. */
	void (*wait)(struct cosocket_pool *pool, struct cosocket_turn *turn);
	/* Out of the queue, and no longer counted. Accepts one that doesn't wait. */
	void (*unwait)(struct cosocket_turn *turn);
};

#endif
