#include "server/server.h"
#include <stdlib.h>
#include <unistd.h>
#include "plugins/shared/dict_set.h"
#include "protocol/err.h"
#include "server/admin/admin.h"
#include "server/command/dump.h"
#include "server/config/config_dicts.h"
#include "server/confine/confine.h"
#include "server/leaving.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/registry/ids_file.h"
#include "server/registry/server_registry.h"
#include "server/remote/programs.h"
#include "server/server_status.h"
#include "server/serving.h"
#include "server/socket/listener.h"
#include "server/socket/server_sockets.h"
#include "server/worker.h"
#include "server/worker_adopt.h"

struct server {
	const struct config *config;
	struct reactor *reactor;
	struct ids_file ids;
	struct server_registry registry;
	struct dict_set dicts;
	struct programs programs;
	struct worker *worker;
	struct server_sockets sockets;
	struct admin *admin; /* NULL = none */
	struct leaving leaving;
	bool lacks_dump; /* one that has vanished can't be written again */
};

static size_t count_connections(void *user)
{
	return worker_connections(((const struct server *)user)->worker);
}

static size_t count_events(void *user)
{
	return worker_events(((const struct server *)user)->worker);
}

static void leave(void *user)
{
	worker_leave(((struct server *)user)->worker);
}

static bool is_busy(void *user)
{
	return worker_is_busy(((const struct server *)user)->worker);
}

static void retire(void *user)
{
	worker_retire(((struct server *)user)->worker);
}

/* What the gateway is told of it; owned. NULL is said in the log. */
static char *dump_of(const struct served *served)
{
	const struct plugin *plugin = served->plugin;
	const struct dump dump = {served->worker->config, &plugin, 1};
	struct err err = {""};
	char *text = NULL;
	int rc = dump_text(&dump, &text, &err);

	if (rc == 0)
		return text;
	log_event(LOG_LEVEL_WARN, 0, plugin->name, "no dump beside the socket: %s",
		  err_message(&err, rc));
	return NULL;
}

static void announce(const struct served *served)
{
	const struct config *config = served->worker->config;
	char *text = dump_of(served);

	if (text != NULL)
		serving_write_dump(config, served->settings, text);
	free(text);
	serving_tell(config, served->settings, served->plugin->info.version);
}

static void keep_dump(struct server *server, const struct served *served)
{
	char *text = NULL;

	if (serving_lacks_dump(server->config, served->settings))
		text = dump_of(served);
	if (text != NULL)
		serving_keep_dump(server->config, served->settings, text, &server->lacks_dump);
	free(text);
}

static void check(void *user, bool superseded)
{
	struct server *server = user;

	if (superseded) {
		admin_destroy(server->admin);
		server->admin = NULL;
	} else {
		registry_offers_check(&server->registry.offers);
		for (size_t i = 0; i < server->worker->served_count; i++)
			keep_dump(server, &server->worker->served[i]);
	}
	admin_check(server->admin);
}

static void reopen_log(void *user)
{
	(void)user;
	log_reopen();
}

static void on_connection(void *user, int fd, const struct server_socket *socket,
			  enum listener_verdict verdict)
{
	struct server *server = user;

	worker_adopt(server->worker, fd, socket->on_error,
		     verdict == LISTENER_WELCOME ? WORKER_SERVE : WORKER_REFUSE);
}

static int take_registry(struct server *server, struct err *err)
{
	const struct server_registry_options options = {.config = server->config,
							.generation = server->ids.generation};

	return server_registry_init(&server->registry, &options, err);
}

static int start_worker(struct server *server, struct err *err)
{
	const struct worker_options options = {
		.reactor = server->reactor,
		.config = server->config,
		.registry = server->registry.registry,
		.dicts = &server->dicts,
		.programs = &server->programs,
		.reserve_instances = ids_file_reserve_instances,
		.reserve_events = ids_file_reserve_events,
		.user = &server->ids,
	};

	int rc = config_dicts_open(server->config, -1, &server->dicts, err);

	if (rc == 0)
		rc = programs_start(server->config, &server->programs, err);
	if (rc == 0)
		rc = worker_create(&options, &server->worker, err);
	programs_fini(&server->programs); /* the plugins have taken what they need */
	return rc;
}

static int begin(struct server *server, struct err *err)
{
	const struct config *config = server->config;
	struct server_sockets_options sockets = {
		.config = config, .on_connection = on_connection, .user = server};
	int rc;

	server->reactor = sockets.reactor = reactor_create();
	if (server->reactor == NULL)
		return err_set(err, E_NOMEM, "no memory for the loop");
	serving_raise_limit(config);
	leaving_hold_signals();
	rc = serving_open_ids(config, &server->ids, err);
	if (rc == 0)
		rc = take_registry(server, err);
	if (rc == 0)
		rc = start_worker(server, err);
	if (rc == 0)
		rc = server_sockets_init(&server->sockets, &sockets, err);
	server->leaving = (struct leaving){
		.config = config,
		.reactor = server->reactor,
		.sockets = &server->sockets,
		.ops = {.connections = count_connections,
			.events = count_events,
			.leave = leave,
			.is_busy = is_busy,
			.retire = retire,
			.reopen_log = reopen_log,
			.check = check},
		.user = server,
	};
	if (rc == 0)
		rc = leaving_init(&server->leaving, err);
	if (rc == 0) {
		server_registry_offer(&server->registry, server->reactor);
		rc = server_status_create(server->reactor, server->worker, &server->admin, err);
	}
	for (size_t i = 0; rc == 0 && i < server->worker->served_count; i++)
		announce(&server->worker->served[i]);
	return rc;
}

static void end(struct server *server)
{
	admin_destroy(server->admin);
	server_sockets_fini(&server->sockets);
	worker_destroy(server->worker);
	dict_set_fini(&server->dicts);
	server_registry_fini(&server->registry);
	leaving_fini(&server->leaving);
	ids_file_fini(&server->ids);
	reactor_destroy(server->reactor);
}

int server_run(const struct config *config, struct err *err)
{
	struct server server = {.config = config};
	int rc = serving_open(config, err);

	if (rc != 0)
		return rc;
	rc = confine_single(config, err);
	if (rc == 0)
		rc = begin(&server, err);
	if (rc == 0)
		reactor_run(server.reactor);
	end(&server);
	serving_close(config, rc, err);
	return rc;
}
