#include "protocol/arena.h"
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/sanitize.h"

/* What of an arena's memory was not given, or was taken back, is forbidden (sanitize.h). */

#define FIRST_CHUNK ((size_t)4 << 10)
#define LARGEST_CHUNK ((size_t)1 << 20) /* but for a single piece that is larger */

struct arena_chunk {
	struct arena_chunk *older;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){.limit = limit};
}

static void free_chunk(struct arena_chunk *chunk)
{
	if (chunk != NULL)
		ALLOW_MEMORY(chunk->bytes, chunk->size);
	free(chunk);
}

static struct arena_chunk *free_until_first(struct arena_chunk *chunk)
{
	while (chunk != NULL && chunk->older != NULL) {
		struct arena_chunk *older = chunk->older;

		free_chunk(chunk);
		chunk = older;
	}
	return chunk;
}

void arena_fini(struct arena *a)
{
	if (a == NULL)
		return;
	free_chunk(free_until_first(a->chunk));
	arena_init(a, a->limit);
}

void arena_reset(struct arena *a)
{
	a->chunk = free_until_first(a->chunk);
	a->used = 0;
	a->total = a->chunk != NULL ? a->chunk->size : 0;
	if (a->chunk != NULL)
		FORBID_MEMORY(a->chunk->bytes, a->chunk->size);
}

/* How large the next chunk is to be for a piece of `size` bytes: as much as there is already, so that
 * the number of chunks grows with the logarithm only. 0 if the limit forbids the piece. */
static size_t next_size(const struct arena *a, size_t size)
{
	size_t room = a->limit != 0 ? a->limit - a->total : SIZE_MAX - sizeof(struct arena_chunk);
	size_t wanted = a->total < FIRST_CHUNK ? FIRST_CHUNK : a->total;

	if (size > room)
		return 0;
	if (wanted > LARGEST_CHUNK)
		wanted = LARGEST_CHUNK;
	if (wanted < size)
		wanted = size;
	return wanted < room ? wanted : room;
}

static struct arena_chunk *add_chunk(struct arena *a, size_t size)
{
	size_t chunk_size = next_size(a, size);
	struct arena_chunk *chunk;

	if (chunk_size == 0)
		return NULL;
	chunk = malloc(sizeof(*chunk) + chunk_size);
	if (chunk == NULL)
		return NULL;
	chunk->older = NULL;
	chunk->size = chunk_size;
	FORBID_MEMORY(chunk->bytes, chunk_size);
	a->total += chunk_size;
	return chunk;
}

/* A piece with a chunk of its own goes behind the newest chunk, whose rest stays in use. */
static void *alloc_apart(struct arena *a, size_t size)
{
	struct arena_chunk *chunk = add_chunk(a, size);

	if (chunk == NULL)
		return NULL;
	chunk->older = a->chunk->older;
	a->chunk->older = chunk;
	return chunk->bytes;
}

/* A piece for which the newest chunk has no room. `size` is a multiple of the alignment. */
static __attribute__((noinline)) void *take_elsewhere(struct arena *a, size_t size)
{
	struct arena_chunk *chunk;

	if (a->chunk != NULL && size >= LARGEST_CHUNK)
		return alloc_apart(a, size);
	chunk = add_chunk(a, size);
	if (chunk == NULL)
		return NULL;
	chunk->older = a->chunk;
	a->chunk = chunk;
	a->used = size;
	return chunk->bytes;
}

static void *take_piece(struct arena *a, size_t size)
{
	struct arena_chunk *chunk = a->chunk;
	void *piece;

	if (chunk == NULL || size > chunk->size - a->used)
		return take_elsewhere(a, size);
	piece = chunk->bytes + a->used;
	a->used += size;
	return piece;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	void *piece;

	if (size > SIZE_MAX / 2)
		return NULL;
	piece = take_piece(a, size == 0 ? align : (size + align - 1) / align * align);
	if (piece != NULL)
		ALLOW_MEMORY(piece, size);
	return piece;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;

	if (copy == NULL)
		return NULL;
	if (n != 0)
		memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = n >= 0 ? arena_alloc(a, (size_t)n + 1) : NULL;
	if (text == NULL)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}
