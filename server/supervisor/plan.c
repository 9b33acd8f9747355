#include "server/supervisor/plan.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/config/config.h"

static bool share_socket(const struct config *config, size_t a, size_t b)
{
	char *one = config_socket_path(config, &config->plugins[a]);
	char *other = config_socket_path(config, &config->plugins[b]);
	bool same = one != NULL && other != NULL && strcmp(one, other) == 0;

	free(one);
	free(other);
	return same;
}

static bool share_process(const struct config *config, size_t a, size_t b)
{
	const char *one = config->plugins[a].process;
	const char *other = config->plugins[b].process;

	return one != NULL && other != NULL && strcmp(one, other) == 0;
}

/* Plugins that belong together, be it through others, get the number of the first of them. */
static void join(size_t *first, size_t count, size_t a, size_t b)
{
	size_t low = first[a] < first[b] ? first[a] : first[b];
	size_t high = first[a] < first[b] ? first[b] : first[a];

	for (size_t i = 0; i < count; i++)
		if (first[i] == high)
			first[i] = low;
}

static void find_firsts(const struct config *config, size_t *first)
{
	for (size_t i = 0; i < config->plugin_count; i++) {
		first[i] = i;
		for (size_t j = 0; j < i; j++)
			if (first[j] != first[i] &&
			    (share_process(config, i, j) || share_socket(config, i, j)))
				join(first, i + 1, i, j);
	}
}

static void add(struct plan_group *group, const struct config *config, size_t plugin)
{
	const struct plugin_settings *settings = &config->plugins[plugin];

	if (group->name == NULL)
		group->name = settings->process != NULL ? settings->process : settings->name;
	if (settings->workers > group->workers)
		group->workers = settings->workers;
	group->plugins[group->plugin_count++] = plugin;
}

/* In the order of the plugins; `group_of` holds firsts, and gets groups. */
static int make_groups(struct plan *plan, const struct config *config)
{
	for (size_t i = 0; i < config->plugin_count; i++) {
		struct plan_group *group;

		if (plan->group_of[i] == i) {
			group = &plan->groups[plan->count];
			group->plugins = calloc(config->plugin_count, sizeof(size_t));
			if (group->plugins == NULL)
				return -E_NOMEM;
			plan->group_of[i] = plan->count++;
		} else {
			plan->group_of[i] = plan->group_of[plan->group_of[i]];
		}
		add(&plan->groups[plan->group_of[i]], config, i);
	}
	return 0;
}

int plan_init(struct plan *plan, const struct config *config, struct err *err)
{
	int rc = -E_NOMEM;

	*plan = (struct plan){
		.groups = calloc(config->plugin_count + 1, sizeof(*plan->groups)),
		.group_of = calloc(config->plugin_count + 1, sizeof(*plan->group_of)),
	};
	if (plan->groups != NULL && plan->group_of != NULL) {
		find_firsts(config, plan->group_of);
		rc = make_groups(plan, config);
	}
	if (rc == 0)
		return 0;
	plan_fini(plan);
	return err_set(err, E_NOMEM, "no memory for groups of plugins");
}

void plan_fini(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		free(plan->groups[i].plugins);
	free(plan->groups);
	free(plan->group_of);
	*plan = (struct plan){0};
}
