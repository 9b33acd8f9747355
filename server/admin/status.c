#include "server/admin/status.h"
#include <unistd.h>
#include "server/metrics/metrics.h"

static const char *const state_names[STATUS_STATES] = {
	[STATUS_STARTING] = "starting",
	[STATUS_READY] = "ready",
	[STATUS_DRAINING] = "draining",
	[STATUS_WAITING] = "waiting",
};

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)(n < INT64_MAX ? n : INT64_MAX));
}

/* NULL is null. */
static json_t *text(const char *s)
{
	json_t *json = s != NULL ? json_string(s) : json_null();

	return json != NULL ? json : json_string("(not UTF-8)");
}

static json_t *worker_json(const struct status_worker *w)
{
	json_t *json = json_pack("{s:i, s:s, s:o, s:o, s:o}", "number", (int)w->number, "state",
				 state_names[w->state], "restarts", number(w->restarts),
				 "connections", number(w->connections), "events",
				 number(w->events));

	if (w->pid != 0) {
		json_object_set_new(json, "memory", number(w->memory));
		json_object_set_new(json, "pid", json_integer(w->pid));
		json_object_set_new(json, "age", json_real(w->age));
	}
	if (w->state == STATUS_WAITING)
		json_object_set_new(json, "starts_in", json_real(w->starts_in));
	return json;
}

/* The members of the dump that people want to see here; a worker made it, so it may be anything. */
static void add_dump(json_t *json, const char *dump)
{
	static const char *const keys[] = {"Version", "Priority", "Phases"};
	static const char *const names[] = {"version", "priority", "phases"};
	json_t *root = dump != NULL ? json_loads(dump, 0, NULL) : NULL;
	json_t *plugin = json_array_get(json_object_get(root, "Plugins"), 0);

	json_object_set(json, "protocol", json_object_get(root, "Protocol"));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_set(json, names[i], json_object_get(plugin, keys[i]));
	json_decref(root);
}

/* Events of all phases that have ended, and how long they took, by the bounds that metrics have. */
static json_t *ended_json(const struct metrics_plugin *metrics)
{
	struct metrics_histogram all = {0};
	json_t *buckets = json_array();
	uint64_t count = 0;

	for (int i = 0; i < PHASE_COUNT; i++)
		metrics_add_histogram(&all, &metrics->phases[i].whole);
	for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
		json_array_append_new(buckets, number(all.buckets[i]));
		count += all.buckets[i];
	}
	return json_pack("{s:o, s:f, s:o}", "count", number(count), "seconds",
			 (double)all.nanoseconds / 1e9, "buckets", buckets);
}

static json_t *plugin_json(const struct status_plugin *p)
{
	json_t *json = json_pack("{s:o, s:o, s:o, s:o}", "name", text(p->name), "crashes",
				 number(p->crashes), "stalls", number(p->stalls), "answered",
				 number(metrics_failed(p->metrics)));

	json_object_set_new(json, "ended", ended_json(p->metrics));
	add_dump(json, p->dump);
	if (p->pending != NULL)
		json_object_set_new(json, "run_kong_reload", text(p->pending));
	return json;
}

static json_t *workers_json(const struct status_group *g)
{
	json_t *json = json_array();

	for (size_t i = 0; i < g->worker_count; i++)
		json_array_append_new(json, worker_json(&g->workers[i]));
	return json;
}

static json_t *plugins_json(const struct status_group *g)
{
	json_t *json = json_array();

	for (size_t i = 0; i < g->plugin_count; i++)
		json_array_append_new(json, plugin_json(&g->plugins[i]));
	return json;
}

static json_t *group_json(const struct status_group *g)
{
	json_t *json = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", text(g->name), "workers",
		workers_json(g), "plugins", plugins_json(g), "instances", number(g->instances),
		"connections", number(g->connections), "events", number(g->events), "crashes",
		number(g->crashes), "stalls", number(g->stalls), "answered", number(g->answered));

	if (g->quarantine != NULL)
		json_object_set_new(json, "quarantine",
				    json_pack("{s:o, s:f}", "reason", text(g->quarantine), "left",
					      g->quarantine_left));
	return json;
}

json_t *status_to_json(const struct status *status)
{
	json_t *groups = json_array();

	for (size_t i = 0; i < status->group_count; i++)
		json_array_append_new(groups, group_json(&status->groups[i]));
	return json_pack("{s:s, s:i, s:f, s:o, s:o}", "version", OUTRIGGER_VERSION, "pid",
			 (int)getpid(), "uptime", status->uptime, "reload", text(status->reload),
			 "groups", groups);
}
