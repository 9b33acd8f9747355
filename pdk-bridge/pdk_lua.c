/* pdk_lua.c - see pdk_lua.h. */
#include "pdk-bridge/pdk_lua.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "protocol/arena.h"
#include "protocol/err.h"

const char *pdk_type_name(const struct value *v)
{
	switch (v->type) {
	case VALUE_NIL:
		return "nil";
	case VALUE_BOOL:
		return "boolean";
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_DOUBLE:
		return "number";
	case VALUE_STR:
	case VALUE_BIN:
		return "string";
	default:
		return "table";
	}
}

const char *pdk_to_text(const struct value *v, char *buf, size_t size)
{
	if (value_is_text(v))
		snprintf(buf, size, "%.*s", (int)v->len, v->s);
	else if (value_is_number(v) && isnan(value_to_double(v)))
		snprintf(buf, size, "nan");
	else if (value_is_number(v))
		snprintf(buf, size, "%.14g", value_to_double(v));
	else if (v->type == VALUE_BOOL)
		snprintf(buf, size, "%s", v->b ? "true" : "false");
	else
		snprintf(buf, size, "%s", pdk_type_name(v));
	return buf;
}

/* The text of v, in `buf` if it isn't one already. */
static struct value text_of(const struct value *v, char *buf, size_t size)
{
	if (value_is_text(v))
		return *v;
	return value_str(pdk_to_text(v, buf, size));
}

int pdk_join(struct arena *arena, const struct value *v, size_t n, struct value *ret)
{
	char buf[64], *text;
	size_t i, len = 0;
	struct value part;

	for (i = 0; i < n; i++)
		len += text_of(&v[i], buf, sizeof(buf)).len;
	text = arena_alloc(arena, len + 1);
	if (text == NULL)
		return -E_NOMEM;
	*ret = value_strn(text, len);
	for (i = 0; i < n; i++) {
		part = text_of(&v[i], buf, sizeof(buf));
		if (part.len > 0)
			memcpy(text, part.s, part.len);
		text += part.len;
	}
	*text = '\0';
	return 0;
}

static bool is_index(const struct value *key, size_t i)
{
	return value_is_number(key) && value_to_double(key) == (double)i;
}

const struct value *pdk_list_item(const struct value *t, size_t i)
{
	const struct value *found = NULL;
	size_t at;

	if (t->type == VALUE_ARRAY && i >= 1 && i <= t->len)
		found = &t->items[i - 1];
	for (at = 0; t->type == VALUE_MAP && at < t->len; at++)
		if (is_index(&t->pairs[at].key, i))
			found = &t->pairs[at].value;
	return found != NULL && found->type != VALUE_NIL ? found : NULL;
}

const struct value *pdk_field(const struct value *t, const char *key)
{
	const struct value *v = value_map_get(t, key);

	return v != NULL && v->type != VALUE_NIL ? v : NULL;
}

const struct value *pdk_field_at(const struct value *t, const struct value *key)
{
	size_t i;

	for (i = 0; t->type == VALUE_MAP && i < t->len; i++)
		if (value_equal(&t->pairs[i].key, key))
			return t->pairs[i].value.type != VALUE_NIL ? &t->pairs[i].value : NULL;
	return NULL;
}

bool pdk_text_is_nocase(const struct value *v, const char *s)
{
	return value_is_text(v) && v->len == strlen(s) && strncasecmp(v->s, s, v->len) == 0;
}

char *pdk_lower(struct arena *arena, const struct value *text)
{
	char *lower = arena_strndup(arena, text->s, text->len);
	size_t i;

	for (i = 0; lower != NULL && i < text->len; i++)
		lower[i] = (char)tolower((unsigned char)lower[i]);
	return lower;
}
