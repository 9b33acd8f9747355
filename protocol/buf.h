/* buf.h - growable bytes with a read position: what a connection has received or has yet to send.
 *
 * The bytes may live elsewhere than on the heap (shared memory, say): the owner then gives a
 * struct buf_mem at buf_init, and only that grows and frees. */
#ifndef PROTOCOL_BUF_H
#define PROTOCOL_BUF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BUF_KEEP ((size_t)64 << 10) /* room that an emptied buffer keeps */

/* Where a buffer's bytes live. resize returns the new place (old content kept up to the smaller
 * size; size 0 frees and returns NULL), or NULL on lack of room (the old place stays valid then).
 * Where others may look at the content at any time (`is_fixed`), the place never changes and what is not
 * consumed stays where it is but for buf_compact. */
struct buf_mem {
	void *(*resize)(void *user, void *old, size_t old_size, size_t new_size);
	void *user;
	bool is_fixed;
};

struct buf {
	unsigned char *data; /* NULL while cap is 0 */
	size_t start;        /* first byte not yet consumed */
	size_t end;          /* one past the last byte */
	size_t cap;
	const struct buf_mem *mem; /* borrowed; NULL = heap */
};

/* `mem` may be NULL (heap). A zeroed buf is a valid empty heap buffer too. */
void buf_init(struct buf *b, const struct buf_mem *mem);
void buf_fini(struct buf *b);
static inline size_t buf_len(const struct buf *b)
{
	return b->end - b->start;
}
static inline unsigned char *buf_head(const struct buf *b)
{
	return b->data ? b->data + b->start : NULL;
}
/* What buf_reserve does where there is no room. */
int buf_make_room(struct buf *b, size_t n);
/* Makes room for n more bytes at the end (moving or growing: pointers into the content are void then).
 * 0 or -E_NOMEM. */
static inline int buf_reserve(struct buf *b, size_t n)
{
	return b->cap - b->end >= n ? 0 : buf_make_room(b, n);
}
/* Where the next byte goes; after writing up to the reserved room, buf_commit. */
static inline unsigned char *buf_tail(const struct buf *b)
{
	return b->data + b->end;
}
static inline void buf_commit(struct buf *b, size_t n)
{
	b->end += n;
}
/* The same for what was written up to there. */
static inline void buf_commit_to(struct buf *b, const unsigned char *end)
{
	b->end = (size_t)(end - b->data);
}
/* Appends. 0 or -E_NOMEM (then nothing is appended). `bytes` must not be in the buffer itself. */
static inline int buf_append(struct buf *b, const void *bytes, size_t n)
{
	int rc = buf_reserve(b, n);

	if (rc != 0 || n == 0)
		return rc;
	memcpy(buf_tail(b), bytes, n);
	buf_commit(b, n);
	return 0;
}
int buf_append_str(struct buf *b, const char *s);
int buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Drops n bytes (at most all) from the start. A buffer that is empty then and has grown beyond BUF_KEEP
 * gives its room back. */
void buf_consume(struct buf *b, size_t n);
/* Moves the content to the front where that leaves it readable in its old place too, until something is
 * appended. Whether it has. */
bool buf_compact(struct buf *b);
/* Cuts the content to its first n bytes after start (undoing an append). */
void buf_truncate(struct buf *b, size_t n);

#endif
