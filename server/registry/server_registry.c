#include "server/registry/server_registry.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/config/config.h"

static bool has_path(const struct server_registry *s, const char *path)
{
	for (size_t i = 0; i < s->options.count; i++)
		if (s->paths[i] != NULL && strcmp(s->paths[i], path) == 0)
			return true;
	return false;
}

static int list_paths(struct server_registry *s, const struct server_registry_options *options)
{
	const struct config *config = options->config;
	size_t count = options->plugins != NULL ? options->count : config->plugin_count;

	s->paths = calloc(count + 1, sizeof(*s->paths));
	if (s->paths == NULL)
		return -E_NOMEM;
	s->options.paths = (const char *const *)s->paths;
	for (size_t i = 0; i < count; i++) {
		size_t plugin = options->plugins != NULL ? options->plugins[i] : i;
		char *path = config_socket_path(config, &config->plugins[plugin]);

		if (path == NULL)
			return -E_NOMEM;
		if (has_path(s, path))
			free(path);
		else
			s->paths[s->options.count++] = path;
	}
	return 0;
}

int server_registry_init(struct server_registry *s, const struct server_registry_options *options,
			 struct err *err)
{
	*s = (struct server_registry){
		.options = {.generation = options->generation,
			    .processes = options->processes,
			    .on_predecessor = options->on_predecessor,
			    .on_successor = options->on_successor,
			    .on_shared = options->on_shared,
			    .shared_fd = options->shared_fd,
			    .user = options->user,
			    .registry = {.max = options->config->max_instances,
					 .row_idle = REGISTRY_ROW_IDLE}},
	};
	if (list_paths(s, options) != 0)
		return err_set(err, E_NOMEM, "no memory for the registry of instances");
	return registry_take(&s->options, &s->registry, err);
}

void server_registry_offer(struct server_registry *s, struct reactor *reactor)
{
	registry_offer(&s->offers, reactor, registry_fd(s->registry), &s->options);
}

void server_registry_fini(struct server_registry *s)
{
	registry_offers_fini(&s->offers);
	registry_close(s->registry);
	for (size_t i = 0; i < s->options.count; i++)
		free(s->paths[i]);
	free(s->paths);
	*s = (struct server_registry){0};
}
