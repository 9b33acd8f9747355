#include "server/socket/server_sockets.h"
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/leaving.h"
#include "server/socket/listener.h"

static void on_connection(void *user, int fd, enum listener_verdict verdict)
{
	const struct server_socket *socket = user;
	const struct server_sockets_options *options = &socket->all->options;

	options->on_connection(options->user, fd, socket, verdict);
}

static void on_renewed(void *user)
{
	const struct server_socket *socket = user;
	const struct server_sockets_options *options = &socket->all->options;

	if (options->on_renewed != NULL)
		options->on_renewed(options->user, socket);
}

static bool has_path(const struct server_sockets *sockets, const char *path)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (strcmp(listener_path(sockets->sockets[i].listener), path) == 0)
			return true;
	return false;
}

static bool is_at(const struct config *config, const struct plugin_settings *plugin,
		  const char *path)
{
	char *own = config_socket_path(config, plugin);
	bool same = own != NULL && strcmp(own, path) == 0;

	free(own);
	return same;
}

/* What can't be traced to a plugin fails open only where all plugins of the socket do. */
static enum on_error policy_of(const struct config *config, const char *path)
{
	for (size_t i = 0; i < config->plugin_count; i++)
		if (config->plugins[i].on_error != ON_ERROR_OPEN &&
		    is_at(config, &config->plugins[i], path))
			return ON_ERROR_CLOSED;
	return ON_ERROR_OPEN;
}

/* `options` lack path and user. */
static int add(struct server_sockets *sockets, const char *path, size_t plugin,
	       struct listener_options *options, struct err *err)
{
	struct server_socket *socket = &sockets->sockets[sockets->count];
	int rc;

	*socket = (struct server_socket){
		.all = sockets,
		.plugin = plugin,
		.on_error = policy_of(sockets->options.config, path),
	};
	options->path = path;
	options->user = socket;
	rc = listener_create(sockets->options.reactor, options, &socket->listener, err);
	if (rc == 0)
		sockets->count++;
	return rc;
}

static int add_all(struct server_sockets *sockets, struct listener_options *options,
		   struct err *err)
{
	const struct config *config = sockets->options.config;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < config->plugin_count; i++) {
		char *path = config_socket_path(config, &config->plugins[i]);

		if (path == NULL)
			return err_set(err, E_NOMEM, "no memory for a socket's path");
		if (!has_path(sockets, path))
			rc = add(sockets, path, i, options, err);
		free(path);
	}
	return rc;
}

int server_sockets_init(struct server_sockets *sockets,
			const struct server_sockets_options *options, struct err *err)
{
	const struct config *config = options->config;
	struct listener_options listener = {
		.socket = {.mode = config->socket_mode,
			   .owner = config->socket_owner,
			   .group = config->socket_group,
			   .wait = config->exit_with_parent,
			   .wanted = leaving_has_parent,
			   .outlived = options->outlived},
		.on_connection = on_connection,
		.on_renewed = on_renewed,
	};
	int rc = 0;

	*sockets = (struct server_sockets){.options = *options};
	sockets->sockets = calloc(config->plugin_count, sizeof(*sockets->sockets));
	if (sockets->sockets == NULL)
		return err_set(err, E_NOMEM, "no memory for sockets");
	if (config->allowed_uids != NULL) {
		rc = user_list_init(&sockets->allowed, config->allowed_uids, err);
		listener.allowed = &sockets->allowed;
	}
	if (rc == 0)
		rc = add_all(sockets, &listener, err);
	if (rc != 0)
		server_sockets_fini(sockets);
	return rc;
}

void server_sockets_fini(struct server_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		listener_destroy(sockets->sockets[i].listener);
	free(sockets->sockets);
	user_list_fini(&sockets->allowed);
	*sockets = (struct server_sockets){0};
}

bool server_sockets_check(struct server_sockets *sockets)
{
	bool listens = false;

	for (size_t i = 0; i < sockets->count; i++)
		listens |= listener_check(sockets->sockets[i].listener);
	return listens;
}

void server_sockets_hand_over(struct server_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		listener_hand_over(sockets->sockets[i].listener);
}

bool server_sockets_are_awaited(const struct server_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (listener_is_awaited(sockets->sockets[i].listener))
			return true;
	return false;
}
