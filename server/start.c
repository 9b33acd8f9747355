#include "server/start.h"
#include "plugins/loop.h"
#include "plugins/runtime.h"
#include "protocol/err.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/worker.h"

/* The gateway lets requests that wait for an instance through after ten seconds. */
#define START_TIMEOUT 4.0

/* The fiber's own argument is NULL, for that is how code on it knows that it belongs to no event. */
static struct {
	struct plugin *plugin;
	struct err *err;
	int rc;
} init;

static void init_worker(void *arg)
{
	(void)arg;
	init.rc = init.plugin->runtime->init_worker(init.plugin, init.err);
}

void start_watch(struct plugin *plugin, bool runs)
{
	static unsigned depth;
	struct worker *w = plugin->loop->server;
	double now = reactor_now();

	if (runs && depth++ == 0)
		worker_begin_run(worker_served(w, plugin), 0, now, now + START_TIMEOUT);
	if (!runs && --depth == 0)
		worker_end_run(w);
}

/* Once; if it fails, again before the first instance. */
static int init_plugin(struct served *served, struct err *err)
{
	struct fiber *fiber;
	bool parked;

	if (served->is_ready)
		return 0;
	fiber = fiber_create(&served->worker->fibers, init_worker, NULL);
	if (fiber == NULL)
		return err_set(err, E_NOMEM, "no memory for a stack");
	init.plugin = served->plugin;
	init.err = err;
	parked = fiber_resume(fiber);
	fiber_destroy(fiber);
	if (parked)
		return err_set(err, E_UNSUPPORTED, "init_worker of plugin '%s' can't wait",
			       served->plugin->name);
	served->is_ready = init.rc == 0;
	return init.rc;
}

void start_plugin(struct served *served)
{
	struct err err = {""};
	int rc;

	start_watch(served->plugin, true);
	rc = init_plugin(served, &err);
	start_watch(served->plugin, false);
	if (rc != 0)
		log_event(LOG_LEVEL_ERR, 0, served->plugin->name, "%s", err_message(&err, rc));
}

int start_instance(struct served *served, const struct value *conf, int64_t *ret_id,
		   struct err *err)
{
	int rc;

	start_watch(served->plugin, true);
	rc = init_plugin(served, err);
	if (rc == 0)
		rc = instance_start(served->worker->instances, served->plugin, conf->s, conf->len,
				    reactor_now(), ret_id, err);
	start_watch(served->plugin, false);
	return rc;
}

/* An instance of another process, or of the time before this one, is the first that its plugin sees here. */
int start_find_instance(struct worker *w, int64_t id, struct instance **ret_instance,
			struct err *err)
{
	struct instance *instance = NULL;
	int rc = instance_find(w->instances, id, &instance, err);

	if (rc == 0 && instance->live == NULL) {
		start_watch(instance->plugin, true);
		rc = init_plugin(worker_served(w, instance->plugin), err);
		if (rc == 0)
			rc = instance_revive(w->instances, instance, reactor_now(), err);
		start_watch(instance->plugin, false);
	} else if (rc == 0) {
		rc = instance_revive(w->instances, instance, reactor_now(), err);
	}
	if (rc == 0)
		*ret_instance = instance;
	return rc;
}
