/* lua_pem.h - the module outrigger.pem: whether texts are certificates and keys. */
#ifndef PLUGINS_LUA_LUA_PEM_H
#define PLUGINS_LUA_LUA_PEM_H
#include <lua.h>

/* Makes it known to require(). May raise. */
void lua_pem_open(lua_State *L);

#endif
