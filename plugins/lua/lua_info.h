/* lua_info.h - what the gateway is told of a plugin, by the rules in plugins/schema, for all runtimes. */
#ifndef PLUGINS_LUA_LUA_INFO_H
#define PLUGINS_LUA_LUA_INFO_H
#include <jansson.h>

struct err;
struct plugin;

/* Fills plugin->info of the results of plugin_info.lua. -E_PLUGIN. */
int lua_info_fill(struct plugin *plugin, const json_t *told, json_t *notes, struct err *err);
/* Checks {version, priority, phases, schema} of a plugin that is not written in Lua as the gateway would,
 * and fills plugin->info of it. -E_PLUGIN with the gateway's text, -E_NOMEM. */
int lua_info_build(struct plugin *plugin, const json_t *described, struct err *err);

#endif
