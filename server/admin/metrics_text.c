#include "server/admin/metrics_text.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/admin/status.h"
#include "server/metrics/metrics.h"
#include "server/process.h"

struct page {
	struct buf *text;
	const struct status *status;
	bool failed; /* no memory */
};

/* ---- lines ---- */

#define LABELS_MAX 3

/* A series' labels: names and values in turn, up to a NULL. Values may hold anything. */
struct labels {
	const char *pairs[2 * LABELS_MAX + 1];
};

static void add(struct page *page, const char *text)
{
	if (buf_append_str(page->text, text) != 0)
		page->failed = true;
}

static void begin_family(struct page *page, const char *name, const char *type, const char *help)
{
	if (buf_printf(page->text, "# HELP outrigger_%s %s\n# TYPE outrigger_%s %s\n", name, help,
		       name, type) != 0)
		page->failed = true;
}

static void add_label(struct page *page, const char *name, const char *value)
{
	if (buf_printf(page->text, "%s=\"", name) != 0)
		page->failed = true;
	for (size_t n; *value != '\0'; value += n) {
		n = strcspn(value, "\\\"\n");
		if (buf_append(page->text, value, n) != 0)
			page->failed = true;
		if (value[n] == '\0')
			break;
		add(page, value[n] == '\n' ? "\\n" : value[n] == '"' ? "\\\"" : "\\\\");
		n++;
	}
	add(page, "\"");
}

static void begin_line(struct page *page, const char *name, const char *suffix,
		       const struct labels *labels, const char *le)
{
	const char *separator = "{";

	add(page, "outrigger_");
	add(page, name);
	add(page, suffix);
	for (const char *const *pair = labels->pairs; *pair != NULL; pair += 2) {
		add(page, separator);
		add_label(page, pair[0], pair[1]);
		separator = ",";
	}
	if (le != NULL && buf_printf(page->text, "%sle=\"%s\"", separator, le) != 0)
		page->failed = true;
	add(page, le != NULL || *separator == ',' ? "} " : " ");
}

static void add_number(struct page *page, const char *name, const struct labels *labels, uint64_t n)
{
	begin_line(page, name, "", labels, NULL);
	if (buf_printf(page->text, "%" PRIu64 "\n", n) != 0)
		page->failed = true;
}

static uint64_t count_all(const struct metrics_histogram *h)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= METRICS_BUCKETS; i++)
		count += h->buckets[i];
	return count;
}

static void add_histogram(struct page *page, const char *name, const struct labels *labels,
			  const struct metrics_histogram *h)
{
	uint64_t count = 0;
	char le[32] = "+Inf";

	if (count_all(h) == 0)
		return;
	for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
		if (i < METRICS_BUCKETS)
			snprintf(le, sizeof(le), "%g", metrics_bounds[i]);
		else
			snprintf(le, sizeof(le), "+Inf");
		count += h->buckets[i];
		begin_line(page, name, "_bucket", labels, le);
		if (buf_printf(page->text, "%" PRIu64 "\n", count) != 0)
			page->failed = true;
	}
	begin_line(page, name, "_sum", labels, NULL);
	if (buf_printf(page->text, "%.9f\n", (double)h->nanoseconds / 1e9) != 0)
		page->failed = true;
	begin_line(page, name, "_count", labels, NULL);
	if (buf_printf(page->text, "%" PRIu64 "\n", count) != 0)
		page->failed = true;
}

/* ---- groups ---- */

typedef uint64_t (*group_number)(const struct status_group *g);

static void add_groups(struct page *page, const char *name, group_number number)
{
	for (size_t i = 0; i < page->status->group_count; i++) {
		const struct status_group *g = &page->status->groups[i];
		const struct labels labels = {{"group", g->name}};

		add_number(page, name, &labels, number(g));
	}
}

static uint64_t group_connections(const struct status_group *g)
{
	return g->connections;
}

static uint64_t group_running(const struct status_group *g)
{
	return g->events;
}

static uint64_t group_instances(const struct status_group *g)
{
	return g->instances;
}

static uint64_t group_quarantined(const struct status_group *g)
{
	return g->quarantine != NULL;
}

static uint64_t group_restarts(const struct status_group *g)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < g->worker_count; i++)
		sum += g->workers[i].restarts;
	return sum;
}

