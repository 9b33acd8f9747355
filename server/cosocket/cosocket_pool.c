#include "server/cosocket/cosocket_pool.h"
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>
#include "server/cosocket/cosocket.h"
#include "server/reactor.h"

/* A connection that nobody uses. */
struct idle {
	struct cosocket *socket;
	struct cosocket_pool *pool;
	struct reactor_timer *timer;
	unsigned reused;
	struct idle *prev, *next;
};

struct cosocket_pool {
	struct cosocket_pools *pools;
	size_t size;
	long backlog;       /* below 0: none */
	size_t connections; /* used, idle, and those to be made by who waits */
	struct idle *idle;  /* the last one first */
	size_t idle_count;
	struct cosocket_turn *turns; /* who waits longest first */
	size_t waiting;
	struct reactor_timer *wake; /* gives the next turn */
	UT_hash_handle hh;
	size_t key_length;
	char key[];
};

struct cosocket_pools {
	struct reactor *reactor;
	struct cosocket_pool *table;
};

/* ---- the end of things ---- */

static void drop_idle(struct idle *idle)
{
	DL_DELETE(idle->pool->idle, idle);
	idle->pool->idle_count--;
	reactor_timer_destroy(idle->timer);
	free(idle);
}

static void close_idle(struct idle *idle)
{
	struct cosocket *s = idle->socket;

	drop_idle(idle);
	cosocket_close(s);
}

static void destroy(struct cosocket_pool *pool)
{
	struct idle *idle, *next;

	DL_FOREACH_SAFE (pool->idle, idle, next)
		close_idle(idle);
	reactor_timer_destroy(pool->wake);
	HASH_DEL(pool->pools->table, pool);
	free(pool);
}

/* For one of those who wait. */
static bool has_room(const struct cosocket_pool *pool)
{
	return pool->idle != NULL || pool->connections < pool->size + pool->waiting;
}

static void wake(struct cosocket_pool *pool)
{
	if (pool->turns != NULL && has_room(pool))
		reactor_timer_start(pool->wake, 0, 0);
}

void cosocket_pool_leave(struct cosocket_pool *pool)
{
	if (pool->connections > 0)
		pool->connections--;
	wake(pool);
	if (pool->connections == 0 && pool->turns == NULL)
		destroy(pool);
}

/* Its time is over, or the peer has closed it or said something that nobody has asked for. */
static void end_idle(struct idle *idle)
{
	struct cosocket_pool *pool = idle->pool;

	close_idle(idle);
	cosocket_pool_leave(pool);
}

static void on_idle_time(void *user)
{
	end_idle(user);
}

static void on_idle_ready(void *user, int ready)
{
	struct idle *idle = user;

	(void)ready;
	if (!cosocket_is_quiet(idle->socket))
		end_idle(idle);
}

/* ---- pools ---- */

struct cosocket_pools *cosocket_pools_create(struct cosocket_home *home)
{
	struct cosocket_pools *pools = calloc(1, sizeof(*pools));

	if (pools != NULL)
		pools->reactor = home->reactor;
	return pools;
}

void cosocket_pools_destroy(struct cosocket_pools *pools)
{
	struct cosocket_pool *pool, *next;

	if (pools == NULL)
		return;
	HASH_ITER (hh, pools->table, pool, next)
		destroy(pool);
	free(pools);
}

struct cosocket_pool *cosocket_pool_find(struct cosocket_pools *pools, const char *key, size_t n)
{
	struct cosocket_pool *pool;

	HASH_FIND(hh, pools->table, key, n, pool);
	return pool;
}

static void end_turn(struct cosocket_turn *turn)
{
	DL_DELETE(turn->pool->turns, turn);
	turn->pool->waiting--;
	turn->pool = NULL;
}

/* Who has waited longest has its turn. */
static void on_wake(void *user)
{
	struct cosocket_pool *pool = user;
	struct cosocket_turn *turn = pool->turns;

	if (turn == NULL || !has_room(pool))
		return;
	end_turn(turn);
	wake(pool); /* looked at once more then: who has its turn now may take what is there */
	turn->fn(turn->user);
}

struct cosocket_pool *cosocket_pool_create(struct cosocket_pools *pools, const char *key, size_t n,
					   size_t size, long backlog)
{
	struct cosocket_pool *pool = calloc(1, sizeof(*pool) + n);

	if (pool == NULL)
		return NULL;
	pool->wake = reactor_timer_create(pools->reactor, on_wake, pool);
	if (pool->wake == NULL) {
		free(pool);
		return NULL;
	}
	pool->pools = pools;
	pool->size = size;
	pool->backlog = backlog;
	pool->key_length = n;
	memcpy(pool->key, key, n);
	HASH_ADD(hh, pools->table, key, n, pool);
	return pool;
}

/* ---- connections ---- */

struct cosocket *cosocket_pool_take(struct cosocket_pool *pool, unsigned *ret_reused)
{
	struct idle *idle = pool->idle;
	struct cosocket *s;

	if (idle == NULL)
		return NULL;
	s = idle->socket;
	*ret_reused = idle->reused;
	drop_idle(idle);
	cosocket_watch(s, 0);
	cosocket_listen(s, NULL, NULL);
	return s;
}

static struct idle *create_idle(struct cosocket_pool *pool, struct cosocket *s)
{
	struct idle *idle = calloc(1, sizeof(*idle));

	if (idle == NULL)
		return NULL;
	idle->timer = reactor_timer_create(pool->pools->reactor, on_idle_time, idle);
	if (idle->timer == NULL) {
		free(idle);
		return NULL;
	}
	idle->pool = pool;
	idle->socket = s;
	DL_PREPEND(pool->idle, idle);
	pool->idle_count++;
	return idle;
}

bool cosocket_pool_put(struct cosocket_pool *pool, struct cosocket *s,
		       const struct cosocket_rest *rest)
{
	struct idle *idle;
	bool is_full = pool->idle_count >= pool->size;

	pool->connections += rest->is_counted ? 0 : 1;
	if (is_full)
		close_idle(pool->idle->prev); /* the last one of the list */
	idle = cosocket_is_quiet(s) ? create_idle(pool, s) : NULL;
	if (idle != NULL) {
		idle->reused = rest->reused;
		cosocket_listen(s, on_idle_ready, idle);
		cosocket_watch(s, COSOCKET_READ);
		if (rest->seconds > 0)
			reactor_timer_start(idle->timer, rest->seconds, 0);
	} else {
		cosocket_close(s);
	}
	if (idle != NULL)
		wake(pool);
	if (is_full)
		cosocket_pool_leave(pool);
	if (idle == NULL)
		cosocket_pool_leave(pool);
	return idle != NULL;
}

enum cosocket_room cosocket_pool_enter(struct cosocket_pool *pool)
{
	size_t most = pool->size + (pool->backlog > 0 ? (size_t)pool->backlog : 0);

	if (pool->backlog >= 0 && pool->connections >= most)
		return COSOCKET_NOROOM;
	pool->connections++;
	return pool->backlog >= 0 && pool->connections > pool->size ? COSOCKET_QUEUE
								    : COSOCKET_ROOM;
}

/* ---- who waits ---- */

void cosocket_pool_wait(struct cosocket_pool *pool, struct cosocket_turn *turn)
{
	turn->pool = pool;
	DL_APPEND(pool->turns, turn);
	pool->waiting++;
}

void cosocket_pool_unwait(struct cosocket_turn *turn)
{
	struct cosocket_pool *pool = turn->pool;

	if (pool == NULL)
		return;
	end_turn(turn);
	cosocket_pool_leave(pool);
}
