/* ngx_connect.c - connections: made, taken from a pool, put back into it. */
#include <lauxlib.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include "plugins/loop.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/ngx/ngx_address.h"
#include "plugins/lua/ngx/ngx_socket.h"

#define POOLS "outrigger.socket.pools"

/* ---- pools ---- */

/* A userdata in the registry. */
struct pools {
	const struct sockets *ops;
	struct cosocket_pools *pools;
};

static int pools_collect(lua_State *L)
{
	struct pools *pools = lua_touserdata(L, 1);

	if (pools->pools != NULL)
		pools->ops->pools.destroy(pools->pools);
	pools->pools = NULL;
	return 0;
}

static struct pools *make_pools(lua_State *L, const struct sockets *ops)
{
	struct pools *pools = lua_newuserdata(L, sizeof(*pools));

	*pools = (struct pools){.ops = ops};
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, pools_collect);
	lua_setfield(L, -2, "__gc");
	lua_setmetatable(L, -2);
	pools->pools = ops->pools.create(ops->home);
	if (pools->pools == NULL)
		luaL_error(L, "no memory");
	lua_setfield(L, LUA_REGISTRYINDEX, POOLS);
	return pools;
}

/* Those of the Lua state. */
static struct cosocket_pools *pools_of(lua_State *L, const struct sockets *ops)
{
	struct pools *pools;

	lua_getfield(L, LUA_REGISTRYINDEX, POOLS);
	pools = lua_touserdata(L, -1);
	lua_pop(L, 1);
	if (pools == NULL)
		pools = make_pools(L, ops);
	return pools->pools;
}

/* ---- names ---- */

static void on_resolved(void *user, const char *const *addresses, size_t n, const char *why)
{
	static unsigned turn; /* so that all addresses of a name are used */
	struct ngx_socket *s = user;

	s->query = NULL;
	s->address[0] = '\0';
	if (n > 0)
		strncat(s->address, addresses[turn++ % n], sizeof(s->address) - 1);
	else
		s->why = strdup(why);
	ngx_socket_connect_on(s);
}

static enum ngx_result resolve(lua_State *L, struct ngx_socket *s, struct ngx_address *address,
			       struct err *err)
{
	s->query = s->ops->resolve(s->ops->home, address->name, on_resolved, s);
	if (s->query == NULL) {
		err_write(err, "failed to start the resolver");
		return NGX_ERROR;
	}
	ngx_socket_wait(L, s, &s->writer, 0, HUGE_VAL);
	address->place.address = s->address;
	if (s->address[0] != '\0')
		return NGX_OK;
	err_write(err, "%s", s->why != NULL ? s->why : "no memory");
	return NGX_ERROR;
}

/* ---- a connection ---- */

static enum ngx_result open_place(lua_State *L, struct ngx_socket *s,
				  const struct cosocket_place *place, struct err *err)
{
	struct cosocket *io = NULL;
	int status = s->ops->open(s->ops->home, place, &io, err);

	if (status == COSOCKET_FAILED)
		return NGX_ERROR;
	ngx_socket_adopt(s, io);
	if (status == COSOCKET_DONE)
		return NGX_OK;
	if (ngx_socket_wait(L, s, &s->writer, COSOCKET_WRITE, s->connect_timeout) == NGX_TIMEOUT)
		return NGX_TIMEOUT;
	return s->ops->connected(io, err) == COSOCKET_DONE ? NGX_OK : NGX_ERROR;
}

enum ngx_result ngx_connect_to(lua_State *L, struct ngx_socket *s, struct ngx_address *address,
			       struct err *err)
{
	enum ngx_result result = NGX_OK;

	s->is_connecting = true;
	if (address->name != NULL)
		result = resolve(L, s, address, err);
	if (result == NGX_OK)
		result = open_place(L, s, &address->place, err);
	s->is_connecting = false;
	return result;
}

/* ---- turns ---- */

static void on_turn(void *user)
{
	ngx_socket_connect_on(user);
}

/* Waits for a place in the pool, which counts who waits, too. */
static enum ngx_result wait_for_turn(lua_State *L, struct ngx_socket *s, struct cosocket_pool *pool)
{
	enum ngx_result result;

	s->turn = (struct cosocket_turn){.fn = on_turn, .user = s};
	s->ops->pools.wait(pool, &s->turn);
	s->is_connecting = true;
	result = ngx_socket_wait(L, s, &s->writer, 0, s->connect_timeout);
	s->is_connecting = false;
	if (result == NGX_TIMEOUT && s->turn.pool != NULL)
		s->ops->pools.unwait(&s->turn);
	else
		s->pool = pool;
	return result;
}

