#include "plugins/lua/ngx/ngx_socket.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "plugins/loop.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/ngx/ngx_core.h"

#define USERDATA "outrigger.socket"
#define TCP "outrigger.tcp"

/* ---- results ---- */

int ngx_socket_refuse(lua_State *L, const char *text)
{
	lua_pushnil(L);
	lua_pushstring(L, text);
	return 2;
}

int ngx_socket_push_result(lua_State *L, enum ngx_result result, const struct err *err)
{
	static const char *const texts[] = {
		[NGX_OK] = "", [NGX_TIMEOUT] = "timeout", [NGX_CLOSED] = "closed"};

	return ngx_socket_refuse(L, result == NGX_ERROR ? err->text : texts[result]);
}

/* A thread that has ended in the middle leaves its mark, and no wait. */
static bool is_live(const struct ngx_side *side)
{
	return side->wait.state == LUA_WAIT_PARKED || side->wait.state == LUA_WAIT_WOKEN;
}

const char *ngx_socket_busy(const struct ngx_socket *s, bool reading, bool writing)
{
	if (s->is_connecting && is_live(&s->writer))
		return "socket busy connecting";
	if (reading && s->is_reading && is_live(&s->reader))
		return "socket busy reading";
	if (writing && s->is_writing && is_live(&s->writer))
		return "socket busy writing";
	return NULL;
}

/* ---- waits ---- */

static void watch(const struct ngx_socket *s)
{
	if (s->io != NULL)
		s->ops->watch(s->io, s->reader.events | s->writer.events);
}

static bool take(struct ngx_side *side, int ready)
{
	if (!(side->events & ready))
		return false;
	side->events = 0;
	return true;
}

/* On the loop's stack. Whoever goes on first may end the socket: the other one has its turn later. */
static void on_ready(void *user, int ready)
{
	struct ngx_socket *s = user;
	bool reads = take(&s->reader, ready), writes = take(&s->writer, ready);

	watch(s);
	if (reads && writes)
		lua_wait_wake(&s->writer.wait);
	if (reads)
		lua_wait_go_on(&s->reader.wait);
	else if (writes)
		lua_wait_go_on(&s->writer.wait);
}

/* The thread that waited was killed: as in nginx, its socket ends with it. */
static void on_reader_killed(struct lua_wait *w)
{
	ngx_socket_end((void *)((char *)w - offsetof(struct ngx_socket, reader.wait)));
}

static void on_writer_killed(struct lua_wait *w)
{
	ngx_socket_end((void *)((char *)w - offsetof(struct ngx_socket, writer.wait)));
}

enum ngx_result ngx_socket_wait(lua_State *L, struct ngx_socket *s, struct ngx_side *side,
				int events, double seconds)
{
	bool woken;

	lua_wait_check(L);
	side->events = events;
	watch(s);
	woken = lua_wait_park(L, &side->wait, seconds);
	side->events = 0;
	watch(s);
	return woken ? NGX_OK : NGX_TIMEOUT;
}

void ngx_socket_connect_on(struct ngx_socket *s)
{
	lua_wait_go_on(&s->writer.wait);
}

/* ---- life ---- */

/* The event, timer or init_worker that runs; of a light thread, that which it belongs to. */
static struct pdk_rq *owner(void)
{
	struct pdk_rq *rq = lua_pdk_request();

	return rq != NULL && rq->root != NULL ? rq->root : rq;
}

bool ngx_socket_is_own(const struct ngx_socket *s)
{
	return s->rq == owner();
}

void ngx_socket_check_owner(lua_State *L, const struct ngx_socket *s)
{
	if (!ngx_socket_is_own(s))
		luaL_error(L, "bad request");
}

void ngx_socket_own(lua_State *L, struct ngx_socket *s)
{
	const struct lua_thread *t = lua_wait_check(L);
	struct pdk_rq *rq = owner();
	struct ngx_socket *head = rq->sockets;

	s->ops = t->plugin->plugin->loop->sockets;
	if (s->ops == NULL)
		luaL_error(L, "API disabled in the current context");
	s->was_connected = true;
	s->rq = rq;
	DL_APPEND(head, s);
	rq->sockets = head;
}

void ngx_socket_adopt(struct ngx_socket *s, struct cosocket *io)
{
	s->io = io;
	s->is_eof = s->read_closed = s->write_closed = false;
	s->ops->listen(io, on_ready, s);
}

static void disown(struct ngx_socket *s)
{
	struct ngx_socket *head;

	if (s->rq == NULL)
		return;
	head = s->rq->sockets;
	DL_DELETE(head, s);
	s->rq->sockets = head;
	s->rq = NULL;
}

void ngx_socket_end(struct ngx_socket *s)
{
	if (s->ops != NULL) {
		s->ops->forget(s->query);
		if (s->turn.pool != NULL)
			s->ops->pools.unwait(&s->turn);
		s->ops->close(s->io);
		if (s->pool != NULL)
			s->ops->pools.leave(s->pool);
	}
	s->query = NULL;
	s->io = NULL;
	s->pool = NULL;
	s->reused = 0;
	s->is_connecting = s->is_reading = s->is_writing = false;
	s->read_closed = s->write_closed = true;
	s->reader.events = s->writer.events = 0;
	buf_fini(&s->in);
	buf_fini(&s->out);
	buf_fini(&s->sending);
	free(s->why);
	s->why = NULL;
	disown(s);
}

