/* fiber_stack.h - the memory that a fiber runs on: mapped, guarded, given back when it was used deeply. */
#ifndef PDK_BRIDGE_FIBER_STACK_H
#define PDK_BRIDGE_FIBER_STACK_H
#include <stddef.h>

struct fiber_stack {
	void *bottom;      /* lowest usable byte; the guard page is below */
	size_t size;       /* usable bytes */
	unsigned recycled; /* times used since memory was last given back */
};

/* The bytes at the top that a recycled stack keeps in memory. */
#define FIBER_STACK_KEEP ((size_t)64 << 10)

/* Maps `size` bytes (rounded up to pages) above a guard page. 0 or -E_NOMEM. */
int fiber_stack_map(size_t size, struct fiber_stack *ret);
void fiber_stack_unmap(struct fiber_stack *s);
/* Gives the memory below the part that is kept back to the system if the stack went that deep. */
void fiber_stack_recycle(struct fiber_stack *s);

#endif
