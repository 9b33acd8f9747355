#include "server/supervisor/reload.h"
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/config/config_sockets.h"
#include "server/socket/server_sockets.h"
#include "server/supervisor/group_reload.h"

/* ---- which groups there are ---- */

/* That a plugin is so is beyond a reload. */
static int refuse(const struct plugin_settings *plugin, const char *what, struct err *err)
{
	return err_set(err, E_UNSUPPORTED, "plugin '%s' %s", plugin->name, what);
}

static const struct plugin_settings *plugin_of(const struct config *config,
					       const struct plan_group *group, size_t i)
{
	return &config->plugins[group->plugins[i]];
}

static bool is_same_plugin(const struct config *a, const struct plugin_settings *one,
			   const struct config *b, const struct plugin_settings *other)
{
	char *path = config_socket_path(a, one), *other_path = config_socket_path(b, other);
	bool same = path != NULL && other_path != NULL && strcmp(path, other_path) == 0 &&
		    strcmp(one->name, other->name) == 0;

	free(path);
	free(other_path);
	return same;
}

static bool is_same(const struct group *g, const struct config *config,
		    const struct plan_group *group)
{
	const struct config *old = g->env->config;
	bool same = g->plan->plugin_count == group->plugin_count;

	for (size_t i = 0; same && i < group->plugin_count; i++)
		same = is_same_plugin(old, plugin_of(old, g->plan, i), config,
				      plugin_of(config, group, i));
	return same;
}

static struct group *find_same(const struct reload_place *place, const struct config *config,
			       const struct plan_group *group)
{
	for (size_t i = 0; i < place->plan->count; i++)
		if (is_same(place->groups[i], config, group))
			return place->groups[i];
	return NULL;
}

static bool is_served(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->plugin_count; i++)
		if (strcmp(config->plugins[i].name, name) == 0)
			return true;
	return false;
}

/* A new group's sockets must be nobody's. */
static int check_sockets(const struct reload *r, const struct reload_place *place,
			 const struct plan_group *group, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < group->plugin_count; i++) {
		const struct plugin_settings *plugin = plugin_of(r->config, group, i);
		char *path = config_socket_path(r->config, plugin);

		if (path == NULL)
			rc = err_set(err, E_NOMEM, "no memory for a socket's path");
		else if (!server_sockets_have(place->sockets, path))
			rc = 0;
		else if (is_served(place->env->config, plugin->name))
			rc = refuse(plugin,
				    "shares its process with others than before, which a reload "
				    "can't change: start a new server, which takes over from this "
				    "one: run kong reload, or restart the service",
				    err);
		else
			rc = refuse(plugin,
				    "is still served by workers that a reload has left out: try "
				    "again when they are gone",
				    err);
		free(path);
	}
	return rc;
}

bool reload_keeps(const struct reload *r, const struct group *g)
{
	for (size_t i = 0; i < r->plan.count; i++)
		if (r->groups[i] == g)
			return true;
	return false;
}

static int add_group(struct reload *r, size_t i, const struct reload_place *place, struct err *err)
{
	const struct plan_group *plan = &r->plan.groups[i];
	struct group *g;
	int rc = check_sockets(r, place, plan, err);

	if (rc != 0)
		return rc;
	g = r->groups[i] = calloc(1, sizeof(*g));
	if (g == NULL)
		return err_set(err, E_NOMEM, "no memory for workers");
	rc = group_init(g, &r->env, plan, err);
	g->is_new = true;
	return rc;
}

static void drop_group(struct group *g, const struct reload_place *place)
{
	server_sockets_remove(place->sockets, g);
	group_end(g);
	group_fini(g);
	free(g);
}

static int begin_group(struct reload *r, size_t i, const struct reload_place *place,
		       struct err *err)
{
	const struct group_next next = {r->config, &r->plan.groups[i]};

	r->groups[i] = find_same(place, r->config, next.plan);
	if (r->groups[i] != NULL)
		return group_prepare(r->groups[i], &next, err);
	return add_group(r, i, place, err);
}

int reload_listen(const struct reload *r, const struct reload_place *place, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < r->plan.count; i++) {
		struct group *g = r->groups[i];

		for (size_t k = 0; rc == 0 && g->is_new && k < g->plan->plugin_count; k++) {
			struct server_socket *socket;

			rc = server_sockets_add(place->sockets, r->config, g->plan->plugins[k],
						&socket, err);
			if (rc != 0 || socket->owner == g)
				continue;
			socket->owner = g;
			rc = group_listen(g, socket);
		}
	}
	return rc;
}

/* ---- how it goes ---- */

static void drop(struct reload *r)
{
	free(r->groups);
	plan_fini(&r->plan);
	config_fini(r->config);
	free(r->config);
	*r = (struct reload){.again = r->again};
}

void reload_cancel(struct reload *r, const struct reload_place *place)
{
	for (size_t i = 0; i < place->plan->count; i++)
		group_stay(place->groups[i]);
	for (size_t i = 0; r->groups != NULL && i < r->plan.count; i++)
		if (r->groups[i] != NULL && r->groups[i]->is_new)
			drop_group(r->groups[i], place);
	drop(r);
}

static int start_group(struct group *g, struct err *err)
{
	if (!g->is_new)
		return 0;
	group_start(g);
	return group_has_failed(g) ? err_set(err, E_IO, "%s", g->failure.text) : 0;
}

int reload_begin(struct reload *r, const struct reload_place *place, struct config *config,
		 struct err *err)
{
	int rc;

	*r = (struct reload){.runs = true, .config = config, .env = *place->env};
	r->env.config = config;
	rc = config_need_plugins(config, err);
	if (rc == 0)
		rc = config_sockets_need_trust(config, err);
	if (rc == 0)
		rc = plan_init(&r->plan, config, err);
	if (rc == 0) {
		r->groups = calloc(r->plan.count + 1, sizeof(struct group *));
		rc = r->groups != NULL ? 0 : err_set(err, E_NOMEM, "no memory for workers");
	}
	for (size_t i = 0; rc == 0 && i < r->plan.count; i++)
		rc = begin_group(r, i, place, err);
	for (size_t i = 0; rc == 0 && i < r->plan.count; i++)
		rc = start_group(r->groups[i], err);
	if (rc != 0)
		reload_cancel(r, place);
	return rc;
}

bool reload_is_settled(const struct reload *r)
{
	for (size_t i = 0; r->runs && i < r->plan.count; i++) {
		const struct group *g = r->groups[i];

		if (g->is_new ? !group_is_settled(g) : !group_is_prepared(g))
			return false;
	}
	return r->runs;
}

int reload_refusal(const struct reload *r, struct err *err)
{
	for (size_t i = 0; i < r->plan.count; i++) {
		const struct group *g = r->groups[i];

		if (g->is_new ? group_has_failed(g) : group_is_refused(g))
			return err_set(err, E_PLUGIN, "%s: %s", g->plan->name, g->failure.text);
	}
	return 0;
}
