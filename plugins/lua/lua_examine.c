/* lua_examine.c - what `check` says of a plugin's files: uses of what can't be had here (lualib/outrigger/uses.lua). */
#include <fts.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/lua_json.h"

struct examining {
	const char *file; /* as it is opened */
	const char *name; /* as it is told: from the plugin's folder on */
	json_t *notes;
	struct err *err;
};

/* The file's text on top, as a string. */
static void push_file(lua_State *L, const char *path)
{
	luaL_Buffer b;
	char bytes[4096];
	FILE *file = fopen(path, "r");
	size_t n;

	luaL_buffinit(L, &b);
	while (file != NULL && (n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		luaL_addlstring(&b, bytes, n);
	if (file != NULL)
		fclose(file);
	luaL_pushresult(&b);
}

static int examine_file(lua_State *L)
{
	struct examining *x = lua_touserdata(L, 1);

	lua_getglobal(L, "require");
	lua_pushliteral(L, "outrigger.uses");
	lua_call(L, 1, 1);
	lua_getfield(L, -1, "find");
	lua_pushstring(L, x->name);
	push_file(L, x->file);
	lua_call(L, 2, 1);
	for (int i = 1; i <= (int)lua_objlen(L, -1); i++) {
		lua_rawgeti(L, -1, i);
		json_array_append_new(x->notes, json_string_nocheck(lua_tostring(L, -1)));
		lua_pop(L, 1);
	}
	return 0;
}

static bool is_lua(const FTSENT *entry)
{
	const char *dot = strrchr(entry->fts_name, '.');

	return entry->fts_info == FTS_F && dot != NULL && strcmp(dot, ".lua") == 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int examine_folder(struct lua_plugin *p, char *folder, json_t *notes, struct err *err)
{
	char *const roots[] = {folder, NULL};
	FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	FTSENT *entry;
	int rc = 0;

	if (tree == NULL)
		return err_set(err, E_IO, "%s can't be listed", folder);
	while (rc == 0 && (entry = fts_read(tree)) != NULL) {
		struct examining x = {entry->fts_path, entry->fts_path + strlen(folder) + 1, notes,
				      err};

		if (is_lua(entry) && lua_cpcall(p->L, examine_file, &x) != LUA_OK)
			rc = lua_error_take(p->L, LUA_ERRRUN, E_PLUGIN, err);
	}
	fts_close(tree);
	return rc;
}

int lua_examine(struct plugin *plugin, json_t *notes, struct err *err)
{
	char *handler = plugin->info.where != NULL ? strdup(plugin->info.where) : NULL;
	int rc;

	if (handler == NULL)
		return 0;
	rc = examine_folder(plugin->impl, dirname(handler), notes, err);
	free(handler);
	return rc;
}
