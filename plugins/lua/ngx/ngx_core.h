/* ngx_core.h - the C side of the ngx table: what its Lua files (lualib/outrigger/ngx) build upon.
 *
 * Each function pushes one table of C functions, which outrigger.ngx.* require as outrigger.c.NAME. They
 * need no event and never suspend.
 * To add one, write its file and name it in ngx_core.c. */
#ifndef PLUGINS_LUA_NGX_NGX_CORE_H
#define PLUGINS_LUA_NGX_NGX_CORE_H
#include <lua.h>

struct lua_vm;

/* Makes the modules outrigger.c.* known to require(). May raise. */
void ngx_core_open(lua_State *L);

/* Each is a lua_CFunction that returns the module's table. */
int ngx_re_open(lua_State *L);          /* regular expressions by PCRE2 */
int ngx_base64_open(lua_State *L);      /* base64, both alphabets */
int ngx_uri_open(lua_State *L);         /* percent-encoding, arguments */
int ngx_hash_open(lua_State *L);        /* digests, HMAC, CRC by libcrypto and zlib */
int ngx_time_open(lua_State *L);        /* clocks and their texts */
int ngx_gzip_open(lua_State *L);        /* gzip by zlib */
int ngx_certificate_open(lua_State *L); /* certificates and keys in PEM */
/* Sockets: tcp() and udp(), which make them; methods, those of tcp(), which Lua adds to; handshake. The one that
 * suspends. */
int ngx_socket_open(lua_State *L);

/* Makes outrigger.c.shared known, the dictionaries of the process. May raise. */
void ngx_shared_preload(struct lua_vm *vm);

/* The userdata at idx, if it is of that metatable; else NULL. */
void *ngx_core_userdata(lua_State *L, int idx, const char *metatable);
/* The argument as bytes, as the ngx API takes texts: nil and false are "", all else as tostring() has it.
 * Borrowed while the argument is on the stack. */
const char *ngx_core_text(lua_State *L, int arg, size_t *ret_len);

#endif
