#include "server/supervisor/reload.h"
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/supervisor/group_reload.h"

/* That a plugin is so is beyond a reload. */
static int refuse(const struct plugin_settings *plugin, const char *what, struct err *err)
{
	return err_set(err, E_UNSUPPORTED,
		       "plugin '%s' %s, which the gateway has to be told of too: change kong.conf "
		       "(outrigger kong-conf prints the lines) and start a new server, which takes "
		       "over from this one: run kong reload, or restart the service",
		       plugin->name, what);
}

static const struct plugin_settings *find_plugin(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->plugin_count; i++)
		if (strcmp(config->plugins[i].name, name) == 0)
			return &config->plugins[i];
	return NULL;
}

/* One of `a` that `b` lacks; NULL = there is none. */
static const struct plugin_settings *find_missing(const struct config *a, const struct config *b)
{
	for (size_t i = 0; i < a->plugin_count; i++)
		if (find_plugin(b, a->plugins[i].name) == NULL)
			return &a->plugins[i];
	return NULL;
}

static bool same_socket(const struct config *a, const struct config *b, size_t i)
{
	char *one = config_socket_path(a, &a->plugins[i]);
	char *other = config_socket_path(b, &b->plugins[i]);
	bool same = one != NULL && other != NULL && strcmp(one, other) == 0;

	free(one);
	free(other);
	return same;
}

static int compare_plugins(const struct config *old, const struct config *new, struct err *err)
{
	const struct plugin_settings *added = find_missing(new, old);
	const struct plugin_settings *gone = find_missing(old, new);

	if (added != NULL)
		return refuse(added, "is new", err);
	if (gone != NULL)
		return refuse(gone, "is no longer named", err);
	for (size_t i = 0; i < old->plugin_count; i++) {
		if (strcmp(old->plugins[i].name, new->plugins[i].name) != 0)
			return refuse(&new->plugins[i], "has another place in the list", err);
		if (!same_socket(old, new, i))
			return refuse(&new->plugins[i], "has another socket", err);
	}
	return 0;
}

static int compare(const struct reload *r, const struct reload_place *place, struct err *err)
{
	int rc = compare_plugins(place->config, r->config, err);

	for (size_t i = 0; rc == 0 && i < r->config->plugin_count; i++)
		if (place->plan->group_of[i] != r->plan.group_of[i])
			rc = refuse(&r->config->plugins[i], "shares its process with others", err);
	return rc;
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
	for (size_t i = 0; rc == 0 && i < place->plan->count; i++) {
		const struct group_next next = {config, &r->plan.groups[i]};

		rc = group_prepare(&place->groups[i], &next, err);
	}
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
