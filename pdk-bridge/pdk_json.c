/* pdk_json.c - JSON to values and back, by jansson, with what the gateway's lua-cjson takes beyond
 * it: texts that are no UTF-8. Their odd bytes go through jansson hidden behind characters of a
 * private plane; where such a character is in the text itself, its bytes are hidden likewise. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "protocol/buf.h"

/* U+10FF00 + byte: F4 8F BC 80 and on. */
#define ODD_LEAD "\xf4\x8f"
#define ODD_SIZE 4

/* ---- odd bytes ---- */

/* Length of the UTF-8 character at s (n bytes left); 0 for none, or one to hide behind. */
static size_t character(const unsigned char *s, size_t n)
{
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len > n)
		return 0;
	for (i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f) ||
	    (s[0] == 0xf4 && s[1] == 0x8f && s[2] >= 0xbc))
		return 0;
	return len;
}

static void put_odd(unsigned char *to, unsigned char byte)
{
	to[0] = 0xf4;
	to[1] = 0x8f;
	to[2] = (unsigned char)(0xbc + (byte >> 6));
	to[3] = (unsigned char)(0x80 | (byte & 0x3f));
}

static int hide_odd_bytes(const char *text, size_t n, struct buf *out)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t i, len;

	if (n > SIZE_MAX / ODD_SIZE || buf_reserve(out, n * ODD_SIZE) != 0)
		return -E_NOMEM;
	for (i = 0; i < n; i += len ? len : 1) {
		len = character(s + i, n - i);
		if (len > 0)
			memcpy(buf_tail(out), s + i, len);
		else
			put_odd(buf_tail(out), s[i]);
		buf_commit(out, len > 0 ? len : ODD_SIZE);
	}
	return 0;
}

/* Whether an escape may stand for a character to hide behind: all have this first half. */
static bool escapes_hidden(const char *text, size_t n)
{
	const char *at = text, *end = text + n;

	for (; (at = memmem(at, (size_t)(end - at), "\\u", 2)) != NULL; at += 2)
		if (end - at >= 6 && strncasecmp(at + 2, "dbff", 4) == 0)
			return true;
	return false;
}

/* Brings hidden bytes back, in place. Returns the new length. */
static size_t show_odd_bytes(char *text, size_t n)
{
	size_t i, to = 0;

	for (i = 0; i < n; i++) {
		if (n - i >= ODD_SIZE && memcmp(text + i, ODD_LEAD, 2) == 0 &&
		    (unsigned char)text[i + 2] >= 0xbc) {
			text[to++] = (char)(((text[i + 2] & 3) << 6) | (text[i + 3] & 0x3f));
			i += ODD_SIZE - 1;
		} else {
			text[to++] = text[i];
		}
	}
	text[to] = '\0';
	return to;
}

/* ---- jansson to values ---- */

struct taking {
	struct arena *arena;
	bool odd; /* texts have odd bytes hidden in them */
};

static int take(const struct taking *t, json_t *json, struct value *ret);

static int take_text(const struct taking *t, const char *text, size_t n, struct value *ret)
{
	char *copy = arena_strndup(t->arena, text, n);

	if (copy == NULL)
		return -E_NOMEM;
	*ret = value_strn(copy, t->odd ? show_odd_bytes(copy, n) : n);
	return 0;
}

static int take_array(const struct taking *t, json_t *json, struct value *ret)
{
	size_t i, n = json_array_size(json);
	int rc = value_new_array(t->arena, n, ret);

	for (i = 0; rc == 0 && i < n; i++)
		rc = take(t, json_array_get(json, i), &ret->items[i]);
	return rc;
}

static int take_object(const struct taking *t, json_t *json, struct value *ret)
{
	json_t *item;
	int rc = value_new_map(t->arena, json_object_size(json), ret);
	struct value_pair *pair = ret->pairs;
	const char *key;

	if (rc != 0)
		return rc;
	json_object_foreach(json, key, item)
	{
		if (rc == 0)
			rc = take_text(t, key, strlen(key), &pair->key);
		if (rc == 0)
			rc = take(t, item, &pair->value);
		pair++;
	}
	return rc;
}

