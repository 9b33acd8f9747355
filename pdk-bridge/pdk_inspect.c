/* pdk_inspect.c - see pdk_inspect.h. */
#include "pdk-bridge/pdk_inspect.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk_lua.h"
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/err.h"

struct writer {
	struct arena *arena;
	struct buf out;
	int depth;
	int rc;
};

static void put(struct writer *w, const char *s, size_t n)
{
	if (w->rc == 0)
		w->rc = buf_append(&w->out, s, n);
}

static void put_str(struct writer *w, const char *s)
{
	put(w, s, strlen(s));
}

static void put_line(struct writer *w)
{
	int i;

	put_str(w, "\n");
	for (i = 0; i < w->depth; i++)
		put_str(w, "  ");
}

static void put_escaped(struct writer *w, unsigned char c, char quote)
{
	static const char *const names[] = {
		"\\a", "\\b", "\\t", "\\n", "\\v", "\\f", "\\r",
	};

	if (c >= 7 && c <= 13)
		put_str(w, names[c - 7]);
	else if (c == '\\' || c == (unsigned char)quote)
		put(w, (char[]){'\\', (char)c}, 2);
	else if ((c < 32 || c == 127) && w->rc == 0)
		w->rc = buf_printf(&w->out, "\\%d", c);
	else
		put(w, (const char *)&c, 1);
}

/* Quotes by " or, where the text has that and not the other, by '. */
static void put_text(struct writer *w, const struct value *v)
{
	char quote = '"';
	uint32_t i;

	if (v->len > 0 && memchr(v->s, '"', v->len) && !memchr(v->s, '\'', v->len))
		quote = '\'';
	put(w, &quote, 1);
	for (i = 0; i < v->len; i++)
		put_escaped(w, (unsigned char)v->s[i], quote);
	put(w, &quote, 1);
}

static bool is_identifier(const struct value *v)
{
	uint32_t i;

	if (!value_is_text(v) || v->len == 0 || isdigit((unsigned char)v->s[0]))
		return false;
	for (i = 0; i < v->len; i++)
		if (!isalnum((unsigned char)v->s[i]) && v->s[i] != '_')
			return false;
	return true;
}

static void put_value(struct writer *w, const struct value *v);

static void put_key(struct writer *w, const struct value *key)
{
	if (is_identifier(key)) {
		put(w, key->s, key->len);
	} else {
		put_str(w, "[");
		put_value(w, key);
		put_str(w, "]");
	}
	put_str(w, " = ");
}

struct sorted {
	const struct value_pair *pair;
};

/* Numbers come before texts. */
static int compare_pairs(const void *one, const void *two)
{
	const struct value *a = &((const struct sorted *)one)->pair->key;
	const struct value *b = &((const struct sorted *)two)->pair->key;
	double number = value_to_double(a), other = value_to_double(b);
	int order;

	if (!value_is_text(a) || !value_is_text(b))
		return value_is_text(a) != value_is_text(b) ? (value_is_text(a) ? 1 : -1)
							    : (number > other) - (number < other);
	order = memcmp(a->s, b->s, a->len < b->len ? a->len : b->len);
	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static struct sorted *sort_pairs(struct writer *w, const struct value *map)
{
	struct sorted *pairs = arena_alloc(w->arena, (map->len + 1) * sizeof(*pairs));
	uint32_t i;

	for (i = 0; pairs != NULL && i < map->len; i++)
		pairs[i].pair = &map->pairs[i];
	if (pairs == NULL)
		w->rc = -E_NOMEM;
	else
		qsort(pairs, map->len, sizeof(*pairs), compare_pairs);
	return pairs;
}

static void put_map(struct writer *w, const struct value *map)
{
	struct sorted *pairs = sort_pairs(w, map);
	uint32_t i;

	put_str(w, "{");
	w->depth++;
	for (i = 0; pairs != NULL && i < map->len; i++) {
		if (i > 0)
			put_str(w, ",");
		put_line(w);
		put_key(w, &pairs[i].pair->key);
		put_value(w, &pairs[i].pair->value);
	}
	w->depth--;
	if (map->len > 0)
		put_line(w);
	put_str(w, "}");
}

static void put_array(struct writer *w, const struct value *array)
{
	uint32_t i;

	put_str(w, "{");
	w->depth++;
	for (i = 0; i < array->len; i++) {
		put_str(w, i > 0 ? ", " : " ");
		put_value(w, &array->items[i]);
	}
	w->depth--;
	put_str(w, array->len > 0 ? " }" : "}");
}

static void put_value(struct writer *w, const struct value *v)
{
	char buf[64];

	if (v->type == VALUE_MAP)
		put_map(w, v);
	else if (v->type == VALUE_ARRAY)
		put_array(w, v);
	else if (value_is_text(v))
		put_text(w, v);
	else
		put_str(w, pdk_to_text(v, buf, sizeof(buf)));
}

int pdk_inspect(struct arena *arena, const struct value *v, size_t n, struct value *ret)
{
	struct writer w = {.arena = arena};
	char *text = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (i > 0)
			put_str(&w, " ");
		put_value(&w, &v[i]);
	}
	if (w.rc == 0)
		text = arena_strndup(arena, buf_len(&w.out) ? (char *)buf_head(&w.out) : "",
				     buf_len(&w.out));
	if (text != NULL)
		*ret = value_strn(text, buf_len(&w.out));
	buf_fini(&w.out);
	return text != NULL ? 0 : -E_NOMEM;
}