static uint64_t group_ready(const struct status_group *g)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < g->worker_count; i++)
		sum += g->workers[i].state == STATUS_READY;
	return sum;
}

static uint64_t group_answered(const struct status_group *g)
{
	return g->answered;
}

static void write_groups(struct page *page)
{
	static const struct {
		const char *name, *type, *help;
		group_number number;
	} families[] = {
		{"workers_ready", "gauge", "Workers that serve.", group_ready},
		{"worker_restarts_total", "counter", "Workers that were started again.",
		 group_restarts},
		{"quarantined", "gauge", "1 while no worker is started, after crashes in a row.",
		 group_quarantined},
		{"connections", "gauge", "Connections of the gateway.", group_connections},
		{"events_running", "gauge", "Events that have begun and not ended.", group_running},
		{"instances", "gauge", "Plugin instances that the gateway has started.",
		 group_instances},
		{"failures_answered_total", "counter",
		 "Events that the failure contract has answered.", group_answered},
	};

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		begin_family(page, families[i].name, families[i].type, families[i].help);
		add_groups(page, families[i].name, families[i].number);
	}
}

typedef void (*worker_writer)(struct page *page, const struct labels *labels,
			      const struct status_worker *worker);

static void write_resident(struct page *page, const struct labels *labels,
			   const struct status_worker *worker)
{
	add_number(page, "worker_resident_bytes", labels, worker->memory);
}

static void write_cpu(struct page *page, const struct labels *labels,
		      const struct status_worker *worker)
{
	begin_line(page, "worker_cpu_seconds_total", "", labels, NULL);
	if (buf_printf(page->text, "%.2f\n", process_cpu(worker->pid)) != 0)
		page->failed = true;
}

static void write_processes(struct page *page, worker_writer write)
{
	for (size_t i = 0; i < page->status->group_count; i++) {
		const struct status_group *g = &page->status->groups[i];

		for (size_t k = 0; k < g->worker_count; k++) {
			char number[16];
			const struct labels labels = {{"group", g->name, "worker", number}};

			snprintf(number, sizeof(number), "%u", g->workers[k].number);
			if (g->workers[k].pid != 0 && g->workers[k].state != STATUS_DRAINING)
				write(page, &labels, &g->workers[k]);
		}
	}
}

static void write_workers(struct page *page)
{
	begin_family(
		page, "worker_resident_bytes", "gauge",
		"Memory of a worker that is its own; where its plugins may have such, shared memory too.");
	write_processes(page, write_resident);
	begin_family(
		page, "worker_cpu_seconds_total", "counter",
		"Time of processors that a worker has used; anew for the one that follows it.");
	write_processes(page, write_cpu);
}

/* ---- plugins ---- */

typedef void (*plugin_writer)(struct page *page, const char *name, const struct status_plugin *p);

static void write_outcomes(struct page *page, const char *name, const struct status_plugin *p)
{
	for (int phase = 0; phase < PHASE_COUNT; phase++) {
		for (int outcome = 0; outcome < METRICS_OUTCOMES; outcome++) {
			uint64_t n = p->metrics->phases[phase].events[outcome];
			const struct labels labels = {
				{"plugin", p->name, "phase", phase_name((enum phase)phase),
				 "outcome", metrics_outcome_name((enum metrics_outcome)outcome)}};

			if (n > 0)
				add_number(page, name, &labels, n);
		}
	}
}

static void write_whole(struct page *page, const char *name, const struct status_plugin *p)
{
	for (int phase = 0; phase < PHASE_COUNT; phase++) {
		const struct labels labels = {
			{"plugin", p->name, "phase", phase_name((enum phase)phase)}};

		add_histogram(page, name, &labels, &p->metrics->phases[phase].whole);
	}
}

static void write_handler(struct page *page, const char *name, const struct status_plugin *p)
{
	for (int phase = 0; phase < PHASE_COUNT; phase++) {
		const struct labels labels = {
			{"plugin", p->name, "phase", phase_name((enum phase)phase)}};

		add_histogram(page, name, &labels, &p->metrics->phases[phase].handler);
	}
}

static void write_call_times(struct page *page, const char *name, const struct status_plugin *p)
{
	for (int id = 0; id < PDK_ID_COUNT; id++) {
		const struct labels labels = {{"plugin", p->name, "method", pdk_table[id].name}};

		add_histogram(page, name, &labels, &p->metrics->calls[id]);
	}
}

