/* cosocket_pool.h - connections that are kept for later, by key. As struct sockets has them. */
#ifndef SERVER_COSOCKET_COSOCKET_POOL_H
#define SERVER_COSOCKET_COSOCKET_POOL_H
#include "plugins/sockets.h"

struct cosocket_pools *cosocket_pools_create(struct cosocket_home *home);
void cosocket_pools_destroy(struct cosocket_pools *pools);
struct cosocket_pool *cosocket_pool_find(struct cosocket_pools *pools, const char *key, size_t n);
struct cosocket_pool *cosocket_pool_create(struct cosocket_pools *pools, const char *key, size_t n,
					   size_t size, long backlog);
struct cosocket *cosocket_pool_take(struct cosocket_pool *pool, unsigned *ret_reused);
bool cosocket_pool_put(struct cosocket_pool *pool, struct cosocket *s,
		       const struct cosocket_rest *rest);
enum cosocket_room cosocket_pool_enter(struct cosocket_pool *pool);
void cosocket_pool_leave(struct cosocket_pool *pool);
void cosocket_pool_wait(struct cosocket_pool *pool, struct cosocket_turn *turn);
void cosocket_pool_unwait(struct cosocket_turn *turn);

#endif
