/* lua_loader.c - how require() finds modules.
 *
 * Modules that are compiled in come first: beside a gateway its own kong.* modules are on the
 * path, and need the gateway around them. kong.plugins.* always comes from files. */
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/lua_path.h"
#include "plugins/lua/lua_pem.h"
#include "plugins/lua/lualib.h"
#include "protocol/buf.h"

/* ---- compiled in ---- */

static int compare_file(const void *key, const void *file)
{
	return strcmp(key, ((const struct lualib_file *)file)->module);
}

/* From the source where the Lua that we run with has another bytecode than the one that we were built with. */
static int load_embedded(lua_State *L, const struct lualib_file *file, const char *chunk)
{
	if (luaL_loadbuffer(L, file->code.bytes, file->code.size, chunk) == LUA_OK)
		return LUA_OK;
	lua_pop(L, 1);
	return luaL_loadbuffer(L, file->source.bytes, file->source.size, chunk);
}

static int search_embedded(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	const struct lualib_file *file =
		bsearch(name, lualib_files, lualib_count, sizeof(*file), compare_file);

	if (file == NULL || strncmp(name, "kong.plugins.", 13) == 0) {
		lua_pushliteral(L, "");
		return 1;
	}
	lua_pushfstring(L, "=outrigger/%s", name);
	if (load_embedded(L, file, lua_tostring(L, -1)) != LUA_OK)
		return lua_error(L);
	return 1;
}

/* ---- the plugins directory ---- */

/* Pushes the name that was tried and frees the buffer. */
static const char *push_name(lua_State *L, struct buf *name)
{
	lua_pushstring(L, buf_len(name) > 0 ? (const char *)buf_head(name) : "");
	buf_fini(name);
	return lua_tostring(L, -1);
}

/* DIR/NAME/handler.lua for kong.plugins.NAME.handler. Upvalue: DIR. */
static int search_plugins_dir(lua_State *L)
{
	static const char *const endings[] = {".lua", "/init.lua"};
	const struct plugin_paths paths = {.plugins_dir = lua_tostring(L, lua_upvalueindex(1))};
	const char *module = luaL_checkstring(L, 1), *file;
	struct buf name = {0};
	size_t i;
	int rc;

	lua_settop(L, 1);
	lua_pushliteral(L, "");
	for (i = 0; i < 2; i++) {
		rc = lua_path_in_dir(&paths, module, endings[i], &name);
		file = push_name(L, &name);
		if (rc == 0)
			return luaL_loadfile(L, file) == LUA_OK ? 1 : lua_error(L);
		if (*file)
			lua_pushfstring(L, "%s\n\tno file '%s'", lua_tostring(L, 2), file);
		else
			lua_pushvalue(L, 2);
		lua_replace(L, 2);
		lua_settop(L, 2);
	}
	return 1;
}

/* ---- package ---- */

/* Puts the function on top at `position` of package.loaders, which is below it. */
static void insert_loader(lua_State *L, int position)
{
	int i;

	for (i = (int)lua_objlen(L, -2); i >= position; i--) {
		lua_rawgeti(L, -2, i);
		lua_rawseti(L, -3, i + 1);
	}
	lua_rawseti(L, -2, position);
}

/* Sets a field of `package`, which is on top, to the text of the buffer. */
static void set_path(lua_State *L, const char *field, int rc, struct buf *path)
{
	lua_pushstring(L, rc == 0 ? (const char *)buf_head(path) : "");
	buf_fini(path);
	if (rc != 0)
		luaL_error(L, "out of memory");
	lua_setfield(L, -2, field);
}

void lua_loader_open(lua_State *L, const struct plugin_paths *paths)
{
	struct buf path = {0};
	int rc;

	lua_pem_open(L);
	lua_getglobal(L, LUA_LOADLIBNAME);
	rc = lua_path_build(paths, &path);
	set_path(L, "path", rc, &path);
	lua_getfield(L, -1, "cpath");
	rc = lua_path_build_c(paths, lua_tostring(L, -1), &path);
	lua_pop(L, 1);
	set_path(L, "cpath", rc, &path);
	lua_getfield(L, -1, "loaders");
	lua_pushcfunction(L, search_embedded);
	insert_loader(L, 2);
	lua_pushstring(L, paths->plugins_dir);
	lua_pushcclosure(L, search_plugins_dir, 1);
	insert_loader(L, 3);
	lua_pop(L, 2);
}
