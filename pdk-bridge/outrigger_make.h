/* outrigger_make.h - making values. Part of outrigger.h.
 *
 * They borrow what they are made of, until they are no longer used: pieces on the stack will do for a call. */
#ifndef OUTRIGGER_MAKE_H
#define OUTRIGGER_MAKE_H
#include <string.h>
#include "outrigger_value.h"

/* Nothing: Lua's nil. Also stands for an optional argument that is left out. */
static inline struct outrigger_value outrigger_nil(void)
{
	struct outrigger_value v;

	memset(&v, 0, sizeof(v));
	return v;
}
/* true or false. */
static inline struct outrigger_value outrigger_bool(bool b)
{
	struct outrigger_value v = outrigger_nil();

	v.type = OUTRIGGER_BOOL;
	v.b = b;
	return v;
}
/* An integral number. The gateway counts in doubles: beyond 2^53 it is rounded there. */
static inline struct outrigger_value outrigger_int(int64_t i)
{
	struct outrigger_value v = outrigger_nil();

	v.type = OUTRIGGER_INT;
	v.i = i;
	return v;
}
/* Any number. */
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
/* An entry of a map: {outrigger_entry("Retry-After", outrigger_int(3)), ...}. Borrows both. */
static inline struct outrigger_pair outrigger_entry(const char *key, struct outrigger_value value)
{
	struct outrigger_pair pair;

	pair.key = outrigger_text(key);
	pair.value = value;
	return pair;
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
