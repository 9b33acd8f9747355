#include "server/admin/text.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "protocol/buf.h"

#define WIDTH 80

long long text_count(const json_t *json, const char *key)
{
	return (long long)json_integer_value(json_object_get(json, key));
}

const char *text_member(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text != NULL ? text : "-";
}

void text_time(char *ret, size_t size, double seconds)
{
	long long s = seconds > 0 && seconds < 1e12 ? (long long)seconds : 0;

	if (s < 60)
		snprintf(ret, size, "%llds", s);
	else if (s < 3600)
		snprintf(ret, size, "%lldm%llds", s / 60, s % 60);
	else if (s < 86400)
		snprintf(ret, size, "%lldh%lldm", s / 3600, s / 60 % 60);
	else
		snprintf(ret, size, "%lldd%lldh", s / 86400, s / 3600 % 24);
}

void text_time_of(char *ret, size_t size, const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	if (json_is_number(value))
		text_time(ret, size, json_number_value(value));
	else
		snprintf(ret, size, "-");
}

int text_add_wrapped(struct buf *b, int indent, const char *text)
{
	int column = WIDTH, rc = 0;

	while (rc == 0 && *(text += strspn(text, " \t\r\n")) != '\0') {
		int n = (int)strcspn(text, " \t\r\n");

		if (column + 1 + n > WIDTH) {
			rc = buf_printf(b, "%s%*s", buf_len(b) > 0 ? "\n" : "", indent, "");
			column = indent;
		} else {
			rc = buf_append_str(b, " ");
			column++;
		}
		for (int i = 0; rc == 0 && i < n; i++)
			rc = buf_append(b, iscntrl((unsigned char)text[i]) ? "?" : text + i, 1);
		text += n;
		column += n;
	}
	return rc;
}

void text_cut(char *ret, size_t width, const char *text)
{
	size_t n = strlen(text);

	snprintf(ret, width + 1, "%s", text);
	if (n > width)
		ret[width - 1] = '~';
	for (char *c = ret; *c != '\0'; c++)
		*c = iscntrl((unsigned char)*c) ? '?' : *c;
}
