/* lua_instance.c - the live object of a conf: one table, completed and validated by the plugin's schema. */
#include <stdlib.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/lua_impl.h"

/* What the collector is to do at each start, in KiB: enough for it never to pause. A start makes thirty times as much
 * garbage as it keeps, and by itself the collector would begin only when all there is has doubled. */
#define START_COLLECTS 1

struct building {
	struct lua_plugin *plugin;
	const json_t *conf;
	struct lua_instance *instance; /* NULL: the conf is only looked at, into `result` */
	struct conf_result *result;
	struct err *err;
	int rc;
};

/* ---- inside of the protected call ---- */

static int build(lua_State *L)
{
	struct building *b = lua_touserdata(L, 1);
	const struct lua_completer *completer = &b->plugin->completer;

	if (b->instance == NULL) {
		b->rc = lua_completer_check(L, completer, b->conf, b->result, b->err);
		return 0;
	}
	lua_gc(L, LUA_GCSTEP, START_COLLECTS);
	b->rc = lua_completer_push(L, completer, b->conf, b->err);
	if (b->rc == 0)
		b->instance->conf_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	return 0;
}

void lua_instance_open(struct lua_plugin *p)
{
	lua_pushcfunction(p->L, build);
	p->build_ref = luaL_ref(p->L, LUA_REGISTRYINDEX);
}

/* ---- outside of it ---- */

static int run_build(struct building *b, struct err *err)
{
	int rc;

	b->err = err;
	rc = lua_run_alone(b->plugin, b->plugin->build_ref, b, err);
	if (rc == -E_HANDLER)
		rc = -E_CONF;
	if (rc == 0)
		rc = b->rc;
	return rc;
}

int lua_instance_start(struct plugin *plugin, const json_t *conf, void **ret_live, struct err *err)
{
	struct lua_plugin *p = plugin->impl;
	struct lua_instance *instance = calloc(1, sizeof(*instance));
	struct building b = {.plugin = p, .conf = conf, .instance = instance};
	int rc;

	if (instance == NULL)
		return err_set(err, E_NOMEM, "no memory for an instance");
	rc = run_build(&b, err);
	if (rc != 0) {
		free(instance);
		return rc;
	}
	*ret_live = instance;
	return 0;
}

int lua_instance_check(struct plugin *plugin, const json_t *conf, struct conf_result *ret,
		       struct err *err)
{
	struct building b = {.plugin = plugin->impl, .conf = conf, .result = ret};

	return run_build(&b, err);
}

void lua_instance_stop(struct plugin *plugin, void *live)
{
	struct lua_plugin *p = plugin->impl;
	struct lua_instance *instance = live;

	if (instance == NULL)
		return;
	luaL_unref(p->L, LUA_REGISTRYINDEX, instance->conf_ref);
	free(instance);
}
