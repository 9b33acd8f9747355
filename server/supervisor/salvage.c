#include "server/supervisor/salvage.h"
#include <stdlib.h>
#include "pdk-bridge/phase.h"
#include "server/config/config.h"
#include "server/log.h"
#include "server/supervisor/group.h"

/* The plugin whose code ran; NULL = none, or nobody knows. */
static const char *find_guilty(const struct group *g, const struct custody_load *load)
{
	if (!load->runs || load->plugin >= g->plan->plugin_count)
		return NULL;
	return g->env->config->plugins[g->plan->plugins[load->plugin]].name;
}

static void tell(struct group *g, const struct child *child)
{
	struct custody_load load = {0};
	struct event_record record;
	const char *plugin, *phase = "code";

	if (custody_file_load(child->custody_fd, &load) != 0)
		load.runs = false;
	plugin = find_guilty(g, &load);
	if (plugin != NULL)
		g->plugins[load.plugin].crashes++;
	if (plugin != NULL && load.event != 0 &&
	    custody_file_find_event(child->custody_fd, &child->layout, load.event, &record))
		phase = phase_name(record.phase);
	if (plugin != NULL)
		log_event(LOG_LEVEL_ALERT, load.event, plugin,
			  "worker %d has ended in this plugin's %s: %s", (int)child->pid, phase,
			  child->end);
	else
		log_line(LOG_LEVEL_ALERT, "worker %d of %s has ended: %s", (int)child->pid,
			 g->plan->name, child->end);
}

/* As the configuration has it, whatever the worker's memory says. */
static enum on_error policy_of(const struct group *g, const struct event_record *record)
{
	if (record->plugin >= g->plan->plugin_count)
		return ON_ERROR_CLOSED;
	return g->env->config->plugins[g->plan->plugins[record->plugin]].on_error;
}

static void remember_events(struct group *g, const struct child *child)
{
	struct event_record *records = NULL;
	size_t count = 0;

	if (custody_file_events(child->custody_fd, &child->layout, &records, &count) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		records[i].on_error = policy_of(g, &records[i]);
		care_remember(&g->care, &records[i]);
	}
	free(records);
}

/* Of a slot that makes no sense one knows nothing but that the connection must not end silently. */
static void salvage_link(struct group *g, struct child *child, uint32_t slot)
{
	struct link *link = child->links[slot];
	struct custody_find find = {0};
	bool is_known = child_take(child, slot, &find) == 0;

	link->refuse = link->refuse || !is_known;
	link_hold(link, &find);
	link_salvage(link, &g->care);
}

void salvage(struct group *g, struct child *child)
{
	bool was_expected = (child->state == CHILD_DRAINING && child->connections == 0) ||
			    (child->state == CHILD_ENDING && child->left);

	remember_events(g, child);
	for (uint32_t slot = 0; slot < child->layout.slots; slot++)
		if (child->links[slot] != NULL)
			salvage_link(g, child, slot);
	if (!was_expected)
		tell(g, child);
}
