/* ngx_tls.c - the handshake, and what it is given: sessions, certificates, keys. */
#include <lauxlib.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include "plugins/lua/ngx/ngx_certificate.h"
#include "plugins/lua/ngx/ngx_core.h"
#include "plugins/lua/ngx/ngx_socket.h"
#include "protocol/err.h"

#define SESSION "outrigger.tls_session"

/* ---- sessions ---- */

struct session {
	const struct sockets *ops;
	void *session;
};

static int session_collect(lua_State *L)
{
	struct session *session = lua_touserdata(L, 1);

	if (session->session != NULL)
		session->ops->session_free(session->session);
	session->session = NULL;
	return 0;
}

/* The session to begin another connection with; nil if there is none. */
static int push_session(lua_State *L, const struct ngx_socket *s)
{
	struct session *session = lua_newuserdata(L, sizeof(*session));

	*session = (struct session){.ops = s->ops};
	if (luaL_newmetatable(L, SESSION)) {
		lua_pushcfunction(L, session_collect);
		lua_setfield(L, -2, "__gc");
	}
	lua_setmetatable(L, -2);
	session->session = s->ops->session(s->io);
	if (session->session == NULL)
		lua_pushnil(L);
	return 1;
}

/* ---- the handshake ---- */

static const char *refusal(const struct ngx_socket *s)
{
	if (s->io == NULL && !s->is_connecting)
		return "closed";
	if (s->io != NULL && (s->read_closed || s->write_closed))
		return "closed";
	if (!ngx_socket_is_own(s))
		return "bad request";
	return ngx_socket_busy(s, true, true);
}

static enum ngx_result shake(lua_State *L, struct ngx_socket *s, const struct cosocket_tls *tls,
			     struct err *err)
{
	int status;

	while ((status = s->ops->handshake(s->io, tls, err)) == COSOCKET_READ ||
	       status == COSOCKET_WRITE)
		if (ngx_socket_wait(L, s, &s->writer, status, s->connect_timeout) == NGX_TIMEOUT)
			return NGX_TIMEOUT;
	return status == COSOCKET_DONE ? NGX_OK : NGX_ERROR;
}

/* handshake(socket, session, server_name, verify, wants_status): the session, true, or nil and why. Certificate
 * and key are in the socket's table. */
int ngx_sslhandshake(lua_State *L)
{
	struct cosocket_tls tls = {.verify = lua_toboolean(L, 4),
				   .wants_status = lua_toboolean(L, 5)};
	const struct session *session = ngx_core_userdata(L, 2, SESSION);
	enum ngx_result result;
	struct err err = {""};
	struct ngx_socket *s;
	const char *text;

	lua_settop(L, 5);
	s = ngx_socket_self(L);
	if (!s->was_connected)
		return luaL_error(L, "socket is never created nor connected");
	text = refusal(s);
	if (text != NULL)
		return ngx_socket_refuse(L, text);
	if (lua_toboolean(L, 3))
		tls.server_name = luaL_checkstring(L, 3);
	tls.session = session != NULL ? session->session : NULL;
	ngx_certificate_read(L, &tls);
	if (!s->ops->has_tls(s->io)) {
		s->is_connecting = true;
		result = shake(L, s, &tls, &err);
		s->is_connecting = false;
		if (result != NGX_OK) {
			ngx_socket_end(s);
			return ngx_socket_push_result(L, result, &err);
		}
	} else if (session != NULL) {
		lua_pushvalue(L, 2);
		return 1;
	}
	if (lua_isboolean(L, 2) && !lua_toboolean(L, 2)) {
		lua_pushboolean(L, true);
		return 1;
	}
	return push_session(L, s);
}
