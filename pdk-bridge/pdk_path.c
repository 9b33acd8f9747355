/* pdk_path.c - see pdk_path.h. */
#include "pdk-bridge/pdk_path.h"
#include <string.h>
#include "pdk-bridge/pdk_form.h"
#include "protocol/arena.h"
#include "protocol/err.h"

static char upper(char c)
{
	return c >= 'a' && c <= 'f' ? (char)(c - 'a' + 'A') : c;
}

static bool is_reserved(int c)
{
	return c != 0 && strchr("!*'();:@&=+$,/?%#[]", c) != NULL;
}

/* Unescapes what isn't reserved and writes other escapes in upper case. Returns the new length. */
static size_t decode(const char *s, size_t n, char *out)
{
	size_t i, to = 0;

	for (i = 0; i < n; i++) {
		int byte = pdk_escaped(s + i, n - i);

		if (byte < 0) {
			out[to++] = s[i];
			continue;
		}
		if (is_reserved(byte)) {
			out[to++] = '%';
			out[to++] = upper(s[i + 1]);
			out[to++] = upper(s[i + 2]);
		} else {
			out[to++] = (char)byte;
		}
		i += 2;
	}
	return to;
}

static bool starts(const char *s, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(s, with, strlen(with)) == 0;
}

static bool is(const char *s, size_t n, const char *what)
{
	return n == strlen(what) && starts(s, n, what);
}

/* Bytes of `out` without its last segment. */
static size_t drop_segment(const char *out, size_t n)
{
	if (n == 0)
		return 0;
	for (n--; n > 0 && out[n] != '/'; n--)
		;
	return n;
}

/* Writes the path without dot segments and double slashes over itself. Returns the new length. */
static size_t remove_dots(char *path, size_t n)
{
	char *s = path;
	size_t to = 0, len;

	while (n > 0) {
		size_t skip = 0;

		if (is(s, n, ".") || is(s, n, ".."))
			break;
		if (is(s, n, "/.") || is(s, n, "/..")) {
			if (n == 3)
				to = drop_segment(path, to);
			path[to++] = '/';
			break;
		}
		if (starts(s, n, "../") || starts(s, n, "/../"))
			skip = 3;
		else if (starts(s, n, "./") || starts(s, n, "/./"))
			skip = 2;
		else if (starts(s, n, "//"))
			skip = 1;
		if (starts(s, n, "/../"))
			to = drop_segment(path, to);
		if (skip == 0) {
			for (len = 1; len < n && s[len] != '/'; len++)
				;
			memmove(path + to, s, len);
			to += len;
			skip = len;
		}
		s += skip;
		n -= skip;
	}
	return to;
}

int pdk_path_normalize(struct arena *arena, const struct value *path, struct value *ret)
{
	char *out = arena_alloc(arena, path->len + 1);
	size_t n;

	if (out == NULL)
		return -E_NOMEM;
	n = decode(path->s, path->len, out);
	n = remove_dots(out, n);
	out[n] = '\0';
	*ret = value_strn(out, n);
	return 0;
}
