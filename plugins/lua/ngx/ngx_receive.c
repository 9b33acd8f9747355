/* ngx_receive.c - reading: lines, sizes, all, whatever is there, and up to a pattern. */
#include <lauxlib.h>
#include <string.h>
#include "plugins/lua/ngx/ngx_socket.h"
#include "plugins/lua/ngx/ngx_until.h"
#include "protocol/err.h"

#define CHUNK ((size_t)32 << 10)

/* One call. `is_done` looks at what has come and moves what the caller gets of it to s->out. */
struct reading {
	bool (*is_done)(struct ngx_socket *s, struct reading *reading);
	size_t n;          /* bytes that are wanted at most */
	bool ends_with_it; /* the end of the stream is as good as what was wanted */
	struct ngx_until *until;
	bool no_memory;
};

/* ---- what has come ---- */

/* Moves n bytes to the caller. */
static void hand_over(struct ngx_socket *s, struct reading *reading, size_t n)
{
	if (buf_append(&s->out, buf_head(&s->in), n) != 0)
		reading->no_memory = true;
	buf_consume(&s->in, n);
}

static bool is_size(struct ngx_socket *s, struct reading *reading)
{
	size_t n = buf_len(&s->in);

	if (n > reading->n)
		n = reading->n;
	hand_over(s, reading, n);
	reading->n -= n;
	return reading->n == 0;
}

static bool is_any(struct ngx_socket *s, struct reading *reading)
{
	return is_size(s, reading) || buf_len(&s->out) > 0;
}

static bool is_all(struct ngx_socket *s, struct reading *reading)
{
	hand_over(s, reading, buf_len(&s->in));
	return false;
}

/* Without any \r, wherever it stands. */
static bool is_line(struct ngx_socket *s, struct reading *reading)
{
	const unsigned char *from = buf_head(&s->in);
	size_t have = buf_len(&s->in), i, start = 0;

	for (i = 0; i < have && from[i] != '\n'; i++) {
		if (from[i] != '\r')
			continue;
		if (buf_append(&s->out, from + start, i - start) != 0)
			reading->no_memory = true;
		start = i + 1;
	}
	if (buf_append(&s->out, from + start, i - start) != 0)
		reading->no_memory = true;
	buf_consume(&s->in, i < have ? i + 1 : i);
	return i < have;
}

static bool is_until(struct ngx_socket *s, struct reading *reading)
{
	return ngx_until_feed(reading->until, s, &reading->n);
}

/* ---- more ---- */

/* Reads what is there, once. */
static enum ngx_result read_more(lua_State *L, struct ngx_socket *s, struct err *err)
{
	static unsigned char chunk[CHUNK]; /* only until they are in the buffer */
	size_t n = 0;
	int status;

	for (;;) {
		status = s->ops->read(s->io, chunk, sizeof(chunk), &n, err);
		if (status != COSOCKET_READ && status != COSOCKET_WRITE)
			break;
		if (ngx_socket_wait(L, s, &s->reader, status, s->read_timeout) == NGX_TIMEOUT)
			return NGX_TIMEOUT;
	}
	if (status == COSOCKET_END) {
		s->is_eof = true;
		return NGX_CLOSED;
	}
	if (status == COSOCKET_DONE && buf_append(&s->in, chunk, n) == 0)
		return NGX_OK;
	if (status == COSOCKET_DONE)
		err_write(err, "no memory");
	return NGX_ERROR;
}

static void push_out(lua_State *L, struct ngx_socket *s)
{
	size_t n = buf_len(&s->out);

	lua_pushlstring(L, n > 0 ? (const char *)buf_head(&s->out) : "", n);
	buf_consume(&s->out, n);
}

static enum ngx_result run(lua_State *L, struct ngx_socket *s, struct reading *reading,
			   struct err *err)
{
	enum ngx_result result = NGX_OK;

	s->is_reading = true;
	while (result == NGX_OK) {
		if (buf_len(&s->in) > 0 && reading->is_done(s, reading))
			break;
		result = s->is_eof ? NGX_CLOSED : read_more(L, s, err);
	}
	s->is_reading = false;
	if (reading->no_memory) {
		err_write(err, "no memory");
		return NGX_ERROR;
	}
	return result == NGX_CLOSED && reading->ends_with_it ? NGX_OK : result;
}

/* The socket is on top of the stack. */
static int receive(lua_State *L, struct ngx_socket *s, struct reading *reading)
{
	struct err err = {""};
	enum ngx_result result = run(L, s, reading, &err);

	if (result != NGX_OK)
		ngx_socket_push_result(L, result, &err);
	push_out(L, s);
	if (result == NGX_OK)
		return 1;
	if (result != NGX_TIMEOUT) {
		s->read_closed = true;
		buf_fini(&s->in);
	}
	return 3;
}

