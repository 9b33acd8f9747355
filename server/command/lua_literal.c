#include "server/command/lua_literal.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include "protocol/buf.h"
#include "protocol/err.h"

static int append_value(struct buf *ret, const json_t *value, int depth);

static int append_line(struct buf *ret, int depth)
{
	int rc = buf_append_str(ret, "\n");

	for (int i = 0; rc == 0 && i < depth; i++)
		rc = buf_append_str(ret, "\t");
	return rc;
}

static int append_string(struct buf *ret, const char *text, size_t n)
{
	int rc = buf_append_str(ret, "\"");

	for (size_t i = 0; rc == 0 && i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			rc = buf_printf(ret, "\\%c", c);
		else if (c < 32 || c == 127)
			rc = buf_printf(ret, "\\%03d", c);
		else
			rc = buf_append(ret, &text[i], 1);
	}
	return rc != 0 ? rc : buf_append_str(ret, "\"");
}

static bool is_plain_name(const char *name)
{
	static const char *const words[] = {
		"and", "break",    "do",     "else", "elseif", "end",   "false",
		"for", "function", "if",     "in",   "local",  "nil",   "not",
		"or",  "repeat",   "return", "then", "true",   "until", "while"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], name) == 0)
			return false;
	}
	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	while (isalnum((unsigned char)*name) || *name == '_')
		name++;
	return *name == '\0';
}

static int append_name(struct buf *ret, const char *name)
{
	int rc;

	if (is_plain_name(name))
		return buf_printf(ret, "%s = ", name);
	rc = buf_append_str(ret, "[");
	if (rc == 0)
		rc = append_string(ret, name, strlen(name));
	return rc != 0 ? rc : buf_append_str(ret, "] = ");
}

static int append_array(struct buf *ret, const json_t *array, int depth)
{
	const json_t *item;
	size_t i;
	int rc = 0;

	json_array_foreach(array, i, item)
	{
		if (rc == 0)
			rc = append_line(ret, depth);
		if (rc == 0)
			rc = append_value(ret, item, depth);
		if (rc == 0)
			rc = buf_append_str(ret, ",");
	}
	return rc;
}

/* The members in the order of their names in `sorted`. */
static int append_object(struct buf *ret, json_t *sorted, int depth)
{
	const char *name;
	json_t *member;
	int rc = 0;

	json_object_foreach(sorted, name, member)
	{
		if (rc == 0)
			rc = append_line(ret, depth);
		if (rc == 0)
			rc = append_name(ret, name);
		if (rc == 0)
			rc = append_value(ret, member, depth);
		if (rc == 0)
			rc = buf_append_str(ret, ",");
	}
	return rc;
}

static int append_table(struct buf *ret, const json_t *value, int depth)
{
	int rc = buf_append_str(ret, "{");

	if (json_is_array(value) ? json_array_size(value) == 0 : json_object_size(value) == 0)
		return rc != 0 ? rc : buf_append_str(ret, "}");
	if (rc == 0)
		rc = json_is_array(value) ? append_array(ret, value, depth + 1)
					  : append_object(ret, (json_t *)value, depth + 1);
	if (rc == 0)
		rc = append_line(ret, depth);
	return rc != 0 ? rc : buf_append_str(ret, "}");
}

static int append_value(struct buf *ret, const json_t *value, int depth)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		return append_table(ret, value, depth);
	case JSON_STRING:
		return append_string(ret, json_string_value(value), json_string_length(value));
	case JSON_INTEGER:
		return buf_printf(ret, "%lld", (long long)json_integer_value(value));
	case JSON_REAL:
		return buf_printf(ret, "%.17g", json_real_value(value));
	case JSON_TRUE:
		return buf_append_str(ret, "true");
	case JSON_FALSE:
		return buf_append_str(ret, "false");
	default:
		return buf_append_str(ret, "ngx.null");
	}
}

int lua_literal_append(struct buf *ret, const json_t *value)
{
	return append_value(ret, value, 0);
}
