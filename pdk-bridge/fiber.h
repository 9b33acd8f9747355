/* fiber.h - stackful coroutines: the stack on which one event's handler runs.
 *
 * Glossary: to *park* is to leave the stack as it is and return to the loop; to *resume* is to go back
 * onto it; to *abandon* is never to go back: the stack is recycled, nothing on it is unwound.
 * Stacks are mapped with a guard page below, committed as touched, and pooled.
 * Single-threaded: one scheduler (the loop) and its fibers. Fibers don't nest. */
#ifndef PDK_BRIDGE_FIBER_H
#define PDK_BRIDGE_FIBER_H
#include <stdbool.h>
#include <stddef.h>

struct fiber;

struct fiber_pool {
	struct fiber *idle; /* stacks ready for use */
	size_t idle_count;
	size_t idle_least; /* the least that idle_count was since the last trim */
	size_t idle_keep;  /* as many stay, though nobody uses them */
	size_t stack_size; /* bytes without the guard page */
	size_t live;       /* fibers that are running or parked */
};

#define FIBER_STACK_SIZE ((size_t)2 << 20)

void fiber_pool_init(struct fiber_pool *pool, size_t stack_size, size_t idle_keep);
/* Unmaps the idle stacks. No fiber may be live. */
void fiber_pool_fini(struct fiber_pool *pool);
/* Unmaps the stacks that nobody has used since the last call, but for idle_keep. Call it now and then. */
void fiber_pool_trim(struct fiber_pool *pool);

/* A fiber that will run fn(arg) at its first resume. NULL on lack of memory. */
struct fiber *fiber_create(struct fiber_pool *pool, void (*fn)(void *arg), void *arg);
/* Runs it until it parks or fn returns. From the loop's stack only. Returns true while it is parked,
 * false once fn has returned. */
bool fiber_resume(struct fiber *f);
/* Back to the loop. From a fiber only; returns when it is resumed. */
void fiber_park(void);
/* Recycles the stack of a fiber that has ended or is parked (it is then abandoned). Accepts NULL. */
void fiber_destroy(struct fiber *f);
/* The fiber that runs now, or NULL on the loop's stack. */
struct fiber *fiber_current(void);
/* The arg of fiber_create: the struct pdk_rq of an event's fiber, NULL for a fiber that runs no event
 * (init_worker). */
void *fiber_arg(const struct fiber *f);

#endif
