/* lua_runtime.c - struct runtime for plugins in Lua. */
#include <stdlib.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/lua_path.h"
#include "plugins/lua/ngx/ngx_socket.h"
#include "plugins/runtime.h"
#include "protocol/buf.h"

static int runtime_find(const struct plugin_spec *spec, struct err *err)
{
	struct buf file = {0}, tried = {0}, module = {0};
	const char *name = spec->module ? spec->module : spec->name;
	int rc = buf_printf(&module, "kong.plugins.%s.handler%c", name, '\0');

	if (rc == 0)
		rc = lua_path_find(spec->paths, (const char *)buf_head(&module), &file, &tried);
	if (rc == -E_NOT_FOUND) {
		err_set(err, E_NO_PLUGIN, "no Lua module 'kong.plugins.%s.handler':%.*s", name,
			(int)buf_len(&tried), (const char *)buf_head(&tried));
		rc = 0;
	} else if (rc == 0) {
		rc = 1;
	}
	buf_fini(&file);
	buf_fini(&tried);
	buf_fini(&module);
	return rc;
}

static void runtime_unload(struct plugin *plugin)
{
	struct lua_plugin *p = plugin->impl;

	if (p == NULL)
		return;
	if (p->vm != NULL) {
		lua_task_drop_all(p);
		lua_thread_free_idle(p);
		lua_vm_leave(p);
	}
	free(p);
	plugin->impl = NULL;
}

/* ---- events ---- */

static void runtime_event_done(struct plugin *plugin, struct pdk_rq *rq)
{
	(void)plugin;
	ngx_socket_end_all(rq);
	lua_thread_give(rq->runtime);
	rq->runtime = NULL;
}

static void runtime_leave(struct plugin *plugin)
{
	lua_task_leave(plugin->impl);
}

static bool runtime_is_busy(const struct plugin *plugin)
{
	return lua_task_is_busy(plugin->impl);
}

static bool runtime_interrupt(struct plugin *plugin)
{
	(void)plugin;
	lua_thread_interrupt();
	return true;
}

const struct runtime runtime_lua = {
	.name = "lua",
	.find = runtime_find,
	.load = lua_load_plugin,
	.unload = runtime_unload,
	.examine = lua_examine,
	.init_worker = lua_run_init_worker,
	.check_conf = lua_instance_check,
	.instance_start = lua_instance_start,
	.instance_stop = lua_instance_stop,
	.configure = lua_run_configure,
	.run = lua_run_phase,
	.event_done = runtime_event_done,
	.leave = runtime_leave,
	.is_busy = runtime_is_busy,
	.interrupt = runtime_interrupt,
};