void ngx_socket_end_all(struct pdk_rq *rq)
{
	while (rq->sockets != NULL)
		ngx_socket_end(rq->sockets);
}

static int socket_collect(lua_State *L)
{
	ngx_socket_end(lua_touserdata(L, 1));
	return 0;
}

/* ---- objects ---- */

struct ngx_socket *ngx_socket_self(lua_State *L)
{
	struct ngx_socket *s;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_rawgeti(L, 1, NGX_SOCKET_SELF);
	s = ngx_core_userdata(L, -1, USERDATA);
	if (s == NULL)
		luaL_argerror(L, 1, "not a socket");
	return s;
}

struct ngx_socket *ngx_socket_ready(lua_State *L, ngx_refusal *refusal)
{
	struct ngx_socket *s = ngx_socket_self(L);
	const char *text = refusal(L, s);

	if (text == NULL)
		return s;
	ngx_socket_refuse(L, text);
	return NULL;
}

int ngx_socket_args(lua_State *L, int least, int most)
{
	const int n = lua_gettop(L);

	if (n >= least && n <= most)
		return n;
	if (least == most)
		return luaL_error(L, "expecting %d arguments (including the object), but got %d",
				  least, n);
	return luaL_error(L, "expecting %d or %d arguments (including the object), but got %d",
			  least, most, n);
}

int ngx_socket_new(lua_State *L, const char *metatable)
{
	struct ngx_socket *s;

	if (lua_gettop(L) != 0)
		return luaL_error(L, "expecting zero arguments, but got %d", lua_gettop(L));
	lua_wait_check(L);
	lua_createtable(L, 4, 0);
	s = lua_newuserdata(L, sizeof(*s));
	*s = (struct ngx_socket){.connect_timeout = NGX_SOCKET_TIMEOUT,
				 .send_timeout = NGX_SOCKET_TIMEOUT,
				 .read_timeout = NGX_SOCKET_TIMEOUT,
				 .reader.wait.on_cancel = on_reader_killed,
				 .writer.wait.on_cancel = on_writer_killed};
	luaL_getmetatable(L, USERDATA);
	lua_setmetatable(L, -2);
	lua_rawseti(L, -2, NGX_SOCKET_SELF);
	luaL_getmetatable(L, metatable);
	lua_setmetatable(L, -2);
	return 1;
}

void ngx_socket_class(lua_State *L, const char *metatable, const luaL_Reg *methods)
{
	luaL_newmetatable(L, metatable);
	lua_newtable(L);
	for (; methods->name != NULL; methods++) {
		lua_pushcfunction(L, methods->func);
		lua_setfield(L, -2, methods->name);
	}
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "__index");
	lua_remove(L, -2);
}

/* ---- small methods ---- */

static int tcp_new(lua_State *L)
{
	return ngx_socket_new(L, TCP);
}

static int tcp_close(lua_State *L)
{
	struct ngx_socket *s;
	const char *busy;

	if (lua_gettop(L) != 1)
		return luaL_error(L, "expecting 1 argument (including the object) but seen %d",
				  lua_gettop(L));
	s = ngx_socket_self(L);
	if (s->io == NULL && !s->is_connecting)
		return ngx_socket_refuse(L, "closed");
	if (s->read_closed && s->write_closed && !s->is_connecting)
		return ngx_socket_refuse(L, "closed");
	ngx_socket_check_owner(L, s);
	busy = ngx_socket_busy(s, true, true);
	if (busy != NULL)
		return ngx_socket_refuse(L, busy);
	ngx_socket_end(s);
	lua_pushinteger(L, 1);
	return 1;
}

/* shutdown("send"), as sockets of nginx's stream module have it. */
static int tcp_shutdown(lua_State *L)
{
	struct ngx_socket *s = ngx_socket_self(L);
	const char *busy;
	struct err err;

	if (strcmp(luaL_checkstring(L, 2), "send") != 0)
		return luaL_error(L, "bad shutdown argument: %s", lua_tostring(L, 2));
	if (s->io == NULL || s->write_closed)
		return ngx_socket_refuse(L, "closed");
	ngx_socket_check_owner(L, s);
	busy = ngx_socket_busy(s, false, true);
	if (busy != NULL)
		return ngx_socket_refuse(L, busy);
	s->write_closed = true;
	if (s->ops->shut(s->io, &err) != COSOCKET_DONE)
		return ngx_socket_refuse(L, err.text);
	lua_pushinteger(L, 1);
	return 1;
}

double ngx_socket_seconds(lua_State *L, int arg)
{
	long long ms = (long long)lua_tonumber(L, arg);

	return ms > 0 ? (double)ms / 1000 : NGX_SOCKET_TIMEOUT;
}

