/* native_runtime.c - struct runtime for plugins in C. */
#include <stdlib.h>
#include "plugins/native/native_impl.h"

/* ---- the process ---- */

static int runtime_init_worker(struct plugin *plugin, struct err *err)
{
	struct native_plugin *p = plugin->impl;
	int rc;

	p->run = (struct outrigger_rq){.plugin = plugin, .arena = &p->arena, .phase = "init"};
	rc = p->api.init != NULL ? p->api.init(&p->run) : 0;
	p->initialised = rc == 0;
	rc = native_run_result(&p->run, rc, E_PLUGIN, err);
	return rc != 0 ? err_prefix(err, rc, "init of plugin '%s'", plugin->name) : 0;
}

static void runtime_unload(struct plugin *plugin)
{
	struct native_plugin *p = plugin->impl;

	if (p == NULL)
		return;
	native_run_end(&p->run);
	if (p->initialised && p->api.exit != NULL)
		p->api.exit();
	native_unload(p);
	plugin->impl = NULL;
}

/* ---- instances ---- */

static void free_instance(struct native_instance *instance)
{
	native_run_end(&instance->run);
	arena_fini(&instance->arena);
	json_decref(instance->conf);
	free(instance);
}

static int runtime_instance_start(struct plugin *plugin, const json_t *conf, void **ret_live,
				  struct err *err)
{
	const struct native_plugin *p = plugin->impl;
	struct native_instance *instance = calloc(1, sizeof(*instance));
	int rc = 0;

	if (instance == NULL)
		return err_set(err, E_NOMEM, "no memory for an instance");
	arena_init(&instance->arena, 0);
	instance->conf = json_incref((json_t *)conf);
	instance->run = (struct outrigger_rq){
		.plugin = plugin, .arena = &instance->arena, .phase = "instance", .conf = conf};
	if (p->api.instance_start != NULL)
		rc = p->api.instance_start(&instance->run, &instance->run.instance);
	rc = native_run_result(&instance->run, rc, E_CONF, err);
	if (rc != 0) {
		free_instance(instance);
		return rc;
	}
	*ret_live = instance;
	return 0;
}

static void runtime_instance_stop(struct plugin *plugin, void *live)
{
	const struct native_plugin *p = plugin->impl;
	struct native_instance *instance = live;

	if (instance == NULL)
		return;
	if (p->api.instance_stop != NULL)
		p->api.instance_stop(instance->run.instance);
	free_instance(instance);
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
	const struct native_instance *instance = live;
	int (*handler)(struct outrigger_rq *) = find_handler(&p->api, rq->phase);
	struct outrigger_rq *run;

	if (handler == NULL)
		return 0;
	run = arena_alloc(&rq->arena, sizeof(*run));
	if (run == NULL)
		return err_set(err, E_NOMEM, "no memory for an event");
	*run = (struct outrigger_rq){.rq = rq,
				     .plugin = plugin,
				     .arena = &rq->arena,
				     .phase = phase_name(rq->phase),
				     .conf = instance->conf,
				     .instance = instance->run.instance};
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

/* Machine code can't be stopped from outside: the watchdog ends the process in the end. */
static void runtime_interrupt(struct plugin *plugin)
{
	(void)plugin;
}

const struct runtime runtime_native = {
	.name = "native",
	.find = native_find,
	.load = native_load,
	.unload = runtime_unload,
	.init_worker = runtime_init_worker,
	.instance_start = runtime_instance_start,
	.instance_stop = runtime_instance_stop,
	.run = runtime_run,
	.event_done = runtime_event_done,
	.interrupt = runtime_interrupt,
};
