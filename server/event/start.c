#include "server/event/start.h"
#include "plugins/loop.h"
#include "plugins/runtime.h"
#include "protocol/err.h"
#include "server/log.h"
#include "server/metrics/metrics.h"
#include "server/reactor.h"
#include "server/worker.h"

/* The gateway lets requests that wait for an instance through after ten seconds. */
#define START_TIMEOUT 4.0

static void run_init(void *rq)
{
	struct start *start = rq; /* its first member */

	start->rc = start->plugin->runtime->init_worker(start->plugin, &start->err);
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

static void end_stack(struct start *start)
{
	start->is_running = start->plugin->is_starting = false;
	fiber_destroy(start->rq.fiber);
	pdk_rq_fini(&start->rq);
}

static int end_init(struct start *start, struct err *err)
{
	end_stack(start);
	start->is_ready = start->rc == 0;
	if (start->rc != 0 && err != NULL)
		*err = start->err;
	return start->rc;
}

/* Once; if it fails, again before the first instance. 0 while it waits for something, too. */
static int init_plugin(struct served *served, struct err *err)
{
	struct start *start = &served->start;

	if (start->is_ready || start->is_running)
		return 0;
	*start = (struct start){.plugin = served->plugin};
	pdk_rq_init(&start->rq, &served->plugin->env, 0, PHASE_INIT_WORKER);
	start->rq.fiber = fiber_create(&served->worker->fibers, run_init, &start->rq);
	if (start->rq.fiber == NULL) {
		pdk_rq_fini(&start->rq);
		return err_set(err, E_NOMEM, "no memory for a stack");
	}
	start->is_running = served->plugin->is_starting = true;
	return fiber_resume(start->rq.fiber) ? 0 : end_init(start, err);
}

static void report(const struct plugin *plugin, int rc, const struct err *err)
{
	if (rc != 0)
		log_event(LOG_LEVEL_ERR, 0, plugin->name, "%s", err_message(err, rc));
}

void start_plugin(struct served *served)
{
	struct err err = {""};
	int rc;

	start_watch(served->plugin, true);
	rc = init_plugin(served, &err);
	start_watch(served->plugin, false);
	report(served->plugin, rc, &err);
}

void start_continue(struct pdk_rq *rq)
{
	struct start *start = (struct start *)rq;
	struct plugin *plugin = start->plugin;
	const struct worker *w = plugin->loop->server;
	struct err err = {""};
	bool parked;
	int rc = 0;

	start_watch(plugin, true);
	parked = fiber_resume(rq->fiber);
	if (!parked)
		rc = end_init(start, &err);
	start_watch(plugin, false);
	report(plugin, rc, &err);
	if (!parked && rc == 0)
		instance_tell(w->instances, plugin);
}

void start_abandon(struct served *served)
{
	struct start *start = &served->start;

	if (!start->is_running)
		return;
	served->plugin->runtime->event_done(served->plugin, &start->rq);
	end_stack(start);
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
	served->metrics->starts++;
	if (rc != 0)
		served->metrics->refused_starts++;
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
