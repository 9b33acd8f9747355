#include "protocol/value.h"
#include <math.h>
#include <string.h>
#include "protocol/arena.h"
#include "protocol/err.h"

#define TWO_63 9223372036854775808.0

static bool is_exact_int(double d)
{
	return d >= -TWO_63 && d < TWO_63 && (double)(int64_t)d == d;
}

struct value value_number(double d)
{
	if (!is_exact_int(d) || (d == 0 && signbit(d)))
		return value_double(d);
	return value_int((int64_t)d);
}

double value_to_double(const struct value *v)
{
	switch (v->type) {
	case VALUE_INT:
		return (double)v->i;
	case VALUE_UINT:
		return (double)v->u;
	case VALUE_DOUBLE:
		return v->d;
	default:
		return 0;
	}
}

bool value_to_int(const struct value *v, int64_t *ret)
{
	if (v->type == VALUE_INT)
		*ret = v->i;
	else if (v->type == VALUE_UINT && v->u <= INT64_MAX)
		*ret = (int64_t)v->u;
	else if (v->type == VALUE_DOUBLE && is_exact_int(v->d))
		*ret = (int64_t)v->d;
	else
		return false;
	return true;
}

const char *value_type_name(enum value_type type)
{
	static const char *const names[] = {
		[VALUE_NIL] = "nil",      [VALUE_BOOL] = "boolean",  [VALUE_INT] = "integer",
		[VALUE_UINT] = "integer", [VALUE_DOUBLE] = "number", [VALUE_STR] = "string",
		[VALUE_BIN] = "binary",   [VALUE_ARRAY] = "array",   [VALUE_MAP] = "map",
	};

	return names[type];
}

static bool same_bytes(const char *a, const char *b, size_t n)
{
	return n == 0 || memcmp(a, b, n) == 0;
}

static bool text_is(const struct value *v, const char *s, size_t len)
{
	return v->len == len && value_is_text(v) && same_bytes(v->s, s, len);
}

bool value_text_is(const struct value *v, const char *s)
{
	return text_is(v, s, strlen(s));
}

const struct value *value_map_get(const struct value *map, const char *key)
{
	size_t len = strlen(key);

	if (map->type != VALUE_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->len; i++)
		if (text_is(&map->pairs[i].key, key, len))
			return &map->pairs[i].value;
	return NULL;
}

/* n zeroed entries of `size` bytes each, or NULL. No entries need no memory. */
static int new_entries(struct arena *arena, size_t n, size_t size, void **ret)
{
	void *entries = NULL;

	if (n > UINT32_MAX || n > SIZE_MAX / size)
		return -E_NOMEM;
	if (n != 0) {
		entries = arena_alloc(arena, n * size);
		if (entries == NULL)
			return -E_NOMEM;
		memset(entries, 0, n * size);
	}
	*ret = entries;
	return 0;
}

int value_new_array(struct arena *arena, size_t n, struct value *ret)
{
	void *items;
	int rc = new_entries(arena, n, sizeof(struct value), &items);

	if (rc == 0)
		*ret = (struct value){.type = VALUE_ARRAY, .len = (uint32_t)n, .items = items};
	return rc;
}

int value_new_map(struct arena *arena, size_t n, struct value *ret)
{
	void *pairs;
	int rc = new_entries(arena, n, sizeof(struct value_pair), &pairs);

	if (rc == 0)
		*ret = (struct value){.type = VALUE_MAP, .len = (uint32_t)n, .pairs = pairs};
	return rc;
}

static int copy_text(struct arena *arena, const struct value *v, struct value *ret)
{
	char *s = arena_strndup(arena, v->s, v->len);

	if (s == NULL)
		return -E_NOMEM;
	*ret = *v;
	ret->s = s;
	return 0;
}

static int copy_array(struct arena *arena, const struct value *v, struct value *ret)
{
	struct value copy;
	int rc = value_new_array(arena, v->len, &copy);

	for (uint32_t i = 0; rc == 0 && i < v->len; i++)
		rc = value_copy(arena, &v->items[i], &copy.items[i]);
	if (rc == 0)
		*ret = copy;
	return rc;
}

static int copy_map(struct arena *arena, const struct value *v, struct value *ret)
{
	struct value copy;
	int rc = value_new_map(arena, v->len, &copy);

	for (uint32_t i = 0; rc == 0 && i < v->len; i++) {
		rc = value_copy(arena, &v->pairs[i].key, &copy.pairs[i].key);
		if (rc == 0)
			rc = value_copy(arena, &v->pairs[i].value, &copy.pairs[i].value);
	}
	if (rc == 0)
		*ret = copy;
	return rc;
}

int value_copy(struct arena *arena, const struct value *v, struct value *ret)
{
	switch (v->type) {
	case VALUE_STR:
	case VALUE_BIN:
		return copy_text(arena, v, ret);
	case VALUE_ARRAY:
		return copy_array(arena, v, ret);
	case VALUE_MAP:
		return copy_map(arena, v, ret);
	default:
		*ret = *v;
		return 0;
	}
}

static bool equal_arrays(const struct value *a, const struct value *b)
{
	for (uint32_t i = 0; i < a->len; i++)
		if (!value_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static bool equal_pairs(const struct value_pair *a, const struct value_pair *b)
{
	return value_equal(&a->key, &b->key) && value_equal(&a->value, &b->value);
}

static bool has_pair(const struct value *map, const struct value_pair *pair, uint32_t likely)
{
	if (equal_pairs(&map->pairs[likely], pair))
		return true;
	for (uint32_t i = 0; i < map->len; i++)
		if (i != likely && equal_pairs(&map->pairs[i], pair))
			return true;
	return false;
}

static bool equal_maps(const struct value *a, const struct value *b)
{
	for (uint32_t i = 0; i < a->len; i++)
		if (!has_pair(b, &a->pairs[i], i))
			return false;
	return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NIL:
		return true;
	case VALUE_BOOL:
		return a->b == b->b;
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_DOUBLE: /* by its bits: NaN equals itself, -0 is not 0 */
		return a->u == b->u;
	case VALUE_STR:
	case VALUE_BIN:
		return a->len == b->len && same_bytes(a->s, b->s, a->len);
	case VALUE_ARRAY:
		return a->len == b->len && equal_arrays(a, b);
	case VALUE_MAP:
		return a->len == b->len && equal_maps(a, b);
	}
	return false;
}
