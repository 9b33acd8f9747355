/* arena.h - memory that is given piece by piece and taken back all at once.
 *
 * An event's values live here; everything goes when the event ends. */
#ifndef PROTOCOL_ARENA_H
#define PROTOCOL_ARENA_H
#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk; /* newest first; NULL while empty */
	size_t used;               /* bytes used of the newest chunk */
	size_t total;              /* bytes of all chunks */
	size_t limit;              /* 0 = none; arena_alloc fails beyond it */
};

/* A zeroed arena is valid, too: empty, without limit. */
void arena_init(struct arena *a, size_t limit);
void arena_fini(struct arena *a);
/* Takes everything back; keeps the first chunk for the next use. */
void arena_reset(struct arena *a);
/* size bytes, aligned for any type; NULL on lack of memory or beyond the limit. */
void *arena_alloc(struct arena *a, size_t size);
/* A copy with a NUL behind it. NULL on lack of memory. */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
