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

static struct server_socket *find(const struct server_sockets *sockets, const char *path)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (strcmp(listener_path(sockets->sockets[i]->listener), path) == 0)
			return sockets->sockets[i];
	return NULL;
}

bool server_sockets_have(const struct server_sockets *sockets, const char *path)
{
	return find(sockets, path) != NULL;
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

static struct listener_options listener_options(const struct server_sockets *sockets,
						const struct config *config, const char *path)
{
	return (struct listener_options){
		.path = path,
		.socket = {.mode = config->socket_mode,
			   .owner = config->socket_owner,
			   .group = config->socket_group,
			   .wanted = leaving_has_parent,
			   .outlived = sockets->options.outlived},
		.allowed = config->allowed_uids != NULL ? &sockets->allowed : NULL,
		.on_connection = on_connection,
		.on_renewed = on_renewed,
	};
}

static struct server_socket *make_place(struct server_sockets *sockets)
{
	struct server_socket **more =
		reallocarray(sockets->sockets, sockets->count + 1, sizeof(struct server_socket *));

	if (more == NULL)
		return NULL;
	sockets->sockets = more;
	return more[sockets->count] = calloc(1, sizeof(struct server_socket));
}

/* `options` lack the user. */
static int add(struct server_sockets *sockets, const struct server_socket *which,
	       struct listener_options *options, struct err *err)
{
	struct server_socket *socket = make_place(sockets);
	int rc;

	if (socket == NULL)
		return err_set(err, E_NOMEM, "no memory for sockets");
	*socket = *which;
	options->user = socket;
	rc = listener_create(sockets->options.reactor, options, &socket->listener, err);
	if (rc == 0)
		sockets->count++;
	else
		free(socket);
	return rc;
}

/* `waits` for an owner that has not left yet. */
static int add_plugin(struct server_sockets *sockets, const struct config *config, size_t plugin,
		      bool waits, struct err *err)
{
	char *path = config_socket_path(config, &config->plugins[plugin]);
	struct listener_options options = listener_options(sockets, config, path);
	int rc = 0;

	if (path == NULL)
		return err_set(err, E_NOMEM, "no memory for a socket's path");
	options.socket.wait = waits;
	if (!server_sockets_have(sockets, path))
		rc = add(sockets,
			 &(struct server_socket){.all = sockets,
						 .plugin = plugin,
						 .on_error = policy_of(config, path)},
			 &options, err);
	free(path);
	return rc;
}

int server_sockets_add(struct server_sockets *sockets, const struct config *config, size_t plugin,
		       struct server_socket **ret_socket, struct err *err)
{
	char *path = config_socket_path(config, &config->plugins[plugin]);
	int rc = path != NULL ? add_plugin(sockets, config, plugin, false, err) : -E_NOMEM;

	if (rc == 0)
		*ret_socket = find(sockets, path);
	free(path);
	return rc;
}

static void destroy(struct server_socket *socket)
{
	listener_destroy(socket->listener);
	free(socket);
}

void server_sockets_remove(struct server_sockets *sockets, const void *owner)
{
	size_t kept = 0;

	for (size_t i = 0; i < sockets->count; i++) {
		struct server_socket *socket = sockets->sockets[i];

		if (socket->owner != owner) {
			sockets->sockets[kept++] = socket;
			continue;
		}
		listener_accept_all(socket->listener);
		destroy(socket);
	}
	sockets->count = kept;
}

void server_sockets_configure(struct server_sockets *sockets, const struct config *config)
{
	sockets->options.config = config;
	for (size_t i = 0; i < sockets->count; i++) {
		struct server_socket *socket = sockets->sockets[i];

		socket->on_error = policy_of(config, listener_path(socket->listener));
	}
}

int server_sockets_init(struct server_sockets *sockets,
			const struct server_sockets_options *options, struct err *err)
{
	const struct config *config = options->config;
	int rc = 0;

	*sockets = (struct server_sockets){.options = *options};
	if (config->allowed_uids != NULL)
		rc = user_list_init(&sockets->allowed, config->allowed_uids, err);
	if (rc != 0)
		err_prefix(err, rc, "allowed_uids");
	for (size_t i = 0; rc == 0 && i < config->plugin_count; i++)
		rc = add_plugin(sockets, config, i, config->exit_with_parent, err);
	if (rc != 0)
		server_sockets_fini(sockets);
	return rc;
}

void server_sockets_fini(struct server_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		destroy(sockets->sockets[i]);
	free(sockets->sockets);
	user_list_fini(&sockets->allowed);
	*sockets = (struct server_sockets){0};
}

bool server_sockets_check(struct server_sockets *sockets)
{
	bool listens = false;

	for (size_t i = 0; i < sockets->count; i++)
		listens |= listener_check(sockets->sockets[i]->listener);
	return listens;
}

void server_sockets_hand_over(struct server_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		listener_hand_over(sockets->sockets[i]->listener);
}

bool server_sockets_are_awaited(const struct server_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (listener_is_awaited(sockets->sockets[i]->listener))
			return true;
	return false;
}
