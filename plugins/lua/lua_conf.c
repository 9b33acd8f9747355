/* lua_conf.c - see lua_conf.h. */
#include "plugins/lua/lua_conf.h"
#include <stdlib.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/lua_info.h"
#include "plugins/lua/lua_json.h"
#include "plugins/lua/ngx/ngx_core.h"

/* ---- inside of a protected call ---- */

static void require_own(lua_State *L, const char *module)
{
	lua_getglobal(L, "require");
	lua_pushstring(L, module);
	lua_call(L, 1, 1);
}

void lua_completer_take(lua_State *L, struct lua_completer *completer)
{
	completer->written = luaL_ref(L, LUA_REGISTRYINDEX);
	completer->sent = luaL_ref(L, LUA_REGISTRYINDEX);
	require_own(L, "outrigger.array");
	completer->array_mt = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Pushes the function's three results. */
static int call(lua_State *L, int function, int array_mt, const json_t *conf)
{
	lua_rawgeti(L, LUA_REGISTRYINDEX, function);
	lua_json_push(L, conf, array_mt);
	lua_call(L, 1, 3);
	return lua_istable(L, -3) ? 0 : -E_CONF;
}

int lua_completer_push(lua_State *L, const struct lua_completer *completer, const json_t *conf,
		       struct err *err)
{
	int rc = call(L, completer->sent, completer->array_mt, conf);

	if (rc != 0)
		rc = err_set(err, E_CONF, "%s", lua_tostring(L, -2));
	lua_pop(L, rc == 0 ? 2 : 3);
	return rc;
}

int lua_completer_check(lua_State *L, const struct lua_completer *completer, const json_t *conf,
			struct conf_result *ret, struct err *err)
{
	int rc = call(L, completer->written, completer->array_mt, conf);

	if (rc == 0)
		rc = lua_json_read(L, -3, &ret->conf, err);
	else if ((rc = lua_json_read(L, -1, &ret->faults, err)) == 0)
		rc = err_set(err, E_CONF, "%s", lua_tostring(L, -2));
	lua_pop(L, 3);
	return rc;
}

/* ---- a plugin that is not written in Lua ---- */

struct lua_schema {
	lua_State *L;
	struct lua_completer completer;
};

struct opening {
	struct plugin *plugin;
	const json_t *described;
	struct lua_schema *schema;
	struct err *err;
	int rc;
};

/* What the modules of plugins/schema need of their surroundings: ngx.null, and ngx.re (described.lua). */
static void open_state(lua_State *L)
{
	static const struct plugin_paths no_paths = {0};

	luaL_openlibs(L);
	lua_newtable(L);
	lua_pushlightuserdata(L, NULL);
	lua_setfield(L, -2, "null");
	lua_setglobal(L, "ngx");
	ngx_core_open(L);
	lua_loader_open(L, &no_paths);
}

static int take_results(const struct opening *o, lua_State *L, int first)
{
	int rc;

	if (!lua_istable(L, first))
		return err_set(o->err, E_PLUGIN, "%s", lua_tostring(L, first + 1));
	rc = lua_info_take(L, first, o->plugin, o->err);
	lua_completer_take(L, &o->schema->completer);
	return rc;
}

static int open_schema(lua_State *L)
{
	struct opening *o = lua_touserdata(L, 1);
	int array_mt;

	open_state(L);
	require_own(L, "outrigger.json_encode");
	lua_getfield(L, -1, "array_mt");
	array_mt = luaL_ref(L, LUA_REGISTRYINDEX);
	require_own(L, "outrigger.described");
	lua_json_push(L, o->described, array_mt);
	lua_pushstring(L, o->plugin->name);
	lua_pushinteger(L, (lua_Integer)o->plugin->env.kong_version);
	lua_call(L, 3, 4);
	o->rc = take_results(o, L, lua_gettop(L) - 3);
	return 0;
}

int lua_schema_open(struct plugin *plugin, const json_t *described, struct lua_schema **ret,
		    struct err *err)
{
	struct lua_schema *schema = calloc(1, sizeof(*schema));
	struct opening o = {plugin, described, schema, err, 0};
	int status;

	if (schema != NULL)
		schema->L = luaL_newstate();
	if (schema == NULL || schema->L == NULL) {
		free(schema);
		return err_set(err, E_NOMEM, "no memory for a Lua state");
	}
	status = lua_cpcall(schema->L, open_schema, &o);
	if (status != LUA_OK)
		o.rc = lua_error_take(schema->L, status, E_PLUGIN, err);
	if (o.rc == 0)
		*ret = schema;
	else
		lua_schema_close(schema);
	return o.rc;
}

struct completing {
	const struct lua_schema *schema;
	const json_t *conf;
	json_t **ret_conf;       /* for a conf that was sent; or NULL */
	struct conf_result *ret; /* for one that was written */
	struct err *err;
	int rc;
};

static int complete(lua_State *L)
{
	struct completing *c = lua_touserdata(L, 1);
	const struct lua_completer *completer = &c->schema->completer;

	if (c->ret_conf == NULL) {
		c->rc = lua_completer_check(L, completer, c->conf, c->ret, c->err);
		return 0;
	}
	c->rc = lua_completer_push(L, completer, c->conf, c->err);
	if (c->rc == 0)
		c->rc = lua_json_read(L, -1, c->ret_conf, c->err);
	return 0;
}

static int run(struct lua_schema *schema, struct completing *c)
{
	int status = lua_cpcall(schema->L, complete, c);

	return status != LUA_OK ? lua_error_take(schema->L, status, E_CONF, c->err) : c->rc;
}

int lua_schema_complete(struct lua_schema *schema, const json_t *conf, json_t **ret,
			struct err *err)
{
	return run(schema, &(struct completing){schema, conf, ret, NULL, err, 0});
}

int lua_schema_check(struct lua_schema *schema, const json_t *conf, struct conf_result *ret,
		     struct err *err)
{
	return run(schema, &(struct completing){schema, conf, NULL, ret, err, 0});
}

void lua_schema_close(struct lua_schema *schema)
{
	if (schema == NULL)
		return;
	lua_close(schema->L);
	free(schema);
}
