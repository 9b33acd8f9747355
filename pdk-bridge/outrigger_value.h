/* outrigger_value.h - the values that PDK functions take and return. Part of outrigger.h.
 *
 * A value owns nothing. Texts may hold any bytes and have a length; every text that Outrigger hands out
 * has a NUL behind it as well. What PDK functions return lives until the event ends. What a plugin hands
 * in is only read during the call. */
#ifndef OUTRIGGER_VALUE_H
#define OUTRIGGER_VALUE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum outrigger_type {
	OUTRIGGER_NIL = 0,
	OUTRIGGER_BOOL,   /* b */
	OUTRIGGER_INT,    /* i */
	OUTRIGGER_UINT,   /* u, only for numbers beyond INT64_MAX */
	OUTRIGGER_DOUBLE, /* d */
	OUTRIGGER_TEXT,   /* s, len */
	OUTRIGGER_BYTES,  /* s, len: bytes that the wire marks as such; as good as a text */
	OUTRIGGER_ARRAY,  /* items, len */
	OUTRIGGER_MAP     /* pairs, len */
};

struct outrigger_pair;

struct outrigger_value {
	enum outrigger_type type;
	uint32_t len; /* bytes of a text, items of an array, pairs of a map; else 0 */
	union {
		bool b;
		int64_t i;
		uint64_t u;
		double d;
		const char *s;
		const struct outrigger_value *items;
		const struct outrigger_pair *pairs;
	};
};

struct outrigger_pair {
	struct outrigger_value key;
	struct outrigger_value value;
};

/* ---- making them ---- */

/* Nothing: Lua's nil. Also stands for an optional argument that is left out. */
static inline struct outrigger_value outrigger_nil(void)
{
	struct outrigger_value v;

	memset(&v, 0, sizeof(v));
	return v;
}
static inline struct outrigger_value outrigger_bool(bool b)
{
	struct outrigger_value v = outrigger_nil();

	v.type = OUTRIGGER_BOOL;
	v.b = b;
	return v;
}
static inline struct outrigger_value outrigger_int(int64_t i)
{
	struct outrigger_value v = outrigger_nil();

	v.type = OUTRIGGER_INT;
	v.i = i;
	return v;
}
static inline struct outrigger_value outrigger_number(double d)
{
	struct outrigger_value v = outrigger_nil();

	v.type = OUTRIGGER_DOUBLE;
	v.d = d;
	return v;
}
/* Borrows n bytes. */
static inline struct outrigger_value outrigger_bytes(const char *s, size_t n)
{
	struct outrigger_value v = outrigger_nil();

	v.type = OUTRIGGER_TEXT;
	v.len = (uint32_t)n;
	v.s = s;
	return v;
}
/* Borrows a NUL-terminated text. NULL makes nil. */
static inline struct outrigger_value outrigger_text(const char *s)
{
	return s != NULL ? outrigger_bytes(s, strlen(s)) : outrigger_nil();
}
/* Borrows n items. */
static inline struct outrigger_value outrigger_array(const struct outrigger_value *items, size_t n)
{
	struct outrigger_value v = outrigger_nil();

	v.type = OUTRIGGER_ARRAY;
	v.len = (uint32_t)n;
	v.items = items;
	return v;
}
/* Borrows n pairs. */
static inline struct outrigger_value outrigger_map(const struct outrigger_pair *pairs, size_t n)
{
	struct outrigger_value v = outrigger_nil();

	v.type = OUTRIGGER_MAP;
	v.len = (uint32_t)n;
	v.pairs = pairs;
	return v;
}

#endif