/* A connection of the pool's, if there is one. */
static bool take(struct ngx_socket *s, struct cosocket_pool *pool)
{
	unsigned reused = 0;
	struct cosocket *io = s->ops->pools.take(pool, &reused);

	if (io == NULL)
		return false;
	if (s->pool != NULL)
		s->ops->pools.leave(s->pool); /* the one that was to be made */
	ngx_socket_adopt(s, io);
	s->pool = pool;
	s->reused = reused + 1;
	return true;
}

/* ---- connect ---- */

/* What connect was given. */
struct request {
	lua_Integer pool_size; /* 0 = not said */
	lua_Integer backlog;   /* -1 = none */
	int port;              /* -1 = none */
};

/* A number of the table at arg; `least` or more. */
static lua_Integer number_option(lua_State *L, int arg, const char *name, lua_Integer least,
				 lua_Integer absent)
{
	lua_Integer value = absent;

	lua_getfield(L, arg, name);
	if (lua_isnumber(L, -1)) {
		value = lua_tointeger(L, -1);
		if (value < least)
			luaL_argerror(L, arg,
				      lua_pushfstring(L, "bad \"%s\" option value: %d", name,
						      (int)value));
	} else if (!lua_isnil(L, -1) && least > 0) {
		luaL_argerror(L, arg,
			      lua_pushfstring(L, "bad \"%s\" option type: %s", name,
					      luaL_typename(L, -1)));
	}
	lua_pop(L, 1);
	return value;
}

/* Sets the socket's key, if the options have one. */
static bool read_key(lua_State *L, int arg)
{
	int type;

	lua_getfield(L, arg, "pool");
	type = lua_type(L, -1);
	if (type != LUA_TNIL && type != LUA_TNUMBER && type != LUA_TSTRING)
		luaL_argerror(
			L, arg,
			lua_pushfstring(L, "bad \"pool\" option type: %s", lua_typename(L, type)));
	if (type == LUA_TNIL) {
		lua_pop(L, 1);
		return false;
	}
	lua_tostring(L, -1);
	lua_rawseti(L, 1, NGX_SOCKET_KEY);
	return true;
}

static void set_key(lua_State *L, int port)
{
	lua_pushvalue(L, 2);
	if (port >= 0) {
		lua_pushliteral(L, ":");
		lua_pushvalue(L, 3);
		lua_tostring(L, -1);
		lua_concat(L, 3);
	}
	lua_rawseti(L, 1, NGX_SOCKET_KEY);
}

/* Reads the arguments: 0, or what is returned to Lua for bad ones. */
static int read_request(lua_State *L, struct request *request, lua_Integer pool_size)
{
	int n = lua_gettop(L);
	bool has_key = false;

	*request = (struct request){.backlog = -1, .port = -1};
	if (lua_istable(L, n)) {
		request->pool_size = number_option(L, n, "pool_size", 1, 0);
		request->backlog = number_option(L, n, "backlog", 0, -1);
		if (request->backlog >= 0 && request->pool_size == 0)
			request->pool_size = pool_size;
		has_key = read_key(L, n);
		n--;
	}
	if (n >= 3 && lua_isnumber(L, 3)) {
		lua_Integer port = lua_tointeger(L, 3);

		if (port < 0 || port > 65535) {
			lua_pushnil(L);
			lua_pushfstring(L, "bad port number: %d", (int)port);
			return 2;
		}
		request->port = (int)port;
	} else if (strncasecmp(lua_tostring(L, 2), "unix:", 5) != 0) {
		return ngx_socket_refuse(L, "missing the port number");
	}
	if (!has_key)
		set_key(L, request->port);
	return 0;
}

static struct cosocket_pool *find_pool(lua_State *L, const struct sockets *ops,
				       const struct request *request)
{
	struct cosocket_pools *pools = pools_of(L, ops);
	struct cosocket_pool *pool;
	const char *key;
	size_t n;

	lua_rawgeti(L, 1, NGX_SOCKET_KEY);
	key = lua_tolstring(L, -1, &n);
	pool = ops->pools.find(pools, key, n);
	if (pool == NULL && request->pool_size > 0)
		pool = ops->pools.add(pools, key, n, (size_t)request->pool_size,
				      (long)request->backlog);
	lua_pop(L, 1);
	return pool;
}

/* As ngx_connect_to, by the pool if there is one. */
static enum ngx_result connect_by(lua_State *L, struct ngx_socket *s, struct cosocket_pool *pool,
				  struct ngx_address *address, struct err *err)
{
	enum cosocket_room room;

	if (pool == NULL)
		return ngx_connect_to(L, s, address, err);
	if (take(s, pool))
		return NGX_OK;
	room = s->ops->pools.enter(pool);
	if (room == COSOCKET_NOROOM) {
		err_write(err, "too many waiting connect operations");
		return NGX_ERROR;
	}
	if (room == COSOCKET_ROOM)
		s->pool = pool;
	else if (wait_for_turn(L, s, pool) != NGX_OK)
		return NGX_TIMEOUT;
	else if (take(s, pool))
		return NGX_OK;
	return ngx_connect_to(L, s, address, err);
}

