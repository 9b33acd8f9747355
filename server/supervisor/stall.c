/* stall.c - workers whose plugin code does not pause, as their custody segments show it. */
#include <stdbool.h>
#include <unistd.h>
#include "server/config/config.h"
#include "server/log.h"
#include "server/process.h"
#include "server/supervisor/group.h"

#define GRACE 1.5      /* seconds in which the worker itself may stop the code */
#define CLOCKS 1.0     /* seconds by which two readings of the clock may differ, and more */
#define START_TIME 4.0 /* seconds that the start of an instance may take (start.c) */

static double allowed(const struct group *g, const struct custody_load *load)
{
	double timeout = g->env->config->stall_timeout;

	if (load->event == 0 && timeout < START_TIME)
		timeout = START_TIME;
	return timeout + GRACE;
}

static const char *blame(struct group *g, const struct custody_load *load)
{
	if (load->plugin >= g->plan->plugin_count)
		return "?";
	g->plugins[load->plugin].stalls++;
	return g->env->config->plugins[g->plan->plugins[load->plugin]].name;
}

/* Seconds for which it has run, without those in which the machine was too busy to let it. */
static double has_run(struct child *child, const struct custody_load *load, double now)
{
	int fd = process_waited_open(child->pid);
	double waited = process_waited(fd);

	if (fd >= 0)
		close(fd);
	if (child->runs_since != load->since)
		child->waited_before = waited;
	child->runs_since = load->since;
	return now - load->since - (waited - child->waited_before);
}

/* The worker's word, which its plugins can write. */
static bool is_possible(const struct custody_load *load, const struct child *child, double now)
{
	return load->since >= child->started_at - CLOCKS && load->since <= now + CLOCKS;
}

static void check(struct group *g, struct child *child, double now)
{
	struct custody_load load;

	if (child == NULL || child->state == CHILD_STARTING || child->has_exited ||
	    custody_file_load(child->custody_fd, &load) != 0 || !load.runs)
		return;
	if (!is_possible(&load, child, now)) {
		log_line(
			LOG_LEVEL_ALERT,
			"worker %d of %s is killed: it says that plugin code runs since a time that "
			"can't be",
			(int)child->pid, g->plan->name);
		child_kill(child);
		return;
	}
	if (has_run(child, &load, now) < allowed(g, &load))
		return;
	log_line(
		LOG_LEVEL_ALERT,
		"worker %d of %s is killed: code of plugin %s has run for %.1fs without a pause, and "
		"can't be stopped otherwise",
		(int)child->pid, g->plan->name, blame(g, &load), now - load.since);
	g->stalls++;
	child_kill(child);
}

void group_check_stalls(struct group *g, double now)
{
	for (size_t i = 0; i < g->seat_count; i++)
		check(g, g->seats[i].child, now);
	for (struct child *child = g->leavers; child != NULL; child = child->next)
		check(g, child, now);
}
