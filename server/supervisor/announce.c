#include "server/supervisor/announce.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "server/config/config.h"
#include "server/log.h"
#include "server/serving.h"
#include "server/supervisor/group.h"

static const struct plugin_settings *plugin_of(const struct group *g, size_t i)
{
	return &g->env->config->plugins[g->plan->plugins[i]];
}

/* The dump is what the worker says: it is looked into for the version only. */
static void announce(struct group *g, size_t i)
{
	const struct plugin_settings *plugin = plugin_of(g, i);
	const char *dump = g->plugins[i].dump, *version = NULL;
	json_t *json = json_loads(dump, 0, NULL);

	json_unpack(json, "{s:[{s:s}]}", "Plugins", "Version", &version);
	serving_write_dump(g->env->config, plugin, dump);
	serving_tell(g->env->config, plugin, version != NULL ? version : "?");
	json_decref(json);
	g->plugins[i].is_announced = true;
}

void announce_group(struct group *g)
{
	for (size_t i = 0; i < g->plan->plugin_count; i++) {
		if (g->plugins[i].dump != NULL && group_serves(g))
			announce(g, i);
		else
			log_event(LOG_LEVEL_ERR, 0, plugin_of(g, i)->name,
				  "it is not served: its calls fail as on_error says");
	}
}

static const char has_changed[] = "its version, phases, priority or schema has changed, which the "
				  "gateway does not see by itself: run kong reload";

static void say_pending(struct group *g, size_t i, const char *what)
{
	g->plugins[i].pending = what;
	log_event(LOG_LEVEL_WARN, 0, plugin_of(g, i)->name, "%s", what);
}

/* The gateway has read phases, priority and schema when it started, and does not look again. */
static void renew_dump(struct group *g, size_t i)
{
	struct group_plugin *said = &g->plugins[i];
	bool changed = said->dump == NULL || said->next_dump == NULL ||
		       strcmp(said->dump, said->next_dump) != 0;

	if (said->next_dump == NULL)
		return;
	free(said->dump);
	said->dump = said->next_dump;
	said->next_dump = NULL;
	announce(g, i);
	if (changed)
		say_pending(g, i, has_changed);
}

void announce_changes(struct group *g)
{
	for (size_t i = 0; i < g->plan->plugin_count; i++)
		renew_dump(g, i);
}

void announce_again(struct group *g)
{
	for (size_t i = 0; i < g->plan->plugin_count; i++) {
		struct group_plugin *said = &g->plugins[i];

		if (said->dump == NULL || !group_serves(g))
			continue;
		if (said->is_announced) {
			serving_keep_dump(g->env->config, plugin_of(g, i), said->dump,
					  &said->lacks_dump);
			continue;
		}
		announce(g, i);
		say_pending(g, i, has_changed);
	}
}

void announce_new(struct group *g)
{
	announce_group(g);
	for (size_t i = 0; i < g->plan->plugin_count; i++)
		say_pending(g, i,
			    "it is new, which the gateway has to be told of too: add it to "
			    "kong.conf (outrigger kong-conf prints the lines) and run kong "
			    "reload");
}

void announce_retired(const struct group *g)
{
	for (size_t i = 0; i < g->plan->plugin_count; i++)
		log_event(LOG_LEVEL_WARN, 0, plugin_of(g, i)->name,
			  "it is no longer named, and served for %gs more: take it out of "
			  "kong.conf too, and run kong reload",
			  g->env->config->drain_timeout);
}
