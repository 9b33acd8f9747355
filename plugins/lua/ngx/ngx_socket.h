/* ngx_socket.h - what the files of ngx.socket share.
 *
 * A socket is a table, as in nginx, with methods by its metatable; C keeps a userdata in it (NGX_SOCKET_SELF).
 * Methods park the fiber that runs, so they are written as if they blocked. A socket that is connected, or
 * connects, belongs to the event, or timer, whose code has done that, and ends with it.
 *
 * Parts: ngx_socket.c its life and its waits; ngx_connect.c connect and setkeepalive; ngx_receive.c and
 * ngx_until.c, ngx_send.c; ngx_tls.c handshakes; ngx_udp.c datagrams; ngx_address.c what connect is given. */
#ifndef PLUGINS_LUA_NGX_NGX_SOCKET_H
#define PLUGINS_LUA_NGX_NGX_SOCKET_H
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include "plugins/lua/lua_wait.h"
#include "plugins/sockets.h"
#include "protocol/buf.h"

struct err;
struct ngx_address;
struct pdk_rq;

/* Indexes of a socket's table. */
enum ngx_socket_index {
	NGX_SOCKET_SELF = 1,
	NGX_SOCKET_KEY, /* of the pool */
	NGX_SOCKET_CERT,
	NGX_SOCKET_PKEY,
};
#define NGX_SOCKET_TIMEOUT 60.0 /* seconds, where nothing is set */

/* What one waits for. */
struct ngx_side {
	struct lua_wait wait;
	int events; /* COSOCKET_READ, COSOCKET_WRITE; 0 = nobody waits for the descriptor */
};

struct ngx_socket {
	const struct sockets *ops;      /* once it has connected */
	struct cosocket *io;            /* NULL = not connected */
	struct pdk_rq *rq;              /* whose it is; NULL = nobody's */
	struct ngx_socket *prev, *next; /* of rq */
	bool is_connecting, is_reading, is_writing;
	bool read_closed, write_closed, is_eof;
	bool was_connected;                                 /* ever */
	struct ngx_side reader, writer;                     /* who connects is a writer */
	double connect_timeout, send_timeout, read_timeout; /* seconds */
	struct cosocket_query *query;
	struct cosocket_turn turn;
	struct cosocket_pool *pool; /* that counts the connection, or NULL */
	unsigned reused;
	char address[64]; /* what a name stands for */
	char *why;        /* why it stands for none */
	struct buf in;    /* what has come and was not asked for yet */
	struct buf out;   /* what a call has of it so far */
	struct buf sending;
};

/* How a wait, or a call, has ended. Errors of the system are pushed as a text by who finds them. */
enum ngx_result {
	NGX_OK,
	NGX_TIMEOUT,
	NGX_CLOSED,
	NGX_ERROR, /* the text is in err */
};
/* The userdata of the table at index 1, left on top of L's stack so that it stays. Never NULL; raises. */
struct ngx_socket *ngx_socket_self(lua_State *L);
/* Raises unless there are from `least` to `most` arguments, the object included. Returns how many. */
int ngx_socket_args(lua_State *L, int least, int most);
/* Why a socket can't be used now, or NULL. May raise. */
typedef const char *ngx_refusal(lua_State *L, const struct ngx_socket *s);
/* ngx_socket_self; or NULL, and nil and the refusal are pushed. */
struct ngx_socket *ngx_socket_ready(lua_State *L, ngx_refusal *refusal);
/* Makes the table of a socket whose metatable is that name's. */
int ngx_socket_new(lua_State *L, const char *metatable);
/* Makes it, and pushes the table of methods. */
void ngx_socket_class(lua_State *L, const char *metatable, const luaL_Reg *methods);
/* Whether the event that runs is the one that has it. */
bool ngx_socket_is_own(const struct ngx_socket *s);
/* Raises if it is not. */
void ngx_socket_check_owner(lua_State *L, const struct ngx_socket *s);
/* The event that runs has it from now on; raises where nothing can wait. */
void ngx_socket_own(lua_State *L, struct ngx_socket *s);
/* Closes it and forgets what it was. Timeouts stay. */
void ngx_socket_end(struct ngx_socket *s);
/* The descriptor is connected; takes it. */
void ngx_socket_adopt(struct ngx_socket *s, struct cosocket *io);
/* Until the descriptor is ready for `events`: NGX_OK or NGX_TIMEOUT. */
enum ngx_result ngx_socket_wait(lua_State *L, struct ngx_socket *s, struct ngx_side *side,
				int events, double seconds);
/* Goes on with who connects. */
void ngx_socket_connect_on(struct ngx_socket *s);
/* nil and a text. 2. */
int ngx_socket_refuse(lua_State *L, const char *text);
/* nil and what `result` is called. 2. */
int ngx_socket_push_result(lua_State *L, enum ngx_result result, const struct err *err);
/* "socket busy ..." if one of these is under way, or NULL. */
const char *ngx_socket_busy(const struct ngx_socket *s, bool reading, bool writing);
/* A time in milliseconds as Lua gives it; 0 is the default. */
double ngx_socket_seconds(lua_State *L, int arg);
/* Resolves the address's name where it has one, and connects: NGX_OK, or what it is with err. The socket is
 * owned, and not connected. */
enum ngx_result ngx_connect_to(lua_State *L, struct ngx_socket *s, struct ngx_address *address,
			       struct err *err);

int ngx_connect(lua_State *L);
int ngx_setkeepalive(lua_State *L);
int ngx_getreusedtimes(lua_State *L);
int ngx_receive(lua_State *L);
int ngx_receiveany(lua_State *L);
int ngx_receiveuntil(lua_State *L);
int ngx_send(lua_State *L);
int ngx_sslhandshake(lua_State *L);

/* ngx_send.c: what is sent for the value at 2: tables are joined. Borrows from Lua's stack and s. Raises. */
const char *ngx_send_text(lua_State *L, struct ngx_socket *s, size_t *ret_n);
/* ngx_udp.c: pushes the methods of datagram sockets. */
void ngx_udp_open(lua_State *L);
/* All sockets that the event, or task, has end with it. */
void ngx_socket_end_all(struct pdk_rq *rq);
#endif
