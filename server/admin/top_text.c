#include "server/admin/top_text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/buf.h"
#include "server/admin/text.h"
#include "server/metrics/metrics.h"

/* What a plugin has done in the time between. */
struct row {
	const json_t *plugin;
	double rate;    /* events per second */
	double mean;    /* seconds of an event */
	double p99;     /* at most so many seconds; -1 = beyond the last bound */
	double failing; /* per second */
};

struct top {
	struct buf text;
	const json_t *before, *now;
	double seconds; /* between the two */
	double rate;    /* events per second, all of them */
	struct row *rows;
	size_t count;
};

static double real_of(const json_t *json, const char *key)
{
	return json_number_value(json_object_get(json, key));
}

/* ---- differences ---- */

/* The plugin of that name, as it was; NULL = there was none. */
static const json_t *find_before(const struct top *top, const char *name)
{
	const json_t *group, *plugin;
	size_t i, k;

	json_array_foreach(json_object_get(top->before, "groups"), i, group) json_array_foreach(
		json_object_get(group, "plugins"), k,
		plugin) if (strcmp(text_member(plugin, "name"), name) == 0) return plugin;
	return NULL;
}

static double grown(const json_t *now, const json_t *before, const char *key)
{
	double growth = real_of(now, key) - real_of(before, key);

	return growth > 0 ? growth : 0;
}

static double bucket_grown(const json_t *now, const json_t *before, size_t i)
{
	double growth = json_number_value(json_array_get(json_object_get(now, "buckets"), i)) -
			json_number_value(json_array_get(json_object_get(before, "buckets"), i));

	return growth > 0 ? growth : 0;
}

static double find_p99(const json_t *now, const json_t *before, double count)
{
	double below = 0;

	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		below += bucket_grown(now, before, i);
		if (below >= count * 0.99)
			return metrics_bounds[i];
	}
	return -1;
}

static void fill_row(struct top *top, const json_t *plugin, struct row *row)
{
	const json_t *old = find_before(top, text_member(plugin, "name"));
	const json_t *ended = json_object_get(plugin, "ended");
	const json_t *old_ended = json_object_get(old, "ended");
	double count = grown(ended, old_ended, "count");

	*row = (struct row){.plugin = plugin};
	row->rate = count / top->seconds;
	row->failing = grown(plugin, old, "answered") / top->seconds;
	row->mean = count > 0 ? grown(ended, old_ended, "seconds") / count : 0;
	row->p99 = count > 0 ? find_p99(ended, old_ended, count) : 0;
	top->rate += row->rate;
}

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->rate != y->rate)
		return x->rate < y->rate ? 1 : -1;
	return strcmp(text_member(x->plugin, "name"), text_member(y->plugin, "name"));
}

static int fill_rows(struct top *top)
{
	const json_t *groups = json_object_get(top->now, "groups"), *group, *plugin;
	size_t i, k, room = 0;

	json_array_foreach(groups, i, group)
		room += json_array_size(json_object_get(group, "plugins"));
	top->rows = calloc(room + 1, sizeof(*top->rows));
	if (top->rows == NULL)
		return -1;
	json_array_foreach(groups, i, group)
		json_array_foreach(json_object_get(group, "plugins"), k, plugin)
			fill_row(top, plugin, &top->rows[top->count++]);
	qsort(top->rows, top->count, sizeof(*top->rows), compare);
	return 0;
}

/* ---- lines ---- */

/* "0.42 ms" and the like, in at most 8 columns. */
static void print_span(char *ret, size_t size, double seconds)
{
	if (seconds < 0)
		snprintf(ret, size, ">%gs", metrics_bounds[METRICS_BUCKETS - 1]);
	else if (seconds == 0)
		snprintf(ret, size, "-");
	else if (seconds < 1)
		snprintf(ret, size, "%.3gms", seconds * 1000);
	else
		snprintf(ret, size, "%.3gs", seconds);
}

static int add_row(struct top *top, const struct row *row)
{
	char name[25], mean[16], p99[16];

	text_cut(name, 24, text_member(row->plugin, "name"));
	print_span(mean, sizeof(mean), row->mean);
	print_span(p99, sizeof(p99), row->p99);
	return buf_printf(&top->text, "\n%-24s %10.1f %10.10s %10.10s %9.1f %9lld", name, row->rate,
			  mean, p99, row->failing, text_count(row->plugin, "answered"));
}

static int add_worker(struct top *top, const json_t *group, const json_t *worker)
{
	char name[25], state[17];

	text_cut(name, 24, text_member(group, "name"));
	text_cut(state, 16, text_member(worker, "state"));
	return buf_printf(&top->text, "\n%-24s %2lld %-10.10s %8lld %9.1f %5lld %5lld %8lld", name,
			  text_count(worker, "number"), state, text_count(worker, "pid"),
			  (double)text_count(worker, "memory") / (1 << 20),
			  text_count(worker, "events"), text_count(worker, "connections"),
			  text_count(worker, "restarts"));
}

static int add_head(struct top *top)
{
	char up[32], version[17];

	text_time_of(up, sizeof(up), top->now, "uptime");
	text_cut(version, 16, text_member(top->now, "version"));
	return buf_printf(&top->text, "outrigger %s, pid %lld, up %s, %.1f events/s", version,
			  text_count(top->now, "pid"), up, top->rate);
}

static int add_rows(struct top *top)
{
	int rc = buf_printf(&top->text, "\n\n%-24s %10s %10s %10s %9s %9s", "PLUGIN", "EVENTS/S",
			    "MEAN", "P99 <=", "FAILED/S", "FAILED");

	for (size_t i = 0; rc == 0 && i < top->count; i++)
		rc = add_row(top, &top->rows[i]);
	return rc;
}

static int add_workers(struct top *top)
{
	const json_t *group, *worker;
	size_t i, k;
	int rc = buf_printf(&top->text, "\n\n%-24s %2s %-10s %8s %9s %5s %5s %8s", "GROUP", "NO",
			    "STATE", "PID", "MIB", "EVENT", "CONNS", "RESTARTS");

	json_array_foreach(json_object_get(top->now, "groups"), i, group)
		json_array_foreach(json_object_get(group, "workers"), k, worker) if (rc == 0)
			rc = add_worker(top, group, worker);
	return rc == 0 ? buf_append_str(&top->text, "\n") : rc;
}

char *top_to_text(const json_t *before, const json_t *now)
{
	struct top top = {.before = before, .now = now};
	char *page = NULL;

	top.seconds = real_of(now, "uptime") - real_of(before, "uptime");
	if (top.seconds <= 0)
		top.seconds = 1;
	if (fill_rows(&top) == 0 && add_head(&top) == 0 && add_rows(&top) == 0 &&
	    add_workers(&top) == 0 && json_is_array(json_object_get(now, "groups")))
		page = strndup((const char *)buf_head(&top.text), buf_len(&top.text));
	free(top.rows);
	buf_fini(&top.text);
	return page;
}
