/* remote_runtime.c - struct runtime for plugins in other languages. */
#include <stdlib.h>
#include <string.h>
#include "plugins/lua/lua_conf.h"
#include "plugins/remote/remote_impl.h"
#include "plugins/runtime.h"
#include "protocol/err.h"
#include "protocol/value.h"

static void runtime_unload(struct plugin *plugin)
{
	struct remote_plugin *p = plugin->impl;
	struct err err = {""};

	if (p == NULL)
		return;
	remote_serve_end(p);
	if (p->link.peer_len > 0) {
		remote_link_send(&p->link, &(struct remote_envelope){.type = REMOTE_LEAVE}, &err);
		remote_link_flush(&p->link, &err);
	}
	remote_event_drop_all(p);
	remote_link_fini(&p->link);
	lua_schema_close(p->schema);
	free(p);
	plugin->impl = NULL;
}

static int runtime_init_worker(struct plugin *plugin, struct err *err)
{
	return remote_serve_begin(plugin->impl, err);
}

static int runtime_check_conf(struct plugin *plugin, const json_t *conf, struct conf_result *ret,
			      struct err *err)
{
	const struct remote_plugin *p = plugin->impl;

	return lua_schema_check(p->schema, conf, ret, err);
}

static int send_start(struct remote_plugin *p, uint64_t id, const json_t *conf, struct err *err)
{
	char *text = json_dumps(conf, JSON_COMPACT | JSON_ENCODE_ANY);
	struct value body[2];
	int rc;

	if (text == NULL)
		return err_set(err, E_NOMEM, "no memory for a configuration");
	body[0] = value_str(p->plugin->module);
	body[1] = value_str(text);
	rc = remote_send(p, &(struct remote_envelope){.type = REMOTE_START, .id = id, .body = body},
			 err);
	free(text);
	return rc;
}

static int runtime_instance_start(struct plugin *plugin, const json_t *conf, void **ret_live,
				  struct err *err)
{
	struct remote_plugin *p = plugin->impl;
	struct remote_instance *instance;
	json_t *completed = NULL;
	int rc = lua_schema_complete(p->schema, conf, &completed, err);

	if (rc != 0)
		return rc;
	instance = malloc(sizeof(*instance));
	if (instance == NULL) {
		json_decref(completed);
		return err_set(err, E_NOMEM, "no memory for an instance");
	}
	instance->id = ++p->last_instance;
	rc = send_start(p, instance->id, completed, err);
	json_decref(completed);
	if (rc == 0)
		*ret_live = instance;
	else
		free(instance);
	return rc;
}

static void runtime_instance_stop(struct plugin *plugin, void *live)
{
	struct remote_instance *instance = live;
	struct err err = {""};

	if (instance == NULL)
		return;
	remote_send(plugin->impl,
		    &(struct remote_envelope){.type = REMOTE_CLOSE, .id = instance->id}, &err);
	free(instance);
}

static int runtime_configure(struct plugin *plugin, const struct plugin_conf *confs, size_t n,
			     struct err *err)
{
	(void)plugin;
	(void)confs;
	(void)n;
	(void)err;
	return 0;
}

/* The program's own code does not run here. */
static bool runtime_interrupt(struct plugin *plugin)
{
	(void)plugin;
	return false;
}

const struct runtime runtime_remote = {
	.name = "remote",
	.find = remote_find,
	.load = remote_load,
	.unload = runtime_unload,
	.init_worker = runtime_init_worker,
	.check_conf = runtime_check_conf,
	.instance_start = runtime_instance_start,
	.instance_stop = runtime_instance_stop,
	.configure = runtime_configure,
	.run = remote_event_run,
	.event_done = remote_event_done,
	.interrupt = runtime_interrupt,
};
