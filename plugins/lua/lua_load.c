/* lua_load.c - a plugin's code run for the first time: its state, its handler, what is told. */
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/lua_info.h"
#include "plugins/lua/lua_path.h"
#include "plugins/lua/ngx/ngx_core.h"
#include "protocol/buf.h"

struct loading {
	struct plugin *plugin;
	const struct plugin_spec *spec;
	struct err *err;
	int rc;
};

/* ---- results ---- */

/* The results of outrigger.load are on the stack from `first` on: run, told, notes, whether it has
 * configure, completer. */
static int take_results(struct loading *loading, lua_State *L, int first)
{
	struct lua_plugin *p = loading->plugin->impl;
	int rc;

	if (!lua_isfunction(L, first))
		return err_set(loading->err, E_PLUGIN, "%s", lua_tostring(L, first + 1));
	rc = lua_info_take(L, first + 1, loading->plugin, loading->err);
	lua_completer_take(L, &p->completer);
	loading->plugin->info.configures = lua_toboolean(L, first + 3);
	lua_pushvalue(L, first);
	p->run_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	return rc;
}

/* ---- inside of the protected call ---- */

/* Requires a module of ours and leaves what it returns. */
static void require_own(lua_State *L, const char *module)
{
	lua_getglobal(L, "require");
	lua_pushstring(L, module);
	lua_call(L, 1, 1);
}

/* What all plugins of the state have in common. */
static void open_state(struct lua_vm *vm, const struct plugin_paths *paths)
{
	lua_pdk_open(vm->L, &vm->env);
	lua_core_open(vm);
	ngx_core_open(vm->L);
	ngx_shared_preload(vm);
	lua_task_open(vm);
	lua_loader_open(vm->L, paths);
	require_own(vm->L, "outrigger.boot");
	vm->is_open = true;
}

static int load_code(lua_State *L)
{
	struct loading *loading = lua_touserdata(L, 1);
	struct plugin *plugin = loading->plugin;
	struct lua_plugin *p = plugin->impl;

	if (!p->vm->is_open)
		open_state(p->vm, loading->spec->paths);
	lua_run_open(p);
	lua_instance_open(p);
	require_own(L, "outrigger.load");
	lua_pushstring(L, plugin->name);
	lua_pushstring(L, plugin->module);
	lua_pushboolean(L, !loading->spec->no_filters);
	lua_pushboolean(L, loading->spec->is_split);
	lua_call(L, 4, 6);
	loading->rc = take_results(loading, L, lua_gettop(L) - 5);
	return 0;
}

/* ---- outside of it ---- */

static int open_libraries(lua_State *L)
{
	struct lua_plugin *p = lua_touserdata(L, 1);

	if (!p->vm->is_open)
		luaL_openlibs(L);
	lua_error_open(p);
	return 0;
}

static int create_state(struct plugin *plugin, struct lua_vm **slot, struct err *err)
{
	struct lua_plugin *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return err_set(err, E_NOMEM, "no memory for a Lua state");
	plugin->impl = p;
	p->plugin = plugin;
	p->run_ref = LUA_NOREF;
	rc = lua_vm_join(p, slot, err);
	if (rc == 0 && lua_cpcall(p->L, open_libraries, p) != LUA_OK)
		return err_set(err, E_NOMEM, "no memory for a Lua state");
	return rc;
}

static char *find_handler(const struct plugin *plugin, const struct plugin_spec *spec)
{
	struct buf file = {0}, module = {0};
	char *where = NULL;

	if (buf_printf(&module, "kong.plugins.%s.handler%c", plugin->module, '\0') == 0 &&
	    lua_path_find(spec->paths, (const char *)buf_head(&module), &file, NULL) == 0)
		where = strdup((const char *)buf_head(&file));
	buf_fini(&file);
	buf_fini(&module);
	return where;
}

int lua_load_plugin(struct plugin *plugin, const struct plugin_spec *spec, struct err *err)
{
	struct loading loading = {plugin, spec, err, 0};
	struct lua_plugin *p;
	int status, rc = create_state(plugin, spec->lua_vm, err);

	if (rc != 0)
		return rc;
	p = plugin->impl;
	plugin->info.where = find_handler(plugin, spec);
	lua_rawgeti(p->L, LUA_REGISTRYINDEX, p->load_error_ref);
	lua_pushcfunction(p->L, load_code);
	lua_pushlightuserdata(p->L, &loading);
	status = lua_pcall(p->L, 1, 0, 1);
	rc = status == LUA_OK ? loading.rc : lua_error_take(p->L, status, E_PLUGIN, err);
	lua_settop(p->L, 0);
	return rc;
}
