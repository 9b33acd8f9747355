#include "server/supervisor/group_metrics.h"
#include "protocol/msg.h"
#include "server/event/event_record.h"
#include "server/metrics/metrics_file.h"

void group_keep_metrics(struct group *g, const struct child *child)
{
	for (size_t i = 0; i < g->plan->plugin_count; i++)
		(void)metrics_file_add(child->metrics_fd, i, &g->plugins[i].past);
}

static void add_child(const struct child *child, size_t index, struct metrics_plugin *ret)
{
	if (child != NULL)
		(void)metrics_file_add(child->metrics_fd, index, ret);
}

void group_sum_metrics(const struct group *g, size_t index, struct metrics_plugin *ret)
{
	*ret = g->plugins[index].past;
	for (size_t i = 0; i < g->seat_count; i++) {
		add_child(g->seats[i].child, index, ret);
		add_child(g->seats[i].successor, index, ret);
	}
	for (const struct child *child = g->leavers; child != NULL; child = child->next)
		add_child(child, index, ret);
}

/* What a call says of its plugin is known here only if there is no other. */
static bool find_place(const struct group *g, const struct msg *call,
		       const struct event_record *record, size_t *ret_plugin, int *ret_phase)
{
	*ret_plugin = record != NULL ? record->plugin : 0;
	*ret_phase = record != NULL ? (int)record->phase : phase_find(call->name.s, call->name.len);
	return *ret_plugin < g->plan->plugin_count && *ret_phase >= 0 && *ret_phase < PHASE_COUNT &&
	       (record != NULL || g->plan->plugin_count == 1);
}

void group_count_answer(void *group, const struct msg *call, const struct event_record *record)
{
	struct group *g = group;
	size_t plugin;
	int phase;

	g->answered++;
	if (find_place(g, call, record, &plugin, &phase))
		g->plugins[plugin].past.phases[phase].events[METRICS_DIED]++;
}
