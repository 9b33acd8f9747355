/* fiber_switch.c - see fiber_switch.h. */
#include "pdk-bridge/fiber_switch.h"
#include "pdk-bridge/fiber_sanitize.h"

#ifdef UNDER_TSAN
#define TSAN_CREATE(c) ((c)->tsan = __tsan_create_fiber(0))
#define TSAN_DESTROY(c) __tsan_destroy_fiber((c)->tsan)
#define TSAN_SWITCH(from, to) \
	((from)->tsan = __tsan_get_current_fiber(), __tsan_switch_to_fiber((to)->tsan, 0))
#else
#define TSAN_CREATE(c) ((c)->tsan = NULL)
#define TSAN_DESTROY(c) ((void)(c))
#define TSAN_SWITCH(from, to) ((void)0)
#endif

void fiber_context_fini(struct fiber_context *c)
{
	TSAN_DESTROY(c);
}

#ifdef OUTRIGGER_FIBER_UCONTEXT

void fiber_context_init(struct fiber_context *c, void *bottom, size_t size)
{
	TSAN_CREATE(c);
	getcontext(&c->context);
	c->context.uc_stack.ss_sp = bottom;
	c->context.uc_stack.ss_size = size;
	c->context.uc_link = NULL;
	makecontext(&c->context, fiber_entry, 0);
}

void fiber_context_switch(struct fiber_context *from, struct fiber_context *to)
{
	TSAN_SWITCH(from, to);
	swapcontext(&from->context, &to->context);
}

#else

/* boost-context's assembly. Its header (boost/context/detail/fcontext.hpp) is C++, the functions are C. */
struct transfer {
	void *context; /* the stack that was left for this one */
	void *data;
};
struct transfer jump_fcontext(void *to, void *data);
void *make_fcontext(void *top, size_t size, void (*fn)(struct transfer));

/* Each jump carries the struct of the stack that it leaves, which is filled where it arrives. */
static void arrive(struct transfer t)
{
	((struct fiber_context *)t.data)->context = t.context;
}

static void enter(struct transfer t)
{
	arrive(t);
	fiber_entry();
}

void fiber_context_init(struct fiber_context *c, void *bottom, size_t size)
{
	TSAN_CREATE(c);
	c->context = make_fcontext((char *)bottom + size, size, enter);
}

void fiber_context_switch(struct fiber_context *from, struct fiber_context *to)
{
	TSAN_SWITCH(from, to);
	arrive(jump_fcontext(to->context, from));
}

#endif
