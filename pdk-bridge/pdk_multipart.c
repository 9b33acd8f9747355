/* pdk_multipart.c - multipart/form-data (RFC 7578). */
#include <string.h>
#include <strings.h>
#include "pdk-bridge/pdk_form.h"
#include "pdk-bridge/pdk_multi.h"
#include "protocol/arena.h"
#include "protocol/err.h"

/* Bytes that are yet to be read. */
struct rest {
	const char *s, *end;
};

static size_t left(const struct rest *r)
{
	return (size_t)(r->end - r->s);
}

static const char *find(const struct rest *r, const char *what, size_t n)
{
	return memmem(r->s, left(r), what, n);
}

/* ---- parameters of a header ---- */

/* The value behind `name=` at s; a quoted one ends at its quote. */
static struct value parameter_value(const char *s, const char *end)
{
	const char *from = s < end && *s == '"' ? s + 1 : s, *to = from;

	if (from > s)
		while (to < end && *to != '"')
			to += *to == '\\' && to + 1 < end ? 2 : 1;
	else
		while (to < end && !strchr("; \t\r\n", *to))
			to++;
	return value_strn(from, (size_t)(to - from));
}

/* The parameter `name` ("; name=...") of the header, or nil. */
static struct value parameter(const struct value *header, const char *name)
{
	const char *s = header->s, *end = header->s + header->len;
	size_t n = strlen(name);

	for (; s < end; s++) {
		if (*s == '"') /* what it holds is no parameter */
			s = parameter_value(s, end).s + parameter_value(s, end).len;
		if (s >= end || *s != ';')
			continue;
		for (s++; s < end && (*s == ' ' || *s == '\t'); s++)
			;
		if ((size_t)(end - s) > n && strncasecmp(s, name, n) == 0 && s[n] == '=')
			return parameter_value(s + n + 1, end);
		s--;
	}
	return value_nil();
}

/* ---- parts ---- */

/* Takes the line up to its end (CR LF or LF), which is not part of it. */
static struct value take_line(struct rest *r)
{
	const char *from = r->s, *to = memchr(from, '\n', left(r));

	r->s = to ? to + 1 : r->end;
	to = to ? to : r->end;
	if (to > from && to[-1] == '\r')
		to--;
	return value_strn(from, (size_t)(to - from));
}

/* Takes the headers of a part and the empty line behind them. Returns the field's name, or nil. */
static struct value take_headers(struct rest *r)
{
	static const char header[] = "content-disposition:";
	struct value line, name = value_nil();

	while (left(r) > 0) {
		line = take_line(r);
		if (line.len == 0)
			break;
		if (line.len >= sizeof(header) - 1 &&
		    strncasecmp(line.s, header, sizeof(header) - 1) == 0)
			name = parameter(&line, "name");
	}
	return name;
}

static bool ends_delimiter(const char *s, const char *end)
{
	return s == end || strchr("\r\n \t", *s) || (end - s >= 2 && s[0] == '-' && s[1] == '-');
}

/* Where the delimiter of the next part begins: a line of its own. */
static const char *next_delimiter(const struct rest *r, const char *delimiter, size_t n)
{
	struct rest at = *r;
	const char *found;

	while ((found = find(&at, delimiter, n)) != NULL) {
		if ((found == r->s || found[-1] == '\n') && ends_delimiter(found + n, r->end))
			return found;
		at.s = found + 1;
	}
	return NULL;
}

/* Takes what is before the next delimiter, without the line end that belongs to the delimiter. */
static struct value take_content(struct rest *r, const char *delimiter, size_t n)
{
	const char *from = r->s, *to = next_delimiter(r, delimiter, n);

	r->s = to ? to : r->end;
	to = r->s;
	if (to > from && to[-1] == '\n')
		to--;
	if (to > from && to < r->end && to[0] == '\n' && to[-1] == '\r')
		to--;
	return value_strn(from, (size_t)(to - from));
}

static int read_parts(struct pdk_multi *multi, struct rest *r, const char *delimiter)
{
	size_t n = strlen(delimiter);
	struct value name, content;
	int rc = 0;

	r->s = next_delimiter(r, delimiter, n);
	while (rc == 0 && r->s != NULL && left(r) >= n) {
		r->s += n;
		if (left(r) >= 2 && memcmp(r->s, "--", 2) == 0)
			break;
		take_line(r);
		name = take_headers(r);
		content = take_content(r, delimiter, n);
		if (value_is_text(&name) && name.len > 0)
			rc = pdk_multi_add(multi, name, content);
	}
	return rc;
}

int pdk_multipart_read(struct arena *arena, const struct value *type, const struct value *body,
		       struct value *ret)
{
	struct pdk_multi multi = {.arena = arena};
	struct value boundary = parameter(type, "boundary");
	struct rest rest = {body->s, body->s + body->len};
	char *delimiter;
	int rc;

	if (!value_is_text(&boundary) || boundary.len == 0 || body->len == 0)
		return value_new_map(arena, 0, ret);
	delimiter = arena_printf(arena, "--%.*s", (int)boundary.len, boundary.s);
	rc = delimiter ? read_parts(&multi, &rest, delimiter) : -E_NOMEM;
	if (rc == 0)
		return pdk_multi_finish(&multi, ret);
	pdk_multi_fini(&multi);
	return rc;
}
