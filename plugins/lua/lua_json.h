/* lua_json.h - JSON values and Lua tables, both ways. */
#ifndef PLUGINS_LUA_LUA_JSON_H
#define PLUGINS_LUA_LUA_JSON_H
#include <jansson.h>
#include <lua.h>

struct err;

/* Pushes a JSON value. null is ngx.null; an empty array gets the metatable that `array_mt` (a registry
 * reference) names. May raise (memory). */
void lua_json_push(lua_State *L, const json_t *json, int array_mt);
/* The value at idx as owned JSON. Empty tables are objects unless their metatable's __jsontype is
 * "array". -E_PLUGIN for what JSON has no form for. Raises nothing but lack of memory. */
int lua_json_read(lua_State *L, int idx, json_t **ret, struct err *err);

#endif
