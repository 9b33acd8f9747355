/* fiber_stack.c - see fiber_stack.h. */
#include "pdk-bridge/fiber_stack.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include "protocol/err.h"

/* Frames that leave the watched page unwritten are caught by giving memory back now and then anyway. */
#define RECYCLES_UNTIL_TRIM 64
#define LOOK_AT ((size_t)64)    /* bytes: a line of the processor's cache */
#define LOOK_FAR ((size_t)2048) /* ... below the kept part; less than any page */

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

int fiber_stack_map(size_t size, struct fiber_stack *ret)
{
	size_t page = page_size();
	size_t usable = (size + page - 1) / page * page;
	void *base = mmap(NULL, usable + page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (base == MAP_FAILED)
		return -E_NOMEM;
	if (mprotect(base, page, PROT_NONE) != 0) {
		munmap(base, usable + page);
		return -E_NOMEM;
	}
	/* A huge page would commit the whole stack at its first touch. */
	madvise(base, usable + page, MADV_NOHUGEPAGE);
	*ret = (struct fiber_stack){.bottom = (char *)base + page, .size = usable};
	return 0;
}

void fiber_stack_unmap(struct fiber_stack *s)
{
	size_t page = page_size();

	munmap((char *)s->bottom - page, s->size + page);
}

static bool holds_anything(const char *at)
{
	uintptr_t found = 0;

	for (const char *end = at + LOOK_AT; at < end; at += sizeof(found))
		found |= *(const uintptr_t *)(const void *)at;
	return found != 0;
}

/* Fresh memory is zero, and reading it commits nothing: so a page below the kept part that holds anything
 * says that the stack went that deep. Two lines of it do, since few calls leave that much unwritten: to have
 * all of the page in the processor's cache for each event would cost more than it finds. */
static bool went_deep(const struct fiber_stack *s, size_t below)
{
	const char *end = (const char *)s->bottom + below;

	return holds_anything(end - LOOK_AT) || holds_anything(end - LOOK_FAR);
}

void fiber_stack_recycle(struct fiber_stack *s)
{
	size_t below;

	if (s->size <= FIBER_STACK_KEEP)
		return;
	below = s->size - FIBER_STACK_KEEP;
	if (++s->recycled < RECYCLES_UNTIL_TRIM && !went_deep(s, below))
		return;
	madvise(s->bottom, below, MADV_DONTNEED);
	s->recycled = 0;
}
