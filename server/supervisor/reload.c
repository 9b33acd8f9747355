#include "server/supervisor/reload.h"
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/supervisor/group_reload.h"

static bool same_socket(const struct config *a, const struct config *b, size_t i)
{
	char *one = config_socket_path(a, &a->plugins[i]);
	char *other = config_socket_path(b, &b->plugins[i]);
	bool same = one != NULL && other != NULL && strcmp(one, other) == 0;

	free(one);
	free(other);
	return same;
}

static bool same_plugins(const struct config *a, const struct config *b)
{
	if (a->plugin_count != b->plugin_count)
		return false;
	for (size_t i = 0; i < a->plugin_count; i++)
		if (strcmp(a->plugins[i].name, b->plugins[i].name) != 0 || !same_socket(a, b, i))
			return false;
	return true;
}

static bool same_groups(const struct plan *a, const struct plan *b, size_t plugins)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < plugins; i++)
		if (a->group_of[i] != b->group_of[i])
			return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->groups[i].workers != b->groups[i].workers)
			return false;
	return true;
}

static int compare(const struct reload *r, const struct reload_place *place, struct err *err)
{
	if (same_plugins(place->config, r->config) &&
	    same_groups(place->plan, &r->plan, r->config->plugin_count))
		return 0;
	return err_set(err, E_UNSUPPORTED,
		       "other plugins, sockets, processes or numbers of workers need a new start");
}

static void drop(struct reload *r)
{
	plan_fini(&r->plan);
	config_fini(r->config);
	free(r->config);
	*r = (struct reload){.again = r->again};
}

void reload_cancel(struct reload *r, const struct reload_place *place)
{
	for (size_t i = 0; i < place->plan->count; i++)
		group_stay(&place->groups[i]);
	drop(r);
}

int reload_begin(struct reload *r, const struct reload_place *place, struct config *config,
		 struct err *err)
{
	int rc;

	*r = (struct reload){.runs = true, .config = config};
	rc = config_need_plugins(config, err);
	if (rc == 0)
		rc = plan_init(&r->plan, config, err);
	if (rc == 0)
		rc = compare(r, place, err);
	for (size_t i = 0; rc == 0 && i < place->plan->count; i++)
		rc = group_prepare(&place->groups[i], config, err);
	if (rc != 0)
		reload_cancel(r, place);
	return rc;
}

bool reload_is_settled(const struct reload *r, const struct reload_place *place)
{
	for (size_t i = 0; r->runs && i < place->plan->count; i++)
		if (!group_is_prepared(&place->groups[i]))
			return false;
	return r->runs;
}

int reload_refusal(const struct reload *r, const struct reload_place *place, struct err *err)
{
	(void)r;
	for (size_t i = 0; i < place->plan->count; i++) {
		const struct group *g = &place->groups[i];

		if (!group_is_refused(g))
			continue;
		return err_set(err, E_PLUGIN, "%s: %s", g->plan->name, g->failure.text);
	}
	return 0;
}
