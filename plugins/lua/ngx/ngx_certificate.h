/* ngx_certificate.h - certificates and keys as Lua has them: the functions of ngx.ssl that need no request.
 *
 * Chains and keys are userdata, where nginx has FFI pointers; pointers (cdata) are taken, too, where Lua has
 * them: STACK_OF(X509) * and EVP_PKEY *. */
#ifndef PLUGINS_LUA_NGX_NGX_CERTIFICATE_H
#define PLUGINS_LUA_NGX_NGX_CERTIFICATE_H
#include <lua.h>

struct cosocket_tls;

/* Certificate and key of the socket at 1, if it has them. They live as long as the socket has them. */
void ngx_certificate_read(lua_State *L, struct cosocket_tls *tls);

#endif
