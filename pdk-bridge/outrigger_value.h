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

#endif
