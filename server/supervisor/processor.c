#include "server/supervisor/processor.h"
#include "server/config/config.h"
#include "server/log.h"
#include "server/process.h"
#include "server/supervisor/group.h"

#define WINDOW 5.0 /* seconds that are looked at together */

static void begin_window(struct child *child, double now, double used)
{
	child->cpu_since = now;
	child->cpu_used = used;
}

static void check(const struct group *g, struct child *child, double now)
{
	double used, share;

	if (child == NULL || child->has_exited || child->state == CHILD_STARTING ||
	    (child->cpu_since != 0 && now < child->cpu_since + WINDOW))
		return;
	used = process_cpu(child->pid);
	share = child->cpu_since != 0 ? 100 * (used - child->cpu_used) / (now - child->cpu_since)
				      : 0;
	begin_window(child, now, used);
	if (share <= (double)g->env->config->worker_cpu_max)
		return;
	log_line(LOG_LEVEL_ALERT,
		 "worker %d of %s is killed: it has used %.0f%% of a processor for %.0fs, and "
		 "worker_cpu_max is %zu",
		 (int)child->pid, g->plan->name, share, WINDOW, g->env->config->worker_cpu_max);
	child_kill(child);
}

void processor_check(struct group *g, double now)
{
	if (g->env->config->worker_cpu_max == 0)
		return;
	for (size_t i = 0; i < g->seat_count; i++) {
		check(g, g->seats[i].child, now);
		check(g, g->seats[i].successor, now);
	}
	for (struct child *child = g->leavers; child != NULL; child = child->next)
		check(g, child, now);
}
