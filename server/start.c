#include "server/start.h"
#include "protocol/err.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/watchdog.h"
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

	if (runs && depth++ == 0)
		watchdog_begin(plugin, reactor_now() + START_TIMEOUT);
	if (!runs && --depth == 0)
		watchdog_end();
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

int start_find_instance(struct worker *w, int64_t id, struct instance **ret_instance,
			struct err *err)
{
	const struct instance *row = instance_look(w->instances, id);
	int rc;

	if (row == NULL || row->live != NULL)
		return instance_get(w->instances, id, reactor_now(), ret_instance, err);
	start_watch(row->plugin, true);
	rc = instance_get(w->instances, id, reactor_now(), ret_instance, err);
	start_watch(row->plugin, false);
	return rc;
}
