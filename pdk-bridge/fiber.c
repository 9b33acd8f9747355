/* fiber.c - fibers and their pool. */
#include "pdk-bridge/fiber.h"
#include <stdlib.h>
#include "pdk-bridge/fiber_sanitize.h"
#include "pdk-bridge/fiber_stack.h"
#include "pdk-bridge/fiber_switch.h"
#include "protocol/lines.h"

enum fiber_state {
	FIBER_NEW, /* never resumed */
	FIBER_PARKED,
	FIBER_RUNNING,
	FIBER_ENDED, /* fn has returned */
};

struct fiber {
	_Alignas(LINE) struct fiber *next_idle;
	struct fiber_pool *pool;
	void (*fn)(void *arg);
	void *arg;
	enum fiber_state state;
	bool abandoned; /* to be left for ever at the next resume */
	struct fiber_context context;
	struct fiber_stack stack;
	struct fiber_shadow shadow;
};

/* The loop's side of the switches. */
static _Thread_local struct {
	struct fiber *current;
	struct fiber_context context;
	struct fiber_shadow shadow;
} loop;

void fiber_pool_init(struct fiber_pool *pool, size_t stack_size, size_t idle_keep)
{
	*pool = (struct fiber_pool){.stack_size = stack_size, .idle_keep = idle_keep};
}

static void unmap_fiber(struct fiber *f)
{
	fiber_stack_unmap(&f->stack);
	free(f);
}

/* Keeps the first ones, which are those last used. */
static void keep_idle(struct fiber_pool *pool, size_t count)
{
	struct fiber **end = &pool->idle, *f;

	for (size_t i = 0; i < count && *end != NULL; i++)
		end = &(*end)->next_idle;
	while ((f = *end) != NULL) {
		*end = f->next_idle;
		pool->idle_count--;
		unmap_fiber(f);
	}
}

void fiber_pool_fini(struct fiber_pool *pool)
{
	if (pool != NULL)
		keep_idle(pool, 0);
}

void fiber_pool_trim(struct fiber_pool *pool)
{
	size_t used = pool->idle_count - pool->idle_least;

	keep_idle(pool, used > pool->idle_keep ? used : pool->idle_keep);
	pool->idle_least = pool->idle_count;
}

static struct fiber *map_fiber(struct fiber_pool *pool)
{
	struct fiber *f = lines_alloc(sizeof(*f));

	if (f != NULL && fiber_stack_map(pool->stack_size, &f->stack) == 0)
		return f;
	free(f);
	return NULL;
}

static struct fiber *take_idle(struct fiber_pool *pool)
{
	struct fiber *f = pool->idle;

	if (f == NULL)
		return map_fiber(pool);
	pool->idle = f->next_idle;
	if (--pool->idle_count < pool->idle_least)
		pool->idle_least = pool->idle_count;
	return f;
}

struct fiber *fiber_create(struct fiber_pool *pool, void (*fn)(void *arg), void *arg)
{
	struct fiber *f = take_idle(pool);

	if (f == NULL)
		return NULL;
	f->pool = pool;
	f->fn = fn;
	f->arg = arg;
	f->state = FIBER_NEW;
	f->abandoned = false;
	fiber_shadow_init(&f->shadow, f->stack.bottom, f->stack.size);
	fiber_context_init(&f->context, f->stack.bottom, f->stack.size);
	pool->live++;
	return f;
}

/* Leaves a fiber that will never be resumed. */
static _Noreturn void leave_for_ever(struct fiber *f)
{
	f->state = FIBER_ENDED;
	fiber_shadow_leave(NULL, &loop.shadow);
	fiber_context_switch(&f->context, &loop.context);
	abort(); /* resumed although it has ended */
}

void fiber_entry(void)
{
	struct fiber *f = loop.current;

	fiber_shadow_enter(&f->shadow, &loop.shadow);
	f->fn(f->arg);
	leave_for_ever(f);
}

static void switch_to(struct fiber *f)
{
	f->state = FIBER_RUNNING;
	loop.current = f;
	fiber_shadow_leave(&loop.shadow, &f->shadow);
	fiber_context_switch(&loop.context, &f->context);
	fiber_shadow_enter(&loop.shadow, NULL);
	loop.current = NULL;
}

bool fiber_resume(struct fiber *f)
{
	if (loop.current != NULL || f->state == FIBER_ENDED)
		abort(); /* fibers don't nest */
	switch_to(f);
	return f->state == FIBER_PARKED;
}

void fiber_park(void)
{
	struct fiber *f = loop.current;

	if (f == NULL)
		abort(); /* nothing to go back to */
	f->state = FIBER_PARKED;
	fiber_shadow_leave(&f->shadow, &loop.shadow);
	fiber_context_switch(&f->context, &loop.context);
	fiber_shadow_enter(&f->shadow, &loop.shadow);
	if (f->abandoned)
		leave_for_ever(f);
}

/* ASan keeps memory of its own for each stack and takes it back only when that stack itself is left for
 * the last time. */
static void abandon(struct fiber *f)
{
#ifdef UNDER_ASAN
	if (f->state != FIBER_PARKED)
		return;
	f->abandoned = true;
	switch_to(f);
#else
	f->state = FIBER_ENDED;
#endif
}

void fiber_destroy(struct fiber *f)
{
	struct fiber_pool *pool;

	if (f == NULL)
		return;
	if (f == loop.current)
		abort(); /* it stands on this very stack */
	abandon(f);
	pool = f->pool;
	pool->live--;
	fiber_shadow_fini(&f->shadow);
	fiber_context_fini(&f->context);
	fiber_stack_recycle(&f->stack);
	f->next_idle = pool->idle;
	pool->idle = f;
	pool->idle_count++;
}

struct fiber *fiber_current(void)
{
	return loop.current;
}

void *fiber_arg(const struct fiber *f)
{
	return f->arg;
}