static int take(const struct taking *t, json_t *json, struct value *ret)
{
	*ret = value_nil();
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return take_object(t, json, ret);
	case JSON_ARRAY:
		return take_array(t, json, ret);
	case JSON_STRING:
		return take_text(t, json_string_value(json), json_string_length(json), ret);
	case JSON_TRUE:
	case JSON_FALSE:
		*ret = value_bool(json_is_true(json));
		return 0;
	case JSON_INTEGER:
	case JSON_REAL:
		*ret = value_number(json_number_value(json));
		return 0;
	default:
		return 0;
	}
}

/* Whole numbers are read as reals, as Lua has them: there is no integer that is too large. */
#define READ_FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

static json_t *load_odd(const char *text, size_t n)
{
	struct buf hidden = {0};
	json_t *json = NULL;

	if (!escapes_hidden(text, n) && hide_odd_bytes(text, n, &hidden) == 0)
		json = json_loadb((const char *)buf_head(&hidden), buf_len(&hidden), READ_FLAGS,
				  NULL);
	buf_fini(&hidden);
	return json;
}

int pdk_json_read(struct arena *arena, const char *text, size_t n, struct value *ret)
{
	struct taking t = {.arena = arena};
	json_error_t error;
	json_t *json;
	int rc;

	if (n == 0)
		return -E_MALFORMED;
	json = json_loadb(text, n, READ_FLAGS, &error);
	if (json == NULL && json_error_code(&error) == json_error_invalid_utf8) {
		json = load_odd(text, n);
		t.odd = true;
	}
	if (json == NULL)
		return -E_MALFORMED;
	rc = take(&t, json, ret);
	json_decref(json);
	return rc;
}

/* ---- values to jansson ---- */

static json_t *give(const struct value *v);

static json_t *give_array(const struct value *v)
{
	json_t *array = json_array();
	uint32_t i;

	for (i = 0; array != NULL && i < v->len; i++)
		if (json_array_append_new(array, give(&v->items[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

/* As the gateway sees it: what is nil is JSON's null, and an empty array is an empty Lua table. */
static json_t *give_object(const struct value *v)
{
	json_t *object = json_object();
	char key[64];
	uint32_t i;
	int rc = 0;

	for (i = 0; object != NULL && rc == 0 && v->type == VALUE_MAP && i < v->len; i++) {
		const struct value *name = &v->pairs[i].key;

		if (value_is_text(name))
			rc = json_object_setn_new(object, name->s, name->len,
						  give(&v->pairs[i].value));
		else
			rc = json_object_set_new(object, pdk_to_text(name, key, sizeof(key)),
						 give(&v->pairs[i].value));
	}
	if (rc != 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *give_number(double d)
{
	if (floor(d) == d && fabs(d) < 1e15)
		return json_integer((json_int_t)d);
	return json_real(d);
}

static json_t *give(const struct value *v)
{
	switch (v->type) {
	case VALUE_NIL:
		return json_null();
	case VALUE_BOOL:
		return json_boolean(v->b);
	case VALUE_STR:
	case VALUE_BIN:
		return json_stringn(v->s, v->len);
	case VALUE_ARRAY:
		return v->len > 0 ? give_array(v) : give_object(v);
	case VALUE_MAP:
		return give_object(v);
	default:
		return give_number(value_to_double(v));
	}
}

int pdk_json_write(struct arena *arena, const struct value *v, struct value *ret)
{
	json_t *json = give(v);
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL, *copy;
	size_t n = text ? strlen(text) : 0;

	json_decref(json);
	if (text == NULL)
		return -E_MALFORMED;
	copy = arena_strndup(arena, text, n);
	free(text);
	if (copy == NULL)
		return -E_NOMEM;
	*ret = value_strn(copy, n);
	return 0;
}

bool pdk_has_null(const struct value *table)
{
	const struct value *v;
	uint32_t i;

	for (i = 0; i < table->len; i++) {
		v = table->type == VALUE_ARRAY ? &table->items[i] : &table->pairs[i].value;
		if (v->type == VALUE_NIL || (value_is_table(v) && pdk_has_null(v)))
			return true;
	}
	return false;
}
