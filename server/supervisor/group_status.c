/* group_status.c - what people are told of a group. */
#include "protocol/arena.h"
#include "server/admin/status.h"
#include "server/config/config.h"
#include "server/reactor.h"
#include "server/registry/registry.h"
#include "server/supervisor/group_metrics.h"

static void fill_worker(const struct child *child, size_t number, struct status_worker *ret)
{
	static const enum status_state states[] = {
		[CHILD_STARTING] = STATUS_STARTING,
		[CHILD_READY] = STATUS_READY,
		[CHILD_DRAINING] = STATUS_DRAINING,
	};
	struct custody_load load = {0};

	(void)custody_file_load(child->custody_fd, &load);
	ret->number = (unsigned)number;
	ret->state = states[child->state];
	ret->pid = child->pid;
	ret->memory = child_memory(child);
	ret->age = reactor_now() - child->started_at;
	ret->connections = child->connections;
	ret->events = load.events;
}

static void fill_seat(const struct seat *seat, struct status_worker *ret)
{
	*ret = (struct status_worker){.number = (unsigned)seat->number,
				      .state = STATUS_WAITING,
				      .restarts = seat->restarts};
	if (seat->child != NULL)
		fill_worker(seat->child, seat->number, ret);
	else
		ret->starts_in = seat->again_at - reactor_now();
}

static int fill_workers(const struct group *g, struct arena *arena, struct status_group *ret)
{
	struct status_worker *workers;
	size_t count = g->seat_count;

	for (const struct child *child = g->leavers; child != NULL; child = child->next)
		count++;
	workers = arena_alloc(arena, count * sizeof(*workers));
	if (workers == NULL)
		return -E_NOMEM;
	for (count = 0; count < g->seat_count; count++)
		fill_seat(&g->seats[count], &workers[count]);
	for (const struct child *child = g->leavers; child != NULL; child = child->next) {
		workers[count] = (struct status_worker){0};
		fill_worker(child, child->seat, &workers[count++]);
	}
	ret->workers = workers;
	ret->worker_count = count;
	return 0;
}

static int fill_plugins(const struct group *g, struct arena *arena, struct status_group *ret)
{
	size_t count = g->plan->plugin_count;
	struct status_plugin *plugins = arena_alloc(arena, count * sizeof(*plugins));
	struct metrics_plugin *metrics = arena_alloc(arena, count * sizeof(*metrics));

	if (plugins == NULL || metrics == NULL)
		return -E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		group_sum_metrics(g, i, &metrics[i]);
		ret->answered += metrics_failed(&metrics[i]);
		plugins[i] = (struct status_plugin){
			.name = g->env->config->plugins[g->plan->plugins[i]].name,
			.dump = g->plugins[i].dump,
			.pending = g->plugins[i].pending,
			.crashes = g->plugins[i].crashes,
			.stalls = g->plugins[i].stalls,
			.metrics = &metrics[i],
		};
	}
	ret->plugins = plugins;
	ret->plugin_count = count;
	return 0;
}

static void fill_quarantine(const struct group *g, struct status_group *ret)
{
	for (size_t i = 0; i < g->seat_count; i++) {
		const struct seat *seat = &g->seats[i];

		if (seat->child != NULL || !seat->restart.quarantined)
			continue;
		ret->quarantine = g->failure.text;
		ret->quarantine_left = seat->again_at - reactor_now();
	}
}

int group_fill_status(const struct group *g, struct arena *arena, struct status_group *ret)
{
	int rc;

	*ret = (struct status_group){
		.name = g->plan->name,
		.instances = registry_file_count(registry_fd(g->registry.registry)),
		.connections = g->links.count,
		.events = group_events(g),
		.crashes = g->crashes,
		.stalls = g->stalls,
	};
	fill_quarantine(g, ret);
	rc = fill_workers(g, arena, ret);
	return rc == 0 ? fill_plugins(g, arena, ret) : rc;
}
