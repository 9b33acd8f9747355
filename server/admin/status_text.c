/* status_text.c - the JSON of a status as a page for people. Whatever the JSON holds, nothing breaks. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "protocol/buf.h"
#include "server/admin/status.h"

#define WIDTH 80
#define INDENT 2

/* ---- values ---- */

static long long count_of(const json_t *json, const char *key)
{
	return (long long)json_integer_value(json_object_get(json, key));
}

static const char *text_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text != NULL ? text : "-";
}

/* "45s", "3m20s", "5h7m", "12d3h". */
static void print_time(char *ret, size_t size, double seconds)
{
	long long s = seconds > 0 && seconds < 1e12 ? (long long)seconds : 0;

	if (s < 60)
		snprintf(ret, size, "%llds", s);
	else if (s < 3600)
		snprintf(ret, size, "%lldm%llds", s / 60, s % 60);
	else if (s < 86400)
		snprintf(ret, size, "%lldh%lldm", s / 3600, s / 60 % 60);
	else
		snprintf(ret, size, "%lldd%lldh", s / 86400, s / 3600 % 24);
}

static void print_time_of(char *ret, size_t size, const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	if (json_is_number(value))
		print_time(ret, size, json_number_value(value));
	else
		snprintf(ret, size, "-");
}

/* ---- lines ---- */

/* Words of a text in lines of at most WIDTH that begin at `indent`. What a terminal might obey is a '?'. */
static int add_wrapped(struct buf *b, int indent, const char *text)
{
	int column = WIDTH, rc = 0;

	while (rc == 0 && *(text += strspn(text, " \t\r\n")) != '\0') {
		int n = (int)strcspn(text, " \t\r\n");

		if (column + 1 + n > WIDTH) {
			rc = buf_printf(b, "%s%*s", buf_len(b) > 0 ? "\n" : "", indent, "");
			column = indent;
		} else {
			rc = buf_append_str(b, " ");
			column++;
		}
		for (int i = 0; rc == 0 && i < n; i++)
			rc = buf_append(b, iscntrl((unsigned char)text[i]) ? "?" : text + i, 1);
		text += n;
		column += n;
	}
	return rc;
}

/* At most `width` bytes of a text that may hold anything. */
static void cut(char *ret, size_t width, const char *text)
{
	size_t n = strlen(text);

	snprintf(ret, width + 1, "%s", text);
	if (n > width)
		ret[width - 1] = '~';
	for (char *c = ret; *c != '\0'; c++)
		*c = iscntrl((unsigned char)*c) ? '?' : *c;
}

static int add_worker(struct buf *b, const json_t *group, const json_t *worker)
{
	char name[25], age[32], starts[32], state[64];

	cut(name, 24, text_of(group, "name"));
	print_time_of(age, sizeof(age), worker, "age");
	print_time_of(starts, sizeof(starts), worker, "starts_in");
	if (json_object_get(worker, "starts_in") != NULL)
		snprintf(state, sizeof(state), "starts in %s", starts);
	else
		cut(state, 16, text_of(worker, "state"));
	return buf_printf(b, "\n%-24s %2lld %-16.16s %8lld %7.7s %5lld %5lld %5lld", name,
			  count_of(worker, "number"), state, count_of(worker, "pid"), age,
			  count_of(worker, "connections"), count_of(worker, "events"),
			  count_of(worker, "restarts"));
}

static int add_quarantine(struct buf *b, const json_t *quarantine)
{
	char left[32], line[1024];

	if (quarantine == NULL)
		return 0;
	print_time_of(left, sizeof(left), quarantine, "left");
	snprintf(line, sizeof(line), "in quarantine for another %s: %s", left,
		 text_of(quarantine, "reason"));
	return add_wrapped(b, INDENT, line);
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

	cut(name, 24, text_of(plugin, "name"));
	cut(version, 9, text_of(plugin, "version"));
	cut(protocol, 10, text_of(plugin, "protocol"));
	rc = buf_printf(b, "\n%-24s %-9s %-10s %9lld %7lld %6lld", name, version, protocol,
			count_of(plugin, "answered"), count_of(plugin, "crashes"),
			count_of(plugin, "stalls"));
	join_phases(phases, sizeof(phases), json_object_get(plugin, "phases"));
	snprintf(line, sizeof(line), "phases: %s", phases);
	if (rc == 0)
		rc = add_wrapped(b, INDENT, line);
	snprintf(line, sizeof(line), "run `kong reload`: %s", pending != NULL ? pending : "");
	return rc == 0 && pending != NULL ? add_wrapped(b, INDENT, line) : rc;
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
		instances += count_of(group, "instances");
		connections += count_of(group, "connections");
		events += count_of(group, "events");
	}
	print_time_of(up, sizeof(up), status, "uptime");
	cut(version, 16, text_of(status, "version"));
	return buf_printf(b,
			  "outrigger %s, pid %lld, up %s\n"
			  "instances %lld, connections %lld, events in flight %lld",
			  version, count_of(status, "pid"), up, instances, connections, events);
}

static int add_reload(struct buf *b, const json_t *status)
{
	char line[1024];

	snprintf(line, sizeof(line), "last reload: %s", text_of(status, "reload"));
	return json_is_string(json_object_get(status, "reload")) ? add_wrapped(b, 0, line) : 0;
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
