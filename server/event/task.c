#include "server/event/task.h"
#include "plugins/loop.h"
#include "protocol/err.h"
#include "server/reactor.h"
#include "server/worker.h"

bool task_resume(struct plugin *plugin, struct pdk_rq *rq)
{
	struct worker *w = plugin->loop->server;
	double now = reactor_now();
	bool parked;

	worker_begin_run(worker_served(w, plugin), 0, now, now + w->config->stall_timeout);
	parked = fiber_resume(rq->fiber);
	worker_end_run(w);
	return parked;
}

void task_end(struct pdk_rq *rq)
{
	fiber_destroy(rq->fiber);
	rq->fiber = NULL;
}

int task_start(struct plugin *plugin, struct pdk_rq *rq, void (*fn)(void *rq), struct err *err)
{
	struct worker *w = plugin->loop->server;

	rq->fiber = fiber_create(&w->fibers, fn, rq);
	if (rq->fiber == NULL)
		return err_set(err, E_NOMEM, "no memory for a stack");
	return task_resume(plugin, rq);
}

int task_run(struct plugin *plugin, struct pdk_rq *rq, void (*fn)(void *rq), struct err *err)
{
	int rc = task_start(plugin, rq, fn, err);

	task_end(rq);
	return rc > 0 ? err_set(err, E_UNSUPPORTED, "what runs outside of a request can't wait")
		      : rc;
}
