/* ngx_udp.c - datagrams. */
#include <lauxlib.h>
#include "plugins/lua/ngx/ngx_address.h"
#include "plugins/lua/ngx/ngx_socket.h"
#include "protocol/err.h"

#define UDP "outrigger.udp"
#define LONGEST 65535

static int udp_new(lua_State *L)
{
	return ngx_socket_new(L, UDP);
}

static bool is_busy(const struct ngx_socket *s)
{
	return ngx_socket_busy(s, true, false) != NULL;
}

/* "closed" and so on; NULL if it can be used. */
static const char *refusal(lua_State *L, const struct ngx_socket *s)
{
	if (s->io == NULL && !s->is_connecting)
		return "closed";
	ngx_socket_check_owner(L, s);
	return is_busy(s) ? "socket busy" : NULL;
}

static int udp_setpeername(lua_State *L)
{
	struct ngx_address address;
	enum ngx_result result;
	struct err err = {""};
	struct ngx_socket *s;
	lua_Integer port = 0;
	const char *host, *text;
	int n = lua_gettop(L);

	if (n != 2 && n != 3)
		return luaL_error(L,
				  "ngx.socket.udp setpeername: expecting 2 or 3 arguments "
				  "(including the object), but seen %d",
				  n);
	lua_wait_check(L);
	luaL_checktype(L, 1, LUA_TTABLE);
	host = luaL_checkstring(L, 2);
	if (n == 3)
		port = luaL_checkinteger(L, 3);
	if (port < 0 || port > 65535) {
		lua_pushnil(L);
		lua_pushfstring(L, "bad port number: %d", (int)port);
		return 2;
	}
	s = ngx_socket_self(L);
	if (s->rq != NULL)
		ngx_socket_check_owner(L, s);
	if (is_busy(s))
		return ngx_socket_refuse(L, "socket busy");
	ngx_socket_end(s);
	ngx_socket_own(L, s);
	text = ngx_address_read(&address, host, (unsigned)port);
	if (text != NULL)
		err_write(&err, "failed to parse host name \"%s\": %s", host, text);
	address.place.is_datagram = true;
	result = text != NULL ? NGX_ERROR : ngx_connect_to(L, s, &address, &err);
	if (result != NGX_OK) {
		ngx_socket_end(s);
		return ngx_socket_push_result(L, result, &err);
	}
	lua_pushinteger(L, 1);
	return 1;
}

static int udp_send(lua_State *L)
{
	struct ngx_socket *s;
	const char *text;
	size_t n = 0, sent = 0;
	struct err err;

	ngx_socket_args(L, 2, 2);
	s = ngx_socket_ready(L, refusal);
	if (s == NULL)
		return 2;
	text = ngx_send_text(L, s, &n);
	switch (s->ops->write(s->io, text, n, &sent, &err)) {
	case COSOCKET_DONE:
		break;
	case COSOCKET_FAILED:
		return ngx_socket_refuse(L, err.text);
	default:
		return ngx_socket_refuse(L, "resource temporarily unavailable");
	}
	if (sent != n)
		return ngx_socket_refuse(L, "partial write");
	lua_pushinteger(L, 1);
	return 1;
}

static enum ngx_result read_datagram(lua_State *L, struct ngx_socket *s, size_t room,
				     struct err *err)
{
	static unsigned char datagram[LONGEST + 1];
	enum ngx_result result = NGX_OK;
	size_t n = 0;
	int status;

	s->is_reading = true;
	while ((status = s->ops->read(s->io, datagram, room, &n, err)) == COSOCKET_READ &&
	       result == NGX_OK)
		result = ngx_socket_wait(L, s, &s->reader, status, s->read_timeout);
	s->is_reading = false;
	if (result != NGX_OK)
		return result;
	if (status != COSOCKET_DONE)
		return NGX_ERROR;
	lua_pushlstring(L, (const char *)datagram, n);
	return NGX_OK;
}

static int udp_receive(lua_State *L)
{
	enum ngx_result result;
	struct err err = {""};
	lua_Number room;
	struct ngx_socket *s;
	int n = ngx_socket_args(L, 1, 2);

	s = ngx_socket_ready(L, refusal);
	if (s == NULL)
		return 2;
	room = n == 2 && !lua_isnil(L, 2) ? luaL_checknumber(L, 2) : LONGEST;
	if (room < 0 || room > LONGEST)
		room = LONGEST;
	result = read_datagram(L, s, (size_t)room, &err);
	return result == NGX_OK ? 1 : ngx_socket_push_result(L, result, &err);
}

static int udp_settimeout(lua_State *L)
{
	struct ngx_socket *s;

	if (lua_gettop(L) != 2)
		return luaL_error(L,
				  "ngx.socket settimeout: expecting at least 2 arguments "
				  "(including the object) but seen %d",
				  lua_gettop(L));
	s = ngx_socket_self(L);
	s->connect_timeout = s->read_timeout = ngx_socket_seconds(L, 2);
	return 0;
}

static int udp_close(lua_State *L)
{
	struct ngx_socket *s;

	if (lua_gettop(L) != 1)
		return luaL_error(L, "expecting 1 argument (including the object) but seen %d",
				  lua_gettop(L));
	s = ngx_socket_ready(L, refusal);
	if (s == NULL)
		return 2;
	ngx_socket_end(s);
	lua_pushinteger(L, 1);
	return 1;
}

void ngx_udp_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"setpeername", udp_setpeername}, {"send", udp_send},   {"receive", udp_receive},
		{"settimeout", udp_settimeout},   {"close", udp_close}, {NULL, NULL},
	};

	lua_pushcfunction(L, udp_new);
	lua_setfield(L, -2, "udp");
	ngx_socket_class(L, UDP, methods);
	lua_pop(L, 1);
}
