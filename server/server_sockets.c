#include "server/server_sockets.h"
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/listener.h"
#include "server/worker.h"

static void on_connection(void *user, int fd, int tag, enum listener_verdict verdict)
{
	const struct server_sockets *sockets = user;

	worker_adopt(sockets->worker, fd, (enum on_error)tag,
		     verdict == LISTENER_WELCOME ? WORKER_SERVE : WORKER_REFUSE);
}

static bool has_path(const struct server_sockets *sockets, const char *path)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (strcmp(listener_path(sockets->listeners[i]), path) == 0)
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

static int add(struct server_sockets *sockets, const char *path, struct reactor *reactor,
	       struct listener_options *options, struct err *err)
{
	int rc;

	options->path = path;
	rc = listener_create(reactor, options, &sockets->listeners[sockets->count], err);
	if (rc == 0)
		sockets->count++;
	return rc;
}

static int add_all(struct server_sockets *sockets, const struct config *config,
		   struct reactor *reactor, struct listener_options *options, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < config->plugin_count; i++) {
		char *path = config_socket_path(config, &config->plugins[i]);

		if (path == NULL)
			return err_set(err, E_NOMEM, "no memory for a socket's path");
		options->tag = (int)policy_of(config, path);
		if (!has_path(sockets, path))
			rc = add(sockets, path, reactor, options, err);
		free(path);
	}
	return rc;
}

int server_sockets_init(struct server_sockets *sockets, const struct config *config,
			struct reactor *reactor, struct worker *worker, bool (*wanted)(void),
			struct err *err)
{
	struct listener_options options = {
		.socket = {.mode = config->socket_mode,
			   .owner = config->socket_owner,
			   .group = config->socket_group,
			   .wait = config->exit_with_parent,
			   .wanted = wanted},
		.on_connection = on_connection,
		.user = sockets,
	};
	int rc = 0;

	*sockets = (struct server_sockets){.worker = worker};
	sockets->listeners = calloc(config->plugin_count, sizeof(struct listener *));
	if (sockets->listeners == NULL)
		return err_set(err, E_NOMEM, "no memory for sockets");
	if (config->allowed_uids != NULL) {
		rc = user_list_init(&sockets->allowed, config->allowed_uids, err);
		options.allowed = &sockets->allowed;
	}
	if (rc == 0)
		rc = add_all(sockets, config, reactor, &options, err);
	if (rc != 0)
		server_sockets_fini(sockets);
	return rc;
}

void server_sockets_fini(struct server_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		listener_destroy(sockets->listeners[i]);
	free(sockets->listeners);
	user_list_fini(&sockets->allowed);
	*sockets = (struct server_sockets){0};
}

bool server_sockets_check(struct server_sockets *sockets)
{
	bool listens = false;

	for (size_t i = 0; i < sockets->count; i++)
		listens |= listener_check(sockets->listeners[i]);
	return listens;
}

void server_sockets_hand_over(struct server_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		listener_hand_over(sockets->listeners[i]);
}

bool server_sockets_are_awaited(const struct server_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (listener_is_awaited(sockets->listeners[i]))
			return true;
	return false;
}