/* "closed" and so on; NULL if it can be read from. */
static const char *refusal(lua_State *L, const struct ngx_socket *s)
{
	if (s->io == NULL && !s->is_connecting)
		return "closed";
	if (s->io != NULL && s->read_closed)
		return "closed";
	ngx_socket_check_owner(L, s);
	return ngx_socket_busy(s, true, false);
}

/* ---- receive ---- */

static void read_pattern(lua_State *L, struct reading *reading)
{
	const char *pattern = lua_tostring(L, 2);

	if (strlen(pattern) != 2 || pattern[0] != '*')
		luaL_argerror(L, 2, lua_pushfstring(L, "bad pattern argument: %s", pattern));
	if (pattern[1] == 'a') {
		reading->is_done = is_all;
		reading->ends_with_it = true;
	} else if (pattern[1] != 'l') {
		luaL_argerror(L, 2, "bad pattern argument");
	}
}

static void read_size(lua_State *L, struct reading *reading)
{
	lua_Integer n = lua_tointeger(L, 2);

	if (n < 0)
		luaL_argerror(L, 2, "bad pattern argument");
	reading->is_done = is_size;
	reading->n = (size_t)n;
}

int ngx_receive(lua_State *L)
{
	struct reading reading = {.is_done = is_line};
	int n = ngx_socket_args(L, 1, 2);
	struct ngx_socket *s;

	s = ngx_socket_ready(L, refusal);
	if (s == NULL)
		return 2;
	if (n > 1 && lua_isnumber(L, 2))
		read_size(L, &reading);
	else if (n > 1 && lua_type(L, 2) == LUA_TSTRING)
		read_pattern(L, &reading);
	else if (n > 1)
		luaL_argerror(L, 2, "bad pattern argument");
	if (reading.is_done == is_size && reading.n == 0) {
		lua_pushliteral(L, "");
		return 1;
	}
	return receive(L, s, &reading);
}

int ngx_receiveany(lua_State *L)
{
	struct reading reading = {.is_done = is_any};
	struct ngx_socket *s;

	ngx_socket_args(L, 2, 2);
	s = ngx_socket_ready(L, refusal);
	if (s == NULL)
		return 2;
	if (!lua_isnumber(L, 2) || lua_tointeger(L, 2) <= 0)
		luaL_argerror(L, 2, "bad max argument");
	reading.n = (size_t)lua_tointeger(L, 2);
	return receive(L, s, &reading);
}

/* ---- receiveuntil ---- */

/* Upvalues: the socket, the pattern's text, its state. */
static int until_next(lua_State *L)
{
	struct ngx_until *until = lua_touserdata(L, lua_upvalueindex(3));
	struct reading reading = {.is_done = is_until, .until = until};
	lua_Integer n = 0;
	struct ngx_socket *s;

	if (lua_gettop(L) > 1)
		return luaL_error(L, "expecting 0 or 1 arguments, but seen %d", lua_gettop(L));
	if (lua_gettop(L) == 1)
		n = luaL_checkinteger(L, 1);
	lua_settop(L, 0);
	lua_pushvalue(L, lua_upvalueindex(1));
	s = ngx_socket_ready(L, refusal);
	if (s == NULL)
		return 2;
	if (ngx_until_is_over(until)) {
		lua_pushnil(L);
		lua_pushnil(L);
		lua_pushnil(L);
		return 3;
	}
	reading.n = n > 0 ? (size_t)n : 0;
	ngx_until_begin(until, lua_tostring(L, lua_upvalueindex(2)), reading.n > 0);
	return receive(L, s, &reading);
}

static bool is_inclusive(lua_State *L)
{
	bool inclusive;

	luaL_checktype(L, 3, LUA_TTABLE);
	lua_getfield(L, 3, "inclusive");
	if (!lua_isnil(L, -1) && !lua_isboolean(L, -1))
		luaL_error(L, "bad \"inclusive\" option value type: %s", luaL_typename(L, -1));
	inclusive = lua_toboolean(L, -1);
	lua_settop(L, 2);
	return inclusive;
}

int ngx_receiveuntil(lua_State *L)
{
	int n = ngx_socket_args(L, 2, 3);
	bool inclusive;
	const char *pattern;
	size_t length;

	inclusive = n == 3 && is_inclusive(L);
	luaL_checktype(L, 1, LUA_TTABLE);
	pattern = luaL_checklstring(L, 2, &length);
	if (length == 0)
		return ngx_socket_refuse(L, "pattern is empty");
	ngx_until_new(L, pattern, length, inclusive);
	lua_pushcclosure(L, until_next, 3);
	return 1;
}
