/* fiber_sanitize.h - tells AddressSanitizer and ThreadSanitizer about stack switches; nothing otherwise.
 *
 * ThreadSanitizer keeps the calls of each fiber on a list of its own, so its switch has to stand in the
 * very function that switches stacks (fiber_switch.c). */
#ifndef PDK_BRIDGE_FIBER_SANITIZE_H
#define PDK_BRIDGE_FIBER_SANITIZE_H
#include <stddef.h>
#include "protocol/sanitize.h"

#ifdef UNDER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef UNDER_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* What a sanitizer knows of one stack. Zeroed = nothing yet. */
struct fiber_shadow {
	void *fake_stack;   /* ASan's, while the stack is left */
	const void *bottom; /* lowest byte of the stack */
	size_t size;
};

/* To be called before a switch to `to`. `from` = NULL: the stack that is left won't be used again. */
static inline void fiber_shadow_leave(struct fiber_shadow *from, const struct fiber_shadow *to)
{
	(void)from;
	(void)to;
#ifdef UNDER_ASAN
	__sanitizer_start_switch_fiber(from ? &from->fake_stack : NULL, to->bottom, to->size);
#endif
}

/* To be called first thing on the stack that was switched to. `self` is that stack; where `ret_from` is
 * not NULL, it learns the bounds of the stack that was left. */
static inline void fiber_shadow_enter(struct fiber_shadow *self, struct fiber_shadow *ret_from)
{
	(void)self;
	(void)ret_from;
#ifdef UNDER_ASAN
	__sanitizer_finish_switch_fiber(self->fake_stack, ret_from ? &ret_from->bottom : NULL,
					ret_from ? &ret_from->size : NULL);
	self->fake_stack = NULL;
#endif
}

static inline void fiber_shadow_init(struct fiber_shadow *s, void *bottom, size_t size)
{
	(void)s;
	(void)bottom;
	(void)size;
#ifdef UNDER_ASAN
	*s = (struct fiber_shadow){.bottom = bottom, .size = size};
	__asan_unpoison_memory_region(bottom, size);
#endif
}

static inline void fiber_shadow_fini(struct fiber_shadow *s)
{
	(void)s;
#ifdef UNDER_ASAN
	__asan_unpoison_memory_region(s->bottom, s->size);
#endif
}

#endif
