/* mp_bytes.h - for tests of the MessagePack codec: bytes as literals, and what most tests need. */
#ifndef TESTS_UNIT_MP_BYTES_H
#define TESTS_UNIT_MP_BYTES_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* wants those above to come first */

#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/err.h"
#include "protocol/mp.h"

/* Two arguments: the bytes of a literal, and how many. */
#define BYTES(literal) (const unsigned char *)(literal), sizeof(literal) - 1

#define assert_error(rc, name) assert_int_equal(rc, -E_##name)
#define assert_contains(text, part) assert_non_null(strstr(text, part))

static inline void assert_text(const struct value *v, const char *text)
{
	assert_int_equal(v->type, VALUE_STR);
	assert_int_equal(v->len, strlen(text));
	assert_memory_equal(v->s, text, v->len);
}

static inline void assert_bytes(const struct buf *b, const unsigned char *bytes, size_t n)
{
	assert_int_equal(buf_len(b), n);
	assert_memory_equal(buf_head(b), bytes, n);
}

/* Bytes on the heap in memory of their exact size, so that ASan sees a read beyond them. */
static inline unsigned char *exactly(const unsigned char *bytes, size_t n)
{
	unsigned char *copy = malloc(n);

	assert_true(copy != NULL || n == 0);
	if (n != 0)
		memcpy(copy, bytes, n);
	return copy;
}

#endif
