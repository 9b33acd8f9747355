/* pdk_multipart_write.c - a table as multipart/form-data, as the gateway writes it (kong/pdk/service/request.lua):
 * a part for each entry, by names in order. */
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk_form.h"
#include "pdk-bridge/pdk_lua.h"
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/err.h"

#define NUMBER_MAX_LEN 64

/* The value's text; a number's is put into `buf`. */
static struct value text_of(const struct value *v, char buf[NUMBER_MAX_LEN])
{
	return value_is_text(v) ? *v : value_str(pdk_to_text(v, buf, NUMBER_MAX_LEN));
}

/* What the type names, up to its end; nil if it names none. */
static struct value given_boundary(const struct value *type)
{
	static const char word[] = "boundary=";
	const char *end = type->s + type->len, *at = memmem(type->s, type->len, word, strlen(word));
	const char *close;

	if (at == NULL)
		return value_nil();
	at += strlen(word);
	if (at == end || *at != '"')
		return value_strn(at, (size_t)(end - at));
	at++;
	close = memchr(at, '"', (size_t)(end - at));
	return value_strn(at, (size_t)((close != NULL ? close : end) - at));
}

static bool is_in(const struct value *text, const struct value *boundary)
{
	const char *at = text->s, *end = text->s + text->len;

	while ((at = memmem(at, (size_t)(end - at), "\n--", 3)) != NULL) {
		at += 3;
		if ((size_t)(end - at) >= boundary->len &&
		    memcmp(at, boundary->s, boundary->len) == 0)
			return true;
	}
	return false;
}

static bool is_free(const struct value *table, const struct value *boundary)
{
	char buf[NUMBER_MAX_LEN];

	for (uint32_t i = 0; i < table->len; i++) {
		struct value text = text_of(&table->pairs[i].value, buf);

		if (is_in(&text, boundary))
			return false;
	}
	return true;
}

/* One that is in no value: the type's own, if that is so. */
static int choose_boundary(struct arena *arena, const struct value *table, const struct value *type,
			   struct value *ret)
{
	const char *text;

	*ret = given_boundary(type);
	for (unsigned n = 1; ret->type == VALUE_NIL || !is_free(table, ret); n++) {
		text = arena_printf(arena, "outrigger-part-%u", n);
		if (text == NULL)
			return -E_NOMEM;
		*ret = value_str(text);
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct value *one = &((const struct value_pair *)a)->key;
	const struct value *two = &((const struct value_pair *)b)->key;
	size_t n = one->len < two->len ? one->len : two->len;
	int order = memcmp(one->s, two->s, n);

	return order != 0 ? order : (one->len > two->len) - (one->len < two->len);
}

static int add_part(struct buf *out, const struct value *boundary, const struct value_pair *pair)
{
	char buf[NUMBER_MAX_LEN];
	struct value text = text_of(&pair->value, buf);
	int rc = buf_printf(out, "--%.*s\r\nContent-Disposition: form-data; name=\"",
			    (int)boundary->len, boundary->s);

	if (rc == 0)
		rc = buf_append(out, pair->key.s, pair->key.len);
	if (rc == 0)
		rc = buf_append_str(out, "\"\r\n\r\n");
	if (rc == 0)
		rc = buf_append(out, text.s, text.len);
	return rc == 0 ? buf_append_str(out, "\r\n") : rc;
}

static int write_parts(struct buf *out, const struct value *table, const struct value *boundary)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < table->len; i++)
		rc = add_part(out, boundary, &table->pairs[i]);
	return rc == 0 ? buf_printf(out, "--%.*s--\r\n", (int)boundary->len, boundary->s) : rc;
}

static int copy_out(struct arena *arena, const struct buf *from, struct value *ret)
{
	const char *text = arena_strndup(arena, (const char *)buf_head(from), buf_len(from));

	if (text == NULL)
		return -E_NOMEM;
	*ret = value_strn(text, buf_len(from));
	return 0;
}

int pdk_multipart_write(struct arena *arena, const struct value *table, const struct value *type,
			struct value *ret_body, struct value *ret_type)
{
	struct value sorted, boundary;
	struct buf out = {0};
	const char *text;
	int rc = value_copy(arena, table, &sorted);

	if (rc == 0 && sorted.type != VALUE_MAP)
		rc = value_new_map(arena, 0, &sorted);
	if (rc != 0)
		return rc;
	if (sorted.len > 0)
		qsort(sorted.pairs, sorted.len, sizeof(sorted.pairs[0]), compare_names);
	rc = choose_boundary(arena, &sorted, type, &boundary);
	if (rc != 0)
		return rc;
	text = arena_printf(arena, "multipart/form-data; boundary=%.*s", (int)boundary.len,
			    boundary.s);
	rc = text != NULL ? write_parts(&out, &sorted, &boundary) : -E_NOMEM;
	if (rc == 0)
		rc = copy_out(arena, &out, ret_body);
	if (rc == 0)
		*ret_type = value_str(text);
	buf_fini(&out);
	return rc;
}
