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
	int sent;     /* Conf.completers: for what the gateway sends */
	int written;  /* for what a person wrote */
	int array_mt; /* the metatable of empty arrays */
};

/* Takes the two functions on top of L, which it pops, and the metatable. May raise. */
void lua_completer_take(lua_State *L, struct lua_completer *completer);
/* Pushes the completed conf that the gateway has sent: 0. -E_CONF: nothing is pushed, and `err` names each
 * field. Runs the plugin's code; may raise. */
int lua_completer_push(lua_State *L, const struct lua_completer *completer, const json_t *conf,
		       struct err *err);
/* Completes one that a person wrote, as JSON. -E_CONF: `err` names each field, and ret->faults has a text for
 * each. May raise. */
int lua_completer_check(lua_State *L, const struct lua_completer *completer, const json_t *conf,
			struct conf_result *ret, struct err *err);

/* Checks {version, priority, phases, schema} of a plugin that is not written in Lua as the gateway would,
 * and fills plugin->info of it. Returns an owned *ret. -E_PLUGIN with the gateway's text, -E_NOMEM. */
int lua_schema_open(struct plugin *plugin, const json_t *described, struct lua_schema **ret,
		    struct err *err);
/* Completes a conf that the gateway has sent; *ret is owned. -E_CONF: `err` names each field. */
int lua_schema_complete(struct lua_schema *schema, const json_t *conf, json_t **ret,
			struct err *err);
/* As lua_completer_check. */
int lua_schema_check(struct lua_schema *schema, const json_t *conf, struct conf_result *ret,
		     struct err *err);
/* Accepts NULL. */
void lua_schema_close(struct lua_schema *schema);

#endif
