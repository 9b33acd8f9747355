/* lua_pack.h - plain data of Lua as bytes, for another process of the same plugin. */
#ifndef PLUGINS_LUA_LUA_PACK_H
#define PLUGINS_LUA_LUA_PACK_H
#include <lua.h>

/* Loads the module outrigger.c.pack. May raise (memory).
 *   pack(value)   MessagePack as a string; nil and a reason for what isn't plain data.
 *   unpack(text)  the value; nil and a reason where the text is none. ngx.null stays ngx.null. */
int lua_pack_open(lua_State *L);

#endif