static double check_seconds(lua_State *L, int arg)
{
	long long ms = (long long)lua_tonumber(L, arg);

	if (ms < 0 || ms > 0x7fffffff)
		luaL_error(L, "bad timeout value");
	return ngx_socket_seconds(L, arg);
}

static int tcp_settimeout(lua_State *L)
{
	struct ngx_socket *s;
	double seconds;

	if (lua_gettop(L) != 2)
		return luaL_error(L,
				  "ngx.socket settimeout: expecting 2 arguments (including the "
				  "object) but seen %d",
				  lua_gettop(L));
	seconds = check_seconds(L, 2);
	s = ngx_socket_self(L);
	s->connect_timeout = s->send_timeout = s->read_timeout = seconds;
	return 0;
}

static int tcp_settimeouts(lua_State *L)
{
	double connect, sending, reading;
	struct ngx_socket *s;

	if (lua_gettop(L) != 4)
		return luaL_error(L,
				  "ngx.socket settimeout: expecting 4 arguments (including the "
				  "object) but seen %d",
				  lua_gettop(L));
	connect = check_seconds(L, 2);
	sending = check_seconds(L, 3);
	reading = check_seconds(L, 4);
	s = ngx_socket_self(L);
	s->connect_timeout = connect;
	s->send_timeout = sending;
	s->read_timeout = reading;
	return 0;
}

/* ---- options ---- */

static const char *const option_names[] = {
	[COSOCKET_KEEPALIVE] = "keepalive", [COSOCKET_REUSEADDR] = "reuseaddr",
	[COSOCKET_NODELAY] = "tcp-nodelay", [COSOCKET_SNDBUF] = "sndbuf",
	[COSOCKET_RCVBUF] = "rcvbuf",
};

/* Which option the argument names, or -1 with nil and why pushed. */
static int find_option(lua_State *L, const struct ngx_socket *s)
{
	if (!s->was_connected)
		luaL_error(L, "socket is never created nor connected");
	if (lua_isnoneornil(L, 2)) {
		ngx_socket_refuse(L, "missing the \"option\" argument");
		return -1;
	}
	for (int i = 0; lua_type(L, 2) == LUA_TSTRING && i <= COSOCKET_RCVBUF; i++)
		if (strcmp(lua_tostring(L, 2), option_names[i]) == 0)
			return i;
	lua_pushnil(L);
	lua_pushliteral(L, "unsupported option ");
	lua_compat_tolstring(L, 2, NULL);
	lua_concat(L, 2);
	return -1;
}

static int tcp_getoption(lua_State *L)
{
	const struct ngx_socket *s;
	int option, value = 0;
	struct err err;

	lua_settop(L, 2);
	s = ngx_socket_self(L);
	option = find_option(L, s);
	if (option < 0)
		return 2;
	if (s->io == NULL)
		return ngx_socket_refuse(L, "closed");
	if (s->ops->get_option(s->io, (enum cosocket_option)option, &value, &err) != COSOCKET_DONE)
		return ngx_socket_refuse(L, err.text);
	lua_pushinteger(L, value);
	return 1;
}

static int tcp_setoption(lua_State *L)
{
	const struct ngx_socket *s;
	struct err err;
	int option, value;

	lua_settop(L, 3);
	s = ngx_socket_self(L);
	if (!lua_isnoneornil(L, 2) && lua_isnoneornil(L, 3) && s->was_connected)
		return ngx_socket_refuse(L, "missing the \"value\" argument");
	option = find_option(L, s);
	if (option < 0)
		return 2;
	value = lua_isboolean(L, 3) ? lua_toboolean(L, 3) : (int)luaL_checkinteger(L, 3);
	if (s->io == NULL)
		return ngx_socket_refuse(L, "closed");
	if (s->ops->set_option(s->io, (enum cosocket_option)option, value, &err) != COSOCKET_DONE)
		return ngx_socket_refuse(L, err.text);
	lua_pushboolean(L, true);
	return 1;
}

/* ---- the module ---- */

int ngx_socket_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{"connect", ngx_connect},
		{"receive", ngx_receive},
		{"receiveany", ngx_receiveany},
		{"receiveuntil", ngx_receiveuntil},
		{"send", ngx_send},
		{"close", tcp_close},
		{"shutdown", tcp_shutdown},
		{"setoption", tcp_setoption},
		{"getoption", tcp_getoption},
		{"settimeout", tcp_settimeout},
		{"settimeouts", tcp_settimeouts},
		{"setkeepalive", ngx_setkeepalive},
		{"getreusedtimes", ngx_getreusedtimes},
		{NULL, NULL},
	};

	luaL_newmetatable(L, USERDATA);
	lua_pushcfunction(L, socket_collect);
	lua_setfield(L, -2, "__gc");
	lua_pop(L, 1);
	lua_newtable(L);
	lua_pushcfunction(L, tcp_new);
	lua_setfield(L, -2, "tcp");
	ngx_socket_class(L, TCP, methods);
	lua_pushcfunction(L, ngx_sslhandshake);
	lua_setfield(L, -3, "handshake");
	lua_setfield(L, -2, "methods");
	ngx_udp_open(L);
	return 1;
}