static int push_connected(lua_State *L, struct ngx_socket *s, enum ngx_result result,
			  const struct err *err)
{
	if (result != NGX_OK) {
		ngx_socket_end(s);
		return ngx_socket_push_result(L, result, err);
	}
	lua_pushinteger(L, 1);
	return 1;
}

int ngx_connect(lua_State *L)
{
	const struct lua_thread *t;
	struct ngx_address address;
	struct request request;
	struct ngx_socket *s;
	struct err err = {""};
	const char *host, *text;
	int n = lua_gettop(L);

	if (n < 2 || n > 4)
		return luaL_error(L,
				  "ngx.socket connect: expecting 2, 3, or 4 arguments (including "
				  "the object), but seen %d",
				  n);
	t = lua_wait_check(L);
	luaL_checktype(L, 1, LUA_TTABLE);
	host = luaL_checkstring(L, 2);
	n = read_request(L, &request, (lua_Integer)t->plugin->plugin->loop->sockets->pool_size);
	if (n != 0)
		return n;
	s = ngx_socket_self(L);
	if (s->rq != NULL)
		ngx_socket_check_owner(L, s);
	text = ngx_socket_busy(s, true, true);
	if (text != NULL)
		return ngx_socket_refuse(L, text);
	ngx_socket_end(s);
	ngx_socket_own(L, s);
	text = ngx_address_read(&address, host, request.port > 0 ? (unsigned)request.port : 0);
	if (text != NULL) {
		err_write(&err, "failed to parse host name \"%s\": %s", host, text);
		return push_connected(L, s, NGX_ERROR, &err);
	}
	return push_connected(
		L, s, connect_by(L, s, find_pool(L, s->ops, &request), &address, &err), &err);
}

/* ---- back into the pool ---- */

/* "closed" and so on; NULL if it can be put back. */
static const char *refusal(lua_State *L, const struct ngx_socket *s)
{
	const char *busy;

	if (s->io == NULL && !s->is_connecting)
		return "closed";
	if (s->io != NULL && (s->read_closed || s->write_closed || s->is_eof))
		return "closed";
	ngx_socket_check_owner(L, s);
	busy = ngx_socket_busy(s, true, true);
	if (busy != NULL)
		return busy;
	return buf_len(&s->in) > 0 ? "unread data in buffer" : NULL;
}

static struct cosocket_pool *pool_for(lua_State *L, const struct ngx_socket *s, int n)
{
	struct request request = {.pool_size = (lua_Integer)s->ops->pool_size, .backlog = -1};
	struct cosocket_pool *pool = find_pool(L, s->ops, &(struct request){.backlog = -1});

	if (pool != NULL)
		return pool;
	if (n >= 3 && !lua_isnil(L, 3))
		request.pool_size = luaL_checkinteger(L, 3);
	if (request.pool_size <= 0)
		luaL_argerror(L, n,
			      lua_pushfstring(L, "bad \"pool_size\" option value: %d",
					      (int)request.pool_size));
	pool = find_pool(L, s->ops, &request);
	if (pool == NULL)
		luaL_error(L, "no memory");
	return pool;
}

int ngx_setkeepalive(lua_State *L)
{
	struct cosocket_rest rest = {.seconds = NGX_SOCKET_TIMEOUT};
	int n = lua_gettop(L);
	struct cosocket_pool *pool;
	struct ngx_socket *s;
	struct cosocket *io;
	const char *text;

	if (n < 1 || n > 3)
		return luaL_error(
			L, "expecting 1 to 3 arguments (including the object), but got %d", n);
	s = ngx_socket_self(L);
	text = refusal(L, s);
	if (text != NULL)
		return ngx_socket_refuse(L, text);
	if (n >= 2 && !lua_isnil(L, 2))
		rest.seconds = (double)luaL_checkinteger(L, 2) / 1000;
	pool = pool_for(L, s, n);
	rest.is_counted = s->pool != NULL;
	rest.reused = s->reused;
	io = s->io;
	s->io = NULL;
	s->pool = NULL;
	if (!s->ops->pools.put(pool, io, &rest)) {
		ngx_socket_end(s);
		return ngx_socket_refuse(L, "connection in dubious state");
	}
	ngx_socket_end(s);
	lua_pushinteger(L, 1);
	return 1;
}

int ngx_getreusedtimes(lua_State *L)
{
	const struct ngx_socket *s;

	if (lua_gettop(L) != 1)
		return luaL_error(L, "expecting 1 argument (including the object), but got %d",
				  lua_gettop(L));
	s = ngx_socket_self(L);
	if (s->io == NULL || (s->read_closed && s->write_closed))
		return ngx_socket_refuse(L, "closed");
	lua_pushinteger(L, (lua_Integer)s->reused);
	return 1;
}
