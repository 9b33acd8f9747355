#include "server/supervisor/memory.h"
#include "server/config/config.h"
#include "server/confine/cgroup.h"
#include "server/log.h"
#include "server/process.h"
#include "server/reactor.h"
#include "server/supervisor/group.h"
#include "server/supervisor/group_reload.h"

#define SHARE 0.85                     /* of the container's memory that all workers may have */
#define SOFT 0.8                       /* of a limit, from which a worker is replaced */
#define GROWTH ((uint64_t)16 << 20)    /* bytes without which a new worker would be no better */
#define MIB(bytes) ((bytes) / 1048576) /* for people */

/* All workers, and who has grown most: a plugin that needs much from its start on is not the one that leaks. */
struct sum {
	uint64_t total, growth;
	uint64_t used; /* by the one that has grown most */
	struct child *largest;
	struct group *group; /* of that one */
};

static uint64_t growth_of(const struct child *child, uint64_t used)
{
	bool has_begun = child->state != CHILD_STARTING;

	return has_begun && used > child->memory_at_start ? used - child->memory_at_start : 0;
}

static void kill_for(const struct group *g, const struct child *child, uint64_t used,
		     uint64_t limit, const char *key)
{
	log_line(LOG_LEVEL_ALERT,
		 "worker %d of %s is killed: it has %llu MiB of memory, and %s is %llu MiB",
		 (int)child->pid, g->plan->name, (unsigned long long)MIB(used), key,
		 (unsigned long long)MIB(limit));
	child_kill(child);
}

/* What a worker has had from its start, its successor will have too. */
static void replace(struct group *g, struct child *child, uint64_t used, const char *key)
{
	struct seat *seat = &g->seats[child->seat];

	if (seat->child != child || child->state != CHILD_READY ||
	    used < child->memory_at_start + GROWTH || !group_replace(g, seat))
		return;
	log_line(LOG_LEVEL_WARN,
		 "worker %d of %s gets a successor: it has %llu MiB of memory, %llu MiB more than "
		 "at its start, and comes near %s",
		 (int)child->pid, g->plan->name, (unsigned long long)MIB(used),
		 (unsigned long long)MIB(used - child->memory_at_start), key);
}

static void check_child(struct group *g, struct child *child, struct sum *sum)
{
	uint64_t limit = g->env->config->worker_memory_max;
	uint64_t used;

	if (child == NULL || child->has_exited)
		return;
	used = child_memory(child);
	sum->total += used;
	if (sum->largest == NULL || growth_of(child, used) > sum->growth) {
		sum->growth = growth_of(child, used);
		sum->used = used;
		sum->largest = child;
		sum->group = g;
	}
	if (limit != 0 && used > limit)
		kill_for(g, child, used, limit, "worker_memory_max");
	else if (limit != 0 && (double)used > SOFT * (double)limit)
		replace(g, child, used, "worker_memory_max");
}

static void check_group(struct group *g, struct sum *sum)
{
	for (size_t i = 0; i < g->seat_count; i++) {
		check_child(g, g->seats[i].child, sum);
		check_child(g, g->seats[i].successor, sum);
	}
	for (struct child *child = g->leavers; child != NULL; child = child->next)
		check_child(g, child, sum);
}

void memory_check(struct memory_watch *watch, const struct config *config,
		  struct group *const *groups, size_t count)
{
	struct sum sum = {0};

	if (watch->budget == 0)
		watch->budget = config->memory_max != 0
					? config->memory_max
					: (uint64_t)(SHARE * (double)cgroup_memory());
	for (size_t i = 0; i < count; i++)
		check_group(groups[i], &sum);
	if (sum.largest == NULL)
		return;
	if (sum.total > watch->budget)
		kill_for(sum.group, sum.largest, sum.used, watch->budget,
			 "memory_max, of all workers together,");
	else if ((double)sum.total > SOFT * (double)watch->budget)
		replace(sum.group, sum.largest, sum.used, "memory_max, with all others");
}
