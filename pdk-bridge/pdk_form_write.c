/* pdk_form_write.c - a table as application/x-www-form-urlencoded. */
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk_form.h"
#include "pdk-bridge/pdk_lua.h"
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/err.h"

static bool is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

static int add_escaped(struct buf *out, const char *s, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (is_plain((unsigned char)s[i]))
			rc = buf_append(out, &s[i], 1);
		else
			rc = buf_printf(out, "%%%02X", (unsigned char)s[i]);
	}
	return rc;
}

static int add_value(struct buf *out, const struct value *v)
{
	char text[64];

	if (value_is_text(v))
		return add_escaped(out, v->s, v->len);
	pdk_to_text(v, text, sizeof(text));
	return add_escaped(out, text, strlen(text));
}

static int add_key(struct buf *out, const struct value *key)
{
	int rc = buf_len(out) > 0 ? buf_append_str(out, "&") : 0;

	return rc != 0 ? rc : add_value(out, key);
}

static int add_pair(struct buf *out, const struct value *key, const struct value *v)
{
	int rc;

	if (pdk_is_falsy(v))
		return 0;
	rc = add_key(out, key);
	if (rc != 0 || v->type == VALUE_BOOL)
		return rc;
	rc = buf_append_str(out, "=");
	return rc != 0 ? rc : add_value(out, v);
}

static int add_entry(struct buf *out, const struct value_pair *pair)
{
	const struct value *v = &pair->value;
	int rc = 0;

	if (v->type != VALUE_ARRAY)
		return add_pair(out, &pair->key, v);
	for (uint32_t i = 0; rc == 0 && i < v->len; i++)
		rc = add_pair(out, &pair->key, &v->items[i]);
	return rc;
}

static int compare_keys(const void *a, const void *b)
{
	const struct value *one = &((const struct value_pair *)a)->key;
	const struct value *two = &((const struct value_pair *)b)->key;
	size_t n = one->len < two->len ? one->len : two->len;
	int order = value_is_text(one) && value_is_text(two) ? memcmp(one->s, two->s, n) : 0;

	return order != 0 ? order : (one->len > two->len) - (one->len < two->len);
}

int pdk_form_write(struct arena *arena, const struct value *table, struct value *ret)
{
	struct value sorted;
	struct buf out = {0};
	const char *text;
	int rc = value_copy(arena, table, &sorted);

	if (rc == 0 && sorted.type == VALUE_MAP)
		qsort(sorted.pairs, sorted.len, sizeof(sorted.pairs[0]), compare_keys);
	for (uint32_t i = 0; rc == 0 && sorted.type == VALUE_MAP && i < sorted.len; i++)
		rc = add_entry(&out, &sorted.pairs[i]);
	text = rc == 0 ? arena_strndup(arena, buf_len(&out) > 0 ? (const char *)buf_head(&out) : "",
				       buf_len(&out))
		       : NULL;
	if (text != NULL)
		*ret = value_strn(text, buf_len(&out));
	buf_fini(&out);
	return text != NULL ? 0 : -E_NOMEM;
}
