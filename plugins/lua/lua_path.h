/* lua_path.h - where Lua code is looked for.
 *
 * In this order: the plugins directory (as DIR/NAME/... for kong.plugins.NAME..., and as a
 * package path), lua_package_path, the trees of LuaRocks (the user's, the system's). */
#ifndef PLUGINS_LUA_LUA_PATH_H
#define PLUGINS_LUA_LUA_PATH_H
#include "plugins/plugin.h"

struct buf;

/* package.path as one text in `ret` (NUL-terminated). -E_NOMEM. */
int lua_path_build(const struct plugin_paths *paths, struct buf *ret);
/* package.cpath; `builtin` is what the interpreter has itself. */
int lua_path_build_c(const struct plugin_paths *paths, const char *builtin, struct buf *ret);
/* The file of a module of kong.plugins in the plugins directory, "DIR/" + dots as slashes
 * (`ending` is ".lua" or "/init.lua"): 0 and the name in `ret`. Else -E_NOT_FOUND, and the name. */
int lua_path_in_dir(const struct plugin_paths *paths, const char *module, const char *ending,
		    struct buf *ret);
/* The file of any module. -E_NOT_FOUND: `tried` has a line for each place; it may be NULL. */
int lua_path_find(const struct plugin_paths *paths, const char *module, struct buf *ret,
		  struct buf *tried);

#endif
