/* lines.h - memory that begins where a line of the processor's cache does.
 *
 * For what each step of an event touches: with hundreds in flight every line costs a wait for memory. So what
 * a step needs comes first in such a struct, what it does not need last, and none begins in the middle of a
 * line. */
#ifndef PROTOCOL_LINES_H
#define PROTOCOL_LINES_H
#include <stdlib.h>
#include <string.h>

#define LINE 64 /* bytes; for _Alignas */

/* Zeroed memory for a struct that is aligned to LINE; NULL on lack of it. For free(). */
static inline void *lines_alloc(size_t size)
{
	void *memory = aligned_alloc(LINE, size);

	return memory != NULL ? memset(memory, 0, size) : NULL;
}

#endif
