#include "protocol/buf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"

#define FIRST_SIZE ((size_t)512)

void buf_init(struct buf *b, const struct buf_mem *mem)
{
	*b = (struct buf){.mem = mem};
}

static void *resize(const struct buf *b, size_t size)
{
	if (b->mem != NULL)
		return b->mem->resize(b->mem->user, b->data, b->cap, size);
	if (size != 0)
		return realloc(b->data, size);
	free(b->data);
	return NULL;
}

void buf_fini(struct buf *b)
{
	if (b == NULL)
		return;
	if (b->data != NULL)
		resize(b, 0);
	buf_init(b, b->mem);
}

static void move_to_front(struct buf *b)
{
	size_t len = buf_len(b);

	if (b->start == 0)
		return;
	memmove(b->data, b->data + b->start, len);
	b->start = 0;
	b->end = len;
}

bool buf_compact(struct buf *b)
{
	if (b->start == 0 || b->start < buf_len(b))
		return false;
	move_to_front(b);
	return true;
}

static int grow(struct buf *b, size_t need)
{
	size_t cap = b->cap * 2;
	void *data;

	if (cap < FIRST_SIZE)
		cap = FIRST_SIZE;
	if (cap < need)
		cap = need;
	data = resize(b, cap);
	if (data == NULL && cap > need && need > b->cap) {
		cap = need;
		data = resize(b, cap);
	}
	if (data == NULL)
		return -E_NOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

/* Each byte is moved a bounded number of times on the whole: content is moved to the front only when
 * it is shorter than what was consumed before it, or together with doubling the room. */
int buf_make_room(struct buf *b, size_t n)
{
	size_t len = buf_len(b);
	bool cheap = b->start >= len;

	if (n > SIZE_MAX / 2 || len > SIZE_MAX / 2 - n)
		return -E_NOMEM;
	if (b->mem != NULL && b->mem->is_fixed)
		return grow(b, b->end + n);
	move_to_front(b);
	if (cheap && b->cap - b->end >= n)
		return 0;
	return grow(b, len + n) == 0 || b->cap - b->end >= n ? 0 : -E_NOMEM;
}

int buf_append_str(struct buf *b, const char *s)
{
	return buf_append(b, s, strlen(s));
}

int buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || buf_reserve(b, (size_t)n + 1) != 0)
		return -E_NOMEM;
	va_start(args, format);
	vsnprintf((char *)buf_tail(b), (size_t)n + 1, format, args);
	va_end(args);
	buf_commit(b, (size_t)n);
	return 0;
}

void buf_consume(struct buf *b, size_t n)
{
	size_t len = buf_len(b);

	b->start += n < len ? n : len;
	if (b->start != b->end)
		return;
	b->start = b->end = 0;
	if (b->cap > BUF_KEEP)
		buf_fini(b);
}

void buf_truncate(struct buf *b, size_t n)
{
	if (n < buf_len(b))
		b->end = b->start + n;
}
