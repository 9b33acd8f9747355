/* pdk_form.c - application/x-www-form-urlencoded. */
#include "pdk-bridge/pdk_form.h"
#include <string.h>
#include "pdk-bridge/pdk_multi.h"
#include "protocol/arena.h"
#include "protocol/err.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int pdk_escaped(const char *s, size_t n)
{
	int high = n > 2 && s[0] == '%' ? hex_digit(s[1]) : -1;
	int low = high >= 0 ? hex_digit(s[2]) : -1;

	return low < 0 ? -1 : high * 16 + low;
}

int pdk_unescape(struct arena *arena, const struct value *text, bool plus, struct value *ret)
{
	char *out = arena_alloc(arena, (size_t)text->len + 1);
	size_t i, n = 0;
	int byte;

	if (out == NULL)
		return -E_NOMEM;
	for (i = 0; i < text->len; i++) {
		byte = pdk_escaped(text->s + i, text->len - i);
		if (byte >= 0) {
			out[n++] = (char)byte;
			i += 2;
		} else {
			out[n++] = plus && text->s[i] == '+' ? ' ' : text->s[i];
		}
	}
	out[n] = '\0';
	*ret = value_strn(out, n);
	return 0;
}

static int add_piece(struct pdk_multi *multi, const char *s, size_t n)
{
	const char *is = n > 0 ? memchr(s, '=', n) : NULL;
	struct value raw = value_strn(s, is ? (size_t)(is - s) : n), name, v = value_bool(true);
	int rc = pdk_unescape(multi->arena, &raw, true, &name);

	if (rc != 0 || name.len == 0)
		return rc;
	if (is != NULL) {
		raw = value_strn(is + 1, n - (size_t)(is + 1 - s));
		rc = pdk_unescape(multi->arena, &raw, true, &v);
	}
	return rc != 0 ? rc : pdk_multi_add(multi, name, v);
}

int pdk_form_read(struct arena *arena, const struct value *text, size_t max, struct value *ret)
{
	struct pdk_multi multi = {.arena = arena};
	const char *s = text->s, *end = text->s + text->len, *amp;
	int rc = 0;

	for (; rc == 0 && max > 0 && text->len > 0 && s <= end; max--) {
		amp = s < end ? memchr(s, '&', (size_t)(end - s)) : NULL;
		amp = amp ? amp : end;
		rc = add_piece(&multi, s, (size_t)(amp - s));
		s = amp + 1;
	}
	if (rc == 0)
		return pdk_multi_finish(&multi, ret);
	pdk_multi_fini(&multi);
	return rc;
}