static void write_calls(struct page *page, const char *name, const struct status_plugin *p)
{
	for (int id = 0; id < PDK_ID_COUNT; id++) {
		for (int i = 0; i < PDK_COUNTER_COUNT; i++) {
			enum pdk_counter counter = (enum pdk_counter)i;
			uint64_t n = p->metrics->counters[pdk_counter_at((enum pdk_id)id, counter)];
			const struct labels labels = {{"plugin", p->name, "method",
						       pdk_table[id].name, "how",
						       pdk_counter_name(counter)}};

			if (n > 0)
				add_number(page, name, &labels, n);
		}
	}
}

static void write_starts(struct page *page, const char *name, const struct status_plugin *p)
{
	const struct labels started = {{"plugin", p->name, "result", "started"}};
	const struct labels refused = {{"plugin", p->name, "result", "refused"}};
	const struct metrics_plugin *m = p->metrics;

	add_number(page, name, &started, m->starts - m->refused_starts);
	add_number(page, name, &refused, m->refused_starts);
}

static void write_emptied(struct page *page, const char *name, const struct status_plugin *p)
{
	const struct labels labels = {{"plugin", p->name}};

	add_number(page, name, &labels, p->metrics->dicts_emptied);
}

static void write_crashes(struct page *page, const char *name, const struct status_plugin *p)
{
	const struct labels labels = {{"plugin", p->name}};

	add_number(page, name, &labels, p->crashes);
}

static void write_stalls(struct page *page, const char *name, const struct status_plugin *p)
{
	const struct labels labels = {{"plugin", p->name}};

	add_number(page, name, &labels, p->stalls);
}

static void write_pending(struct page *page, const char *name, const struct status_plugin *p)
{
	const struct labels labels = {{"plugin", p->name}};

	add_number(page, name, &labels, p->pending != NULL);
}

static void write_family(struct page *page, const char *name, plugin_writer write)
{
	for (size_t i = 0; i < page->status->group_count; i++)
		for (size_t k = 0; k < page->status->groups[i].plugin_count; k++)
			write(page, name, &page->status->groups[i].plugins[k]);
}

static void write_plugins(struct page *page)
{
	static const struct {
		const char *name, *type, *help;
		plugin_writer write;
	} families[] = {
		{"events_total", "counter", "Events that have ended.", write_outcomes},
		{"event_duration_seconds", "histogram",
		 "From the gateway's call to an event's end.", write_whole},
		{"handler_duration_seconds", "histogram",
		 "Of that, the time in which the gateway waited for the plugin.", write_handler},
		{"pdk_call_duration_seconds", "histogram",
		 "Round trips to the gateway, by PDK function.", write_call_times},
		{"pdk_calls_total", "counter",
		 "PDK calls, by what they cost: a round trip, or none.", write_calls},
		{"instance_starts_total", "counter", "Instances that the gateway asked for.",
		 write_starts},
		{"shared_dicts_emptied_total", "counter",
		 "Shared dictionaries that a process left half changed when it died.",
		 write_emptied},
		{"plugin_crashes_total", "counter", "Workers that ended in the plugin's code.",
		 write_crashes},
		{"plugin_stalls_total", "counter",
		 "Workers that were killed because the plugin's code did not pause.", write_stalls},
		{"kong_reload_pending", "gauge",
		 "1 while the gateway knows an older version of the plugin.", write_pending},
	};

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		begin_family(page, families[i].name, families[i].type, families[i].help);
		write_family(page, families[i].name, families[i].write);
	}
}

int metrics_text_write(const struct status *status, struct buf *ret_text)
{
	struct page page = {ret_text, status, false};
	const struct labels version = {{"version", OUTRIGGER_VERSION}};
	const struct labels none = {{NULL}};

	begin_family(&page, "info", "gauge", "Always 1; the version is a label.");
	add_number(&page, "info", &version, 1);
	begin_family(&page, "uptime_seconds", "gauge", "Since the server was started.");
	add_number(&page, "uptime_seconds", &none, (uint64_t)status->uptime);
	write_groups(&page);
	write_workers(&page);
	write_plugins(&page);
	return page.failed ? -E_NOMEM : 0;
}
