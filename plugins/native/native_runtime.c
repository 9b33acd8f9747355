/* native_runtime.c - struct runtime for plugins in C. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "plugins/lua/lua_conf.h"
#include "plugins/native/native_impl.h"
#include "plugins/runtime.h"
#include "protocol/err.h"

/* ---- the process ---- */

static int runtime_init_worker(struct plugin *plugin, struct err *err)
{
	struct native_plugin *p = plugin->impl;
	struct native_scope *process = &p->process;
	int rc = native_refuse_twice(p, plugin->info.where, err);

	if (rc != 0)
		return rc;
	native_scope_init(process, plugin, "init", NULL);
	rc = p->api.init != NULL ? p->api.init(&process->run) : 0;
	rc = native_run_result(&process->run, rc, E_PLUGIN, err);
	p->initialised = rc == 0;
	if (rc == 0)
		return 0;
	native_scope_fini(process);
	return err_prefix(err, rc, "init of plugin '%s'", plugin->name);
}

static void destroy_scope(struct native_scope *scope)
{
	if (scope == NULL)
		return;
	native_scope_fini(scope);
	free(scope);
}

static void runtime_unload(struct plugin *plugin)
{
	struct native_plugin *p = plugin->impl;

	if (p == NULL)
		return;
	destroy_scope(p->configured);
	native_scope_fini(&p->process);
	if (p->initialised && p->api.exit != NULL)
		p->api.exit();
	native_unload(p);
	plugin->impl = NULL;
}

/* ---- configurations ---- */

static struct native_scope *create_scope(struct plugin *plugin, const char *phase,
					 const json_t *conf)
{
	struct native_scope *scope = malloc(sizeof(*scope));

	if (scope != NULL)
		native_scope_init(scope, plugin, phase, conf);
	return scope;
}

static int runtime_check_conf(struct plugin *plugin, const json_t *conf, struct conf_result *ret,
			      struct err *err)
{
	const struct native_plugin *p = plugin->impl;

	return lua_schema_check(p->schema, conf, ret, err);
}

static int runtime_instance_start(struct plugin *plugin, const json_t *conf, void **ret_live,
				  struct err *err)
{
	const struct native_plugin *p = plugin->impl;
	struct native_scope *instance;
	json_t *completed = NULL;
	int rc = lua_schema_complete(p->schema, conf, &completed, err);

	if (rc != 0)
		return rc;
	instance = create_scope(plugin, "instance", completed);
	json_decref(completed);
	if (instance == NULL)
		return err_set(err, E_NOMEM, "no memory for an instance");
	if (p->api.instance_start != NULL)
		rc = p->api.instance_start(&instance->run, &instance->run.instance);
	rc = native_run_result(&instance->run, rc, E_CONF, err);
	if (rc != 0) {
		destroy_scope(instance);
		return rc;
	}
	*ret_live = instance;
	return 0;
}

static void runtime_instance_stop(struct plugin *plugin, void *live)
{
	const struct native_plugin *p = plugin->impl;
	struct native_scope *instance = live;

	if (instance == NULL)
		return;
	if (p->api.instance_stop != NULL)
		p->api.instance_stop(instance->run.instance);
	destroy_scope(instance);
}

/* The conf that the instance has, or would have. Owned. */
static json_t *hold_conf(struct plugin *plugin, const struct plugin_conf *conf)
{
	const struct native_plugin *p = plugin->impl;
	const struct native_scope *instance = conf->live;
	json_t *completed = NULL;

	if (instance != NULL)
		return json_incref(instance->conf);
	if (lua_schema_complete(p->schema, conf->conf, &completed, NULL) == 0)
		return completed;
	return json_incref(conf->conf);
}

/* An array of their own, so that they live as long as the scope. Owned; NULL without memory. */
static json_t *hold_confs(struct plugin *plugin, const struct plugin_conf *confs, size_t n)
{
	json_t *held = json_array();

	for (size_t i = 0; held != NULL && i < n; i++) {
		if (json_array_append_new(held, hold_conf(plugin, &confs[i])) == 0)
			continue;
		json_decref(held);
		held = NULL;
	}
	return held;
}

