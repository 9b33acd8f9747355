/* ngx_send.c - writing: texts, numbers, and tables of them. */
#include <lauxlib.h>
#include <math.h>
#include <string.h>
#include "plugins/lua/ngx/ngx_socket.h"
#include "protocol/err.h"

/* ---- what is sent ---- */

static void add(lua_State *L, struct buf *to, const char *bytes, size_t n)
{
	if (buf_append(to, bytes, n) != 0)
		luaL_error(L, "no memory");
}

/* The greatest key of the table on top; all must be positive integers. */
static int count_items(lua_State *L)
{
	lua_Number most = 0;

	lua_pushnil(L);
	while (lua_next(L, -2) != 0) {
		lua_Number key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;

		if (key < 1 || floor(key) != key)
			luaL_argerror(L, 2, "non-array table found");
		if (key > most)
			most = key;
		lua_pop(L, 1);
	}
	return (int)most;
}

/* Adds the items of the table on top. */
static void add_table(lua_State *L, struct buf *to)
{
	int n;

	luaL_checkstack(L, 8, "table nested too deeply");
	n = count_items(L);
	for (int i = 1; i <= n; i++) {
		const char *text;
		size_t length;

		lua_rawgeti(L, -1, i);
		if (lua_istable(L, -1)) {
			add_table(L, to);
		} else if (lua_isstring(L, -1)) {
			text = lua_tolstring(L, -1, &length);
			add(L, to, text, length);
		} else {
			luaL_argerror(
				L, 2,
				lua_pushfstring(L, "bad data type %s found", luaL_typename(L, -1)));
		}
		lua_pop(L, 1);
	}
}

const char *ngx_send_text(lua_State *L, struct ngx_socket *s, size_t *ret_n)
{
	switch (lua_type(L, 2)) {
	case LUA_TSTRING:
	case LUA_TNUMBER:
		return lua_tolstring(L, 2, ret_n);
	case LUA_TNIL:
		*ret_n = 3;
		return "nil";
	case LUA_TBOOLEAN:
		*ret_n = lua_toboolean(L, 2) ? 4 : 5;
		return lua_toboolean(L, 2) ? "true" : "false";
	case LUA_TTABLE:
		buf_consume(&s->sending, buf_len(&s->sending));
		lua_pushvalue(L, 2);
		add_table(L, &s->sending);
		lua_pop(L, 1);
		*ret_n = buf_len(&s->sending);
		return *ret_n > 0 ? (const char *)buf_head(&s->sending) : "";
	default:
		luaL_argerror(
			L, 2,
			lua_pushfstring(
				L, "string, number, boolean, nil, or array table expected, got %s",
				luaL_typename(L, 2)));
		return NULL; /* unreached */
	}
}

/* ---- send ---- */

static enum ngx_result write_all(lua_State *L, struct ngx_socket *s, const char *bytes, size_t n,
				 struct err *err)
{
	while (n > 0) {
		size_t sent = 0;
		int status = s->ops->write(s->io, bytes, n, &sent, err);

		if (status == COSOCKET_FAILED)
			return NGX_ERROR;
		bytes += sent;
		n -= sent;
		if (status != COSOCKET_DONE &&
		    ngx_socket_wait(L, s, &s->writer, status, s->send_timeout) == NGX_TIMEOUT)
			return NGX_TIMEOUT;
	}
	return NGX_OK;
}

static const char *refusal(lua_State *L, const struct ngx_socket *s)
{
	if (s->io == NULL && !s->is_connecting)
		return "closed";
	if (s->io != NULL && s->write_closed)
		return "closed";
	ngx_socket_check_owner(L, s);
	return ngx_socket_busy(s, false, true);
}

int ngx_send(lua_State *L)
{
	enum ngx_result result;
	struct err err = {""};
	struct ngx_socket *s;
	const char *text;
	size_t n = 0;

	ngx_socket_args(L, 2, 2);
	s = ngx_socket_ready(L, refusal);
	if (s == NULL)
		return 2;
	text = ngx_send_text(L, s, &n);
	s->is_writing = true;
	result = write_all(L, s, text, n, &err);
	s->is_writing = false;
	buf_fini(&s->sending);
	if (result != NGX_OK) {
		s->write_closed = true;
		return ngx_socket_push_result(L, result, &err);
	}
	lua_pushnumber(L, (lua_Number)n);
	return 1;
}
