/* lua_info.h - what the gateway is told of a plugin, by the rules in plugins/schema. */
#ifndef PLUGINS_LUA_LUA_INFO_H
#define PLUGINS_LUA_LUA_INFO_H
#include <lua.h>

struct err;
struct plugin;

/* Fills plugin->info of the info table and the notes (plugin_info.lua) that are at `first` of the stack
 * and above it. -E_PLUGIN. May raise for lack of memory only. */
int lua_info_take(lua_State *L, int first, struct plugin *plugin, struct err *err);

#endif
