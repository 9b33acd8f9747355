/* status_text.c - the JSON of a status as a page for people. Whatever the JSON holds, nothing breaks. */
#include <stdio.h>
#include <string.h>
#include "protocol/buf.h"
#include "server/admin/status.h"
#include "server/admin/text.h"

#define INDENT 2

/* ---- lines ---- */

static int add_worker(struct buf *b, const json_t *group, const json_t *worker)
{
	char name[25], age[32], starts[32], state[64];

	text_cut(name, 24, text_member(group, "name"));
	text_time_of(age, sizeof(age), worker, "age");
	text_time_of(starts, sizeof(starts), worker, "starts_in");
	if (json_object_get(worker, "starts_in") != NULL)
		snprintf(state, sizeof(state), "starts in %s", starts);
	else
		text_cut(state, 16, text_member(worker, "state"));
	return buf_printf(b, "\n%-24s %2lld %-16.16s %8lld %7.7s %5lld %5lld %5lld", name,
			  text_count(worker, "number"), state, text_count(worker, "pid"), age,
			  text_count(worker, "connections"), text_count(worker, "events"),
			  text_count(worker, "restarts"));
}

static int add_quarantine(struct buf *b, const json_t *quarantine)
{
	char left[32], line[1024];

	if (quarantine == NULL)
		return 0;
	text_time_of(left, sizeof(left), quarantine, "left");
	snprintf(line, sizeof(line), "in quarantine for another %s: %s", left,
		 text_member(quarantine, "reason"));
	return text_add_wrapped(b, INDENT, line);
}

static int add_group(struct buf *b, const json_t *group)
{
	const json_t *worker;
	size_t i;
	int rc = 0;

	json_array_foreach(json_object_get(group, "workers"), i, worker) if (rc == 0)
		rc = add_worker(b, group, worker);
	return rc == 0 ? add_quarantine(b, json_object_get(group, "quarantine")) : rc;
}

static void join_phases(char *ret, size_t size, const json_t *phases)
{
	const json_t *phase;
	size_t i, n = 0;

	snprintf(ret, size, "-");
	json_array_foreach(phases, i, phase) if (n < size && json_is_string(phase))
		n += (size_t)snprintf(ret + n, size - n, "%s%s", n > 0 ? "," : "",
				      json_string_value(phase));
}

static int add_plugin(struct buf *b, const json_t *plugin)
{
	char name[25], version[10], protocol[11], line[1024], phases[512];
	const char *pending = json_string_value(json_object_get(plugin, "run_kong_reload"));
	int rc;

	text_cut(name, 24, text_member(plugin, "name"));
	text_cut(version, 9, text_member(plugin, "version"));
	text_cut(protocol, 10, text_member(plugin, "protocol"));
	rc = buf_printf(b, "\n%-24s %-9s %-10s %9lld %7lld %6lld", name, version, protocol,
			text_count(plugin, "answered"), text_count(plugin, "crashes"),
			text_count(plugin, "stalls"));
	join_phases(phases, sizeof(phases), json_object_get(plugin, "phases"));
	snprintf(line, sizeof(line), "phases: %s", phases);
	if (rc == 0)
		rc = text_add_wrapped(b, INDENT, line);
	snprintf(line, sizeof(line), "run `kong reload`: %s", pending != NULL ? pending : "");
	return rc == 0 && pending != NULL ? text_add_wrapped(b, INDENT, line) : rc;
}

/* ---- the page ---- */

static int add_plugins(struct buf *b, const json_t *groups)
{
	const json_t *group, *plugin;
	size_t i, k;
	int rc = buf_printf(b, "\n\n%-24s %-9s %-10s %9s %7s %6s", "PLUGIN", "VERSION", "PROTOCOL",
			    "CONTRACT", "CRASHES", "STALLS");

	json_array_foreach(groups, i, group)
		json_array_foreach(json_object_get(group, "plugins"), k, plugin) if (rc == 0)
			rc = add_plugin(b, plugin);
	return rc;
}

static int add_groups(struct buf *b, const json_t *groups)
{
	const json_t *group;
	size_t i;
	int rc = buf_printf(b, "\n\n%-24s %2s %-16s %8s %7s %5s %5s %5s", "GROUP", "NO", "STATE",
			    "PID", "UP", "CONNS", "EVENT", "RSTRT");

	json_array_foreach(groups, i, group) if (rc == 0) rc = add_group(b, group);
	return rc;
}

static int add_top(struct buf *b, const json_t *status)
{
	const json_t *groups = json_object_get(status, "groups"), *group;
	long long instances = 0, connections = 0, events = 0;
	char up[32], version[17];
	size_t i;

	json_array_foreach(groups, i, group)
	{
		instances += text_count(group, "instances");
		connections += text_count(group, "connections");
		events += text_count(group, "events");
	}
	text_time_of(up, sizeof(up), status, "uptime");
	text_cut(version, 16, text_member(status, "version"));
	return buf_printf(b,
			  "outrigger %s, pid %lld, up %s\n"
			  "instances %lld, connections %lld, events in flight %lld",
			  version, text_count(status, "pid"), up, instances, connections, events);
}

static int add_reload(struct buf *b, const json_t *status)
{
	char line[1024];

	snprintf(line, sizeof(line), "last reload: %s", text_member(status, "reload"));
	return json_is_string(json_object_get(status, "reload")) ? text_add_wrapped(b, 0, line) : 0;
}

char *status_to_text(const json_t *status)
{
	const json_t *groups = json_object_get(status, "groups");
	struct buf b = {0};
	char *page = NULL;
	int rc = add_top(&b, status);

	if (rc == 0)
		rc = add_reload(&b, status);
	if (rc == 0)
		rc = add_groups(&b, groups);
	if (rc == 0)
		rc = add_plugins(&b, groups);
	if (rc == 0)
		rc = buf_append_str(&b, "\n");
	if (rc == 0 && json_is_array(groups))
		page = strndup((const char *)buf_head(&b), buf_len(&b));
	buf_fini(&b);
	return page;
}