static int call_configure(const struct native_plugin *p, struct native_scope *scope,
			  struct err *err)
{
	size_t n = json_array_size(scope->conf);
	const struct outrigger_conf **confs =
		arena_alloc(&scope->rq.arena, n * sizeof(struct outrigger_conf *) + 1);
	int rc;

	if (confs == NULL)
		return err_set(err, E_NOMEM, "no memory for %zu configurations", n);
	for (size_t i = 0; i < n; i++)
		confs[i] = native_conf(json_array_get(scope->conf, i));
	rc = p->api.configure(&scope->run, confs, n);
	return native_run_result(&scope->run, rc, E_HANDLER, err);
}

/* What the last one made stays where this one fails. */
static int runtime_configure(struct plugin *plugin, const struct plugin_conf *confs, size_t n,
			     struct err *err)
{
	struct native_plugin *p = plugin->impl;
	json_t *held = hold_confs(plugin, confs, n);
	struct native_scope *scope = held != NULL ? create_scope(plugin, "configure", held) : NULL;
	int rc;

	json_decref(held);
	if (scope == NULL)
		return err_set(err, E_NOMEM, "no memory for %zu configurations", n);
	scope->run.conf = NULL;
	rc = call_configure(p, scope, err);
	if (rc != 0) {
		destroy_scope(scope);
		return rc;
	}
	destroy_scope(p->configured);
	p->configured = scope;
	return 0;
}

/* ---- events ---- */

static int (*find_handler(const struct outrigger_plugin *api,
			  enum phase phase))(struct outrigger_rq *)
{
	switch (phase) {
	case PHASE_CERTIFICATE:
		return api->certificate;
	case PHASE_REWRITE:
		return api->rewrite;
	case PHASE_ACCESS:
		return api->access;
	case PHASE_PREREAD:
		return api->preread;
	case PHASE_RESPONSE:
		return api->response;
	case PHASE_LOG:
		return api->log;
	default:
		return NULL;
	}
}

/* Nothing is called for a phase that the plugin lacks: the gateway may know an older version of it. */
static int runtime_run(struct plugin *plugin, void *live, struct pdk_rq *rq, struct err *err)
{
	const struct native_plugin *p = plugin->impl;
	struct native_scope *instance = live;
	int (*handler)(struct outrigger_rq *) = find_handler(&p->api, rq->phase);
	struct outrigger_rq *run;

	if (handler == NULL)
		return 0;
	run = arena_alloc(&rq->arena, sizeof(*run));
	if (run == NULL)
		return err_set(err, E_NOMEM, "no memory for an event");
	memset(run, 0, offsetof(struct outrigger_rq, err));
	err_clear(&run->err);
	run->rq = rq;
	run->plugin = plugin;
	run->arena = &rq->arena;
	run->phase = phase_name(rq->phase);
	run->conf = instance->conf;
	run->instance = instance->run.instance;
	run->owner = &instance->run;
	rq->runtime = run;
	return native_run_result(run, handler(run), E_HANDLER, err);
}

static void runtime_event_done(struct plugin *plugin, struct pdk_rq *rq)
{
	(void)plugin;
	if (rq->runtime != NULL)
		native_run_end(rq->runtime);
	rq->runtime = NULL;
}

/* Machine code can't be stopped from outside. */
static bool runtime_interrupt(struct plugin *plugin)
{
	(void)plugin;
	return false;
}

const struct runtime runtime_native = {
	.name = "native",
	.find = native_find,
	.load = native_load,
	.unload = runtime_unload,
	.init_worker = runtime_init_worker,
	.check_conf = runtime_check_conf,
	.instance_start = runtime_instance_start,
	.instance_stop = runtime_instance_stop,
	.configure = runtime_configure,
	.run = runtime_run,
	.event_done = runtime_event_done,
	.interrupt = runtime_interrupt,
};
