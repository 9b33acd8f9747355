/* lua_info.c - see lua_info.h. */
#include "plugins/lua/lua_info.h"
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/lua_json.h"

/* ---- from JSON to struct plugin_info ---- */

static char *take_string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? strdup(text) : NULL;
}

static phase_set take_phases(const json_t *names)
{
	phase_set set = 0;
	const json_t *name;
	size_t i;
	int phase;

	json_array_foreach(names, i, name)
	{
		phase = phase_find(json_string_value(name), json_string_length(name));
		if (phase >= 0)
			set |= PHASE_BIT(phase);
	}
	return set;
}

int lua_info_fill(struct plugin *plugin, const json_t *told, json_t *notes, struct err *err)
{
	struct plugin_info *info = &plugin->info;

	info->priority = (long)json_number_value(json_object_get(told, "Priority"));
	info->version = take_string(told, "Version");
	info->phases = take_phases(json_object_get(told, "Phases"));
	info->schema = json_incref(json_object_get(told, "Schema"));
	info->notes = json_incref(notes);
	if (info->version == NULL || info->schema == NULL)
		return err_set(err, E_PLUGIN, "too little is known of the plugin");
	return 0;
}

/* ---- inside of the protected call ---- */

struct building {
	struct plugin *plugin;
	const json_t *described;
	struct err *err;
	int rc;
};

/* What the modules of plugins/schema need of their surroundings: ngx.null. */
static void open_state(lua_State *L)
{
	static const struct plugin_paths no_paths = {0};

	luaL_openlibs(L);
	lua_newtable(L);
	lua_pushlightuserdata(L, NULL);
	lua_setfield(L, -2, "null");
	lua_setglobal(L, "ngx");
	lua_loader_open(L, &no_paths);
}

static int keep_array_mt(lua_State *L)
{
	lua_getglobal(L, "require");
	lua_pushliteral(L, "outrigger.json_encode");
	lua_call(L, 1, 1);
	lua_getfield(L, -1, "array_mt");
	return luaL_ref(L, LUA_REGISTRYINDEX);
}

static int take_results(const struct building *b, lua_State *L, int first)
{
	json_t *told = NULL, *notes = NULL;
	int rc;

	if (!lua_istable(L, first))
		return err_set(b->err, E_PLUGIN, "%s", lua_tostring(L, first + 1));
	rc = lua_json_read(L, first, &told, b->err);
	if (rc == 0)
		rc = lua_json_read(L, first + 1, &notes, b->err);
	if (rc == 0)
		rc = lua_info_fill(b->plugin, told, notes, b->err);
	json_decref(told);
	json_decref(notes);
	return rc;
}

static int build(lua_State *L)
{
	struct building *b = lua_touserdata(L, 1);
	int array_mt;

	open_state(L);
	array_mt = keep_array_mt(L);
	lua_getglobal(L, "require");
	lua_pushliteral(L, "outrigger.described");
	lua_call(L, 1, 1);
	lua_json_push(L, b->described, array_mt);
	lua_pushstring(L, b->plugin->name);
	lua_pushinteger(L, (lua_Integer)b->plugin->env.kong_version);
	lua_call(L, 3, 2);
	b->rc = take_results(b, L, lua_gettop(L) - 1);
	return 0;
}

/* ---- outside of it ---- */

int lua_info_build(struct plugin *plugin, const json_t *described, struct err *err)
{
	struct building b = {plugin, described, err, 0};
	lua_State *L = luaL_newstate();
	int status;

	if (L == NULL)
		return err_set(err, E_NOMEM, "no memory for a Lua state");
	status = lua_cpcall(L, build, &b);
	if (status != LUA_OK)
		b.rc = lua_error_take(L, status, E_PLUGIN, err);
	lua_close(L);
	return b.rc;
}
