#include "server/server_status.h"
#include <stdlib.h>
#include <unistd.h>
#include "protocol/arena.h"
#include "protocol/err.h"
#include "server/admin/admin.h"
#include "server/command/dump.h"
#include "server/metrics/metrics.h"
#include "server/process.h"
#include "server/reactor.h"
#include "server/serving.h"
#include "server/worker.h"

static double started_at;

/* In the arena; NULL where there is none. */
static const char *dump_of(struct arena *arena, const struct served *served)
{
	const struct plugin *const plugins[] = {served->plugin};
	const struct dump dump = {served->worker->config, plugins, 1};
	const char *copy = NULL;
	char *text = NULL;

	if (dump_text(&dump, &text, NULL) == 0)
		copy = arena_printf(arena, "%s", text);
	free(text);
	return copy;
}

static int fill_plugins(struct worker *w, struct arena *arena, struct status_group *group)
{
	struct status_plugin *plugins =
		arena_alloc(arena, (w->served_count + 1) * sizeof(*plugins));

	if (plugins == NULL)
		return -E_NOMEM;
	for (size_t i = 0; i < w->served_count; i++) {
		const struct served *served = &w->served[i];

		plugins[i] = (struct status_plugin){.name = served->plugin->name,
						    .dump = dump_of(arena, served),
						    .metrics = served->metrics};
		group->answered += metrics_failed(served->metrics);
	}
	group->plugins = plugins;
	group->plugin_count = w->served_count;
	return 0;
}

static int fill(void *user, struct arena *arena, struct status *ret)
{
	struct worker *w = user;
	struct status_worker *self = arena_alloc(arena, sizeof(*self));
	struct status_group *group = arena_alloc(arena, sizeof(*group));
	double age = reactor_now() - started_at;

	if (self == NULL || group == NULL)
		return -E_NOMEM;
	*self = (struct status_worker){.state = STATUS_READY,
				       .pid = getpid(),
				       .memory = process_memory(getpid()),
				       .age = age,
				       .connections = worker_connections(w),
				       .events = worker_events(w)};
	*group = (struct status_group){.name = "all",
				       .workers = self,
				       .worker_count = 1,
				       .instances = instance_count(w->instances),
				       .connections = self->connections,
				       .events = self->events};
	*ret = (struct status){.uptime = age, .groups = group, .group_count = 1};
	return fill_plugins(w, arena, group);
}

static int reload(void *user, struct err *err)
{
	(void)user;
	return err_set(err, E_UNSUPPORTED, "a server with --single can't reload: start it again");
}

int server_status_create(struct reactor *reactor, struct worker *worker, struct admin **ret_admin,
			 struct err *err)
{
	const struct status_source source = {fill, reload, worker};

	started_at = reactor_now();
	return serving_create_admin(worker->config, reactor, &source, ret_admin, err);
}
