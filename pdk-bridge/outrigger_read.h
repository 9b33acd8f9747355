/* outrigger_read.h - looking into values. Part of outrigger.h.
 *
 * NULL is as good as nil, so that what is deep inside can be asked for in one go:
 * outrigger_get_text(outrigger_get(outrigger_get(&v, "user"), "name")). */
#ifndef OUTRIGGER_READ_H
#define OUTRIGGER_READ_H
#include <string.h>
#include "outrigger_value.h"

/* Whether it is a text, also one with NULs. */
static inline bool outrigger_is_text(const struct outrigger_value *v)
{
	return v != NULL && (v->type == OUTRIGGER_TEXT || v->type == OUTRIGGER_BYTES);
}
/* The text of a value that came from Outrigger (it has a NUL behind it), or NULL. */
static inline const char *outrigger_get_text(const struct outrigger_value *v)
{
	return outrigger_is_text(v) ? v->s : NULL;
}
/* Any number as a double; 0 for other types. */
static inline double outrigger_get_number(const struct outrigger_value *v)
{
	if (v == NULL)
		return 0;
	if (v->type == OUTRIGGER_INT)
		return (double)v->i;
	if (v->type == OUTRIGGER_UINT)
		return (double)v->u;
	return v->type == OUTRIGGER_DOUBLE ? v->d : 0;
}
/* A number with an integral value as an integer; 0 for other numbers and types. */
static inline int64_t outrigger_get_int(const struct outrigger_value *v)
{
	double d = outrigger_get_number(v);

	if (v != NULL && v->type == OUTRIGGER_INT)
		return v->i;
	if (!(d >= -9007199254740992.0 && d <= 9007199254740992.0) || (double)(int64_t)d != d)
		return 0;
	return (int64_t)d;
}
/* What Lua takes for true: anything but nil and false. */
static inline bool outrigger_get_bool(const struct outrigger_value *v)
{
	if (v == NULL)
		return false;
	return v->type == OUTRIGGER_BOOL ? v->b : v->type != OUTRIGGER_NIL;
}
/* The value under a text key of a map, borrowed; NULL if there is none, or `map` is no map. */
static inline const struct outrigger_value *outrigger_get(const struct outrigger_value *map,
							  const char *key)
{
	size_t n = strlen(key);
	uint32_t i;

	if (map == NULL || map->type != OUTRIGGER_MAP)
		return NULL;
	for (i = 0; i < map->len; i++) {
		const struct outrigger_value *k = &map->pairs[i].key;

		if (outrigger_is_text(k) && k->len == n && memcmp(k->s, key, n) == 0)
			return &map->pairs[i].value;
	}
	return NULL;
}
/* The element of an array, counted from 0, borrowed; NULL if there is none, or `array` is no array. */
static inline const struct outrigger_value *outrigger_at(const struct outrigger_value *array,
							 size_t index)
{
	if (array == NULL || array->type != OUTRIGGER_ARRAY || index >= array->len)
		return NULL;
	return &array->items[index];
}

#endif
