/* value.h - one tagged value, shared by Lua, C and both wires.
 *
 * Glossary: a *str* is text or bytes (the gateway sends Lua strings), a *bin* is bytes the wire marked
 * as such; both are byte strings with a length and need no NUL. An *array* is counted items, a *map*
 * counted pairs whose keys may be any value. An empty array and an empty map are different values.
 *
 * Memory: a value owns nothing. What it points to belongs to an arena or to a receive buffer, as the
 * function that returns it says. */
#ifndef PROTOCOL_VALUE_H
#define PROTOCOL_VALUE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

enum value_type {
	VALUE_NIL = 0,
	VALUE_BOOL,
	VALUE_INT,    /* i */
	VALUE_UINT,   /* u, only for numbers beyond INT64_MAX */
	VALUE_DOUBLE, /* d */
	VALUE_STR,    /* s, len */
	VALUE_BIN,    /* s, len */
	VALUE_ARRAY,  /* items, len */
	VALUE_MAP,    /* pairs, len */
};

struct value_pair;

struct value {
	enum value_type type;
	uint32_t len; /* bytes of a str or bin, items of an array, pairs of a map */
	union {
		bool b;
		int64_t i;
		uint64_t u;
		double d;
		const char *s;
		struct value *items;
		struct value_pair *pairs;
	};
};

struct value_pair {
	struct value key;
	struct value value;
};

static inline struct value value_nil(void)
{
	return (struct value){.type = VALUE_NIL};
}
static inline struct value value_bool(bool b)
{
	return (struct value){.type = VALUE_BOOL, .b = b};
}
static inline struct value value_int(int64_t i)
{
	return (struct value){.type = VALUE_INT, .i = i};
}
/* VALUE_INT where it fits. */
static inline struct value value_uint(uint64_t u)
{
	if (u <= INT64_MAX)
		return value_int((int64_t)u);
	return (struct value){.type = VALUE_UINT, .u = u};
}
static inline struct value value_double(double d)
{
	return (struct value){.type = VALUE_DOUBLE, .d = d};
}
/* Borrows the bytes. */
static inline struct value value_strn(const char *s, size_t len)
{
	return (struct value){.type = VALUE_STR, .len = (uint32_t)len, .s = s};
}
/* Borrows a NUL-terminated text. */
static inline struct value value_str(const char *s)
{
	return value_strn(s, strlen(s));
}
/* A number as the gateway's Lua has it: an integer where it is integral and fits, else a double. */
struct value value_number(double d);
static inline bool value_is_text(const struct value *v)
{
	return v->type == VALUE_STR || v->type == VALUE_BIN;
}
static inline bool value_is_number(const struct value *v)
{
	return v->type == VALUE_INT || v->type == VALUE_UINT || v->type == VALUE_DOUBLE;
}
static inline bool value_is_table(const struct value *v)
{
	return v->type == VALUE_ARRAY || v->type == VALUE_MAP;
}
/* Any number as a double; 0 for other types. */
double value_to_double(const struct value *v);
/* Any number type with an integral value that fits: true and *ret. */
bool value_to_int(const struct value *v, int64_t *ret);
/* "string", "map" and so on, for error texts. */
const char *value_type_name(enum value_type type);
/* Whether v is a str or bin with exactly these bytes. */
bool value_text_is(const struct value *v, const char *s);
/* The value under a text key of a map, or NULL (also when `map` is no map). Borrowed from the map. */
const struct value *value_map_get(const struct value *map, const char *key);
/* Arrays and maps of n zeroed entries in the arena. 0 or -E_NOMEM. */
int value_new_array(struct arena *arena, size_t n, struct value *ret);
int value_new_map(struct arena *arena, size_t n, struct value *ret);
/* A deep copy whose memory is all in the arena. 0, -E_NOMEM. */
int value_copy(struct arena *arena, const struct value *v, struct value *ret);
/* Whether two values are equal to the letter: types included, numbers by bits, maps in any order
 * (a map that has a key twice is compared as well as that can be). */
bool value_equal(const struct value *a, const struct value *b);

#endif
