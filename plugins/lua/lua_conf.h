/* lua_conf.h - confs completed and validated by a plugin's schema (plugins/schema/outrigger/schema/conf.lua).
 *
 * A plugin in Lua has its schema in its own state. For one that is not written in Lua, struct lua_schema is
 * a state that holds nothing but the schema language and the plugin's schema. */
#ifndef PLUGINS_LUA_LUA_CONF_H
#define PLUGINS_LUA_LUA_CONF_H
#include <jansson.h>
#include <lua.h>

struct conf_result;
struct err;
struct plugin;
struct lua_schema; /* opaque */

/* What completes the confs of one plugin: references in the registry of its state. */
struct lua_completer {
	int function; /* Conf.completer */
	int array_mt; /* the metatable of empty arrays */
};

/* Takes the function on top of L, which it pops, and the metatable. May raise. */
void lua_completer_take(lua_State *L, struct lua_completer *completer);
/* Pushes the completed conf: 0. -E_CONF: nothing is pushed, `err` names each field, and `ret_faults`
 * (NULL allowed) has a text for each. Runs the plugin's code; may raise. */
int lua_completer_push(lua_State *L, const struct lua_completer *completer, const json_t *conf,
		       json_t **ret_faults, struct err *err);
/* The same into `ret`, as JSON. May raise. */
int lua_completer_read(lua_State *L, const struct lua_completer *completer, const json_t *conf,
		       struct conf_result *ret, struct err *err);

/* Checks {version, priority, phases, schema} of a plugin that is not written in Lua as the gateway would,
 * and fills plugin->info of it. Returns an owned *ret. -E_PLUGIN with the gateway's text, -E_NOMEM. */
int lua_schema_open(struct plugin *plugin, const json_t *described, struct lua_schema **ret,
		    struct err *err);
/* Completes a conf. -E_CONF: `err` names each field. */
int lua_schema_complete(struct lua_schema *schema, const json_t *conf, struct conf_result *ret,
			struct err *err);
/* Accepts NULL. */
void lua_schema_close(struct lua_schema *schema);

#endif
