#include "server/task.h"
#include "plugins/loop.h"
#include "protocol/err.h"
#include "server/reactor.h"
#include "server/worker.h"

int task_run(struct plugin *plugin, struct pdk_rq *rq, void (*fn)(void *rq), struct err *err)
{
	struct worker *w = plugin->loop->server;
	double now = reactor_now();
	bool parked;

	rq->fiber = fiber_create(&w->fibers, fn, rq);
	if (rq->fiber == NULL)
		return err_set(err, E_NOMEM, "no memory for a stack");
	worker_begin_run(worker_served(w, plugin), 0, now, now + w->config->stall_timeout);
	parked = fiber_resume(rq->fiber);
	worker_end_run(w);
	fiber_destroy(rq->fiber);
	rq->fiber = NULL;
	return parked ? err_set(err, E_UNSUPPORTED, "what runs outside of a request can't wait")
		      : 0;
}
