#include "plugins/lua/ngx/ngx_until.h"
#include "plugins/lua/ngx/ngx_socket.h"

/* A userdata. */
struct ngx_until {
	const char *pattern; /* during a call */
	size_t n;
	size_t matched; /* bytes of the pattern that the stream ends with so far */
	bool inclusive, is_sized, is_over;
	size_t border
		[]; /* of the first i + 1 bytes: the longest beginning that is their end, too */
};

static void fill_borders(struct ngx_until *until, const char *pattern)
{
	size_t k = 0;

	until->border[0] = 0;
	for (size_t i = 1; i < until->n; i++) {
		while (k > 0 && pattern[k] != pattern[i])
			k = until->border[k - 1];
		if (pattern[k] == pattern[i])
			k++;
		until->border[i] = k;
	}
}

void ngx_until_new(lua_State *L, const char *pattern, size_t n, bool inclusive)
{
	struct ngx_until *until = lua_newuserdata(L, sizeof(*until) + n * sizeof(size_t));

	*until = (struct ngx_until){.n = n, .inclusive = inclusive};
	fill_borders(until, pattern);
}

bool ngx_until_is_over(struct ngx_until *until)
{
	bool is_over = until->is_over;

	until->is_over = false;
	return is_over;
}

void ngx_until_begin(struct ngx_until *until, const char *pattern, bool is_sized)
{
	until->pattern = pattern;
	until->is_sized = is_sized;
}

/* What could have been the pattern and was not goes to the caller: its first n bytes. True if that is as much as
 * was wanted, or more. */
static bool give_up(const struct ngx_until *until, struct ngx_socket *s, size_t n, size_t *rest)
{
	buf_append(&s->out, until->pattern, n);
	if (!until->is_sized)
		return false;
	*rest = *rest > n ? *rest - n : 0;
	return *rest == 0;
}

static void find(struct ngx_until *until, struct ngx_socket *s)
{
	if (until->inclusive)
		buf_append(&s->out, until->pattern, until->n);
	until->matched = 0;
	until->is_over = until->is_sized;
}

/* How much of the pattern the stream ends with once the byte has come, if that is at least two: less is begun
 * anew. */
static size_t fall_back(const struct ngx_until *until, unsigned char byte)
{
	size_t k = until->matched;

	while (k > 0) {
		k = until->border[k - 1];
		if (k > 0 && (unsigned char)until->pattern[k] == byte)
			return k + 1;
	}
	return 0;
}

/* A byte that does not go on with the pattern. *ret_used: it has been dealt with. */
static bool miss(struct ngx_until *until, struct ngx_socket *s, unsigned char byte, size_t *rest,
		 bool *ret_used)
{
	size_t matched = until->matched, next = fall_back(until, byte);

	*ret_used = next > 0 || matched == 0;
	until->matched = next;
	if (matched == 0) {
		buf_append(&s->out, &byte, 1);
		return until->is_sized && --*rest == 0;
	}
	return give_up(until, s, next > 0 ? matched + 1 - next : matched, rest);
}

bool ngx_until_feed(struct ngx_until *until, struct ngx_socket *s, size_t *rest)
{
	const unsigned char *from = buf_head(&s->in);
	size_t have = buf_len(&s->in), i = 0;
	bool is_done = false;

	while (i < have && !is_done) {
		bool used = true;

		if (from[i] != (unsigned char)until->pattern[until->matched]) {
			is_done = miss(until, s, from[i], rest, &used);
		} else if (++until->matched == until->n) {
			find(until, s);
			is_done = true;
		}
		i += used ? 1 : 0;
	}
	buf_consume(&s->in, i);
	return is_done;
}
