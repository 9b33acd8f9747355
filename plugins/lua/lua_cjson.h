/* lua_cjson.h - JSON as lua-cjson has it: the module outrigger.c.json, which lualib/cjson is made of.
 *
 *   encode(value, config) -> text; or nil and an error
 *   decode(text, config) -> value; or nil and an error
 * `config` is a table, whose fields are those of struct cjson_config. */
#ifndef PLUGINS_LUA_LUA_CJSON_H
#define PLUGINS_LUA_LUA_CJSON_H
#include <lua.h>
#include <stdbool.h>

struct cjson_config {
	bool escape_slash;     /* "/" is written "\/" */
	bool empty_is_object;  /* an empty table without a metatable is {} */
	bool sparse_is_object; /* so is one with large gaps, instead of an error */
	int sparse_ratio; /* gaps are large if the highest index is more than so many times the items */
	int sparse_safe;       /* and is above this; a ratio of 0: never */
	int precision;         /* digits of numbers */
	bool write_invalid;    /* NaN and infinity are written as they print */
	bool invalid_is_null;  /* or as null */
	bool skip_unsupported; /* functions and the like are null instead of an error */
	int encode_depth, decode_depth;
	bool mark_arrays;  /* decoded arrays get array_mt */
	bool read_invalid; /* hexadecimal numbers, NaN and infinity may be read */
};

/* Fills it from the table at idx. May raise. */
void lua_cjson_read_config(lua_State *L, int idx, struct cjson_config *config);
/* lua_cjson_decode.c: decode() */
int lua_cjson_decode(lua_State *L);
/* package.preload's function. */
int lua_cjson_open(lua_State *L);

/* The metatables that mark arrays are in the registry under these addresses. */
extern const char lua_cjson_array_mt, lua_cjson_empty_array_mt;

#endif
