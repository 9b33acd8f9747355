/* fiber_switch.h - going from one stack to another, by boost-context's C entry points or by ucontext
 * (OUTRIGGER_FIBER_UCONTEXT), which costs two system calls a switch but is everywhere. */
#ifndef PDK_BRIDGE_FIBER_SWITCH_H
#define PDK_BRIDGE_FIBER_SWITCH_H
#include <stddef.h>

#ifdef OUTRIGGER_FIBER_UCONTEXT
#include <ucontext.h>
#endif

/* A stack that is left, or not yet entered. */
struct fiber_context {
#ifdef OUTRIGGER_FIBER_UCONTEXT
	ucontext_t context;
#else
	void *context;
#endif
	void *tsan; /* ThreadSanitizer's fiber */
};

/* Where every new stack begins (fiber.c). Never returns. */
void fiber_entry(void);
/* Makes `c` enter fiber_entry on the stack of `size` bytes that begins at `bottom`. */
void fiber_context_init(struct fiber_context *c, void *bottom, size_t size);
/* Forgets a context that was initialised and won't be switched to again. */
void fiber_context_fini(struct fiber_context *c);
/* Leaves the stack that runs as `from` and goes on with `to`. Returns when somebody switches to `from`. */
void fiber_context_switch(struct fiber_context *from, struct fiber_context *to);

#endif
