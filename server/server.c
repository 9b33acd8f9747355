#include "server/server.h"
#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/admin/admin.h"
#include "server/dump.h"
#include "server/file.h"
#include "server/ids_file.h"
#include "server/log.h"
#include "server/process.h"
#include "server/reactor.h"
#include "server/server_registry.h"
#include "server/server_sockets.h"
#include "server/server_status.h"
#include "server/worker.h"

#define TICK 1.0          /* seconds between two looks at sockets and parent */
#define LEAVING_TICK 0.02 /* the same while we only wait for the end */
#define ORPHAN_IDLE 30.0  /* seconds without a connection after which an orphan leaves */
#define PARTING 1.0       /* seconds in which a parent that told us to leave is expected to end */
#define SIGNALS 4
#define SPARE_DESCRIPTORS 64 /* that are no connections */

enum stage {
	STAGE_SERVING,
	STAGE_PARTING,  /* told to leave, perhaps because our parent leaves and its gateway stays */
	STAGE_ORPHANED, /* who started us is gone: others of its kind may need us still */
	STAGE_LEAVING,  /* running events get to end */
};

struct server {
	const struct config *config;
	struct reactor *reactor;
	struct ids_file ids;
	struct server_registry registry;
	struct worker *worker;
	struct server_sockets sockets;
	struct admin *admin; /* NULL = none */
	struct reactor_timer *tick;
	struct reactor_signal *signals[SIGNALS];
	enum stage stage;
	bool superseded;     /* a successor serves all sockets */
	double leave_at;     /* PARTING, LEAVING: at the latest */
	double connected_at; /* ORPHANED: when there was last a connection */
};

static pid_t parent;
static long gateway; /* the parent's: nginx' master, where a worker started us; 0 = unknown */

static bool has_parent(void)
{
	return getppid() == parent;
}

/* ---- leaving ---- */

static void leave(struct server *server, const char *why)
{
	log_line(LOG_LEVEL_NOTICE, "leaving: %s", why);
	server_sockets_hand_over(&server->sockets);
	server->stage = STAGE_LEAVING;
	server->leave_at = reactor_now() + server->config->drain_timeout;
	reactor_timer_start(server->tick, LEAVING_TICK, 1);
}

static void orphan(struct server *server)
{
	log_line(LOG_LEVEL_NOTICE, "the process that started us is gone: serving until nobody is "
				   "connected, or a successor takes over");
	server_sockets_hand_over(&server->sockets);
	server->stage = STAGE_ORPHANED;
	server->connected_at = reactor_now();
	reactor_timer_start(server->tick, LEAVING_TICK, 1);
}

static void check_orphan(struct server *server, double now)
{
	if (server->superseded)
		leave(server, "a successor serves all sockets");
	else if (worker_connections(server->worker) > 0)
		server->connected_at = now;
	else if (!process_is_alive(gateway) || now - server->connected_at > ORPHAN_IDLE)
		leave(server, "nobody is connected any more");
}

/* A gateway that reloads starts our successor and has us told to leave when it may not serve yet: to leave
 * then would be a gap, in which the gateway lets requests through. So we wait for our parent's end, and are
 * an orphan from then on. A parent that stays has no successor for us: somebody else wants us to leave. */
static void part(struct server *server)
{
	server_sockets_hand_over(&server->sockets);
	server->stage = STAGE_PARTING;
	server->leave_at = reactor_now() + PARTING;
	reactor_timer_start(server->tick, LEAVING_TICK, 1);
}

static void check_parting(struct server *server, double now)
{
	if (!has_parent())
		orphan(server);
	else if (server->superseded || now >= server->leave_at)
		leave(server, strsignal(SIGTERM));
}

/* Accepts what is left where a successor listens now. True when that is new. */
static bool check_sockets(struct server *server)
{
	bool before = server->superseded;

	server->superseded = !server_sockets_check(&server->sockets);
	if (server->superseded) {
		admin_destroy(server->admin);
		server->admin = NULL;
	} else {
		registry_offers_check(&server->registry.offers);
	}
	if (server->admin != NULL)
		admin_check(server->admin);
	return server->superseded && !before;
}

/* An event without any connection has no gateway that could go on with it. Where there is a successor, the
 * gateway is asked to close our connections, and waited for. Whether a successor is on its way is asked
 * before whether it is there, or one that arrives in between would not be seen; and who was let in last
 * gets a turn. */
static void check_leaving(struct server *server, double now)
{
	bool is_awaited = server_sockets_are_awaited(&server->sockets);
	bool is_busy =
		check_sockets(server) || is_awaited ||
		(worker_events(server->worker) > 0 && worker_connections(server->worker) > 0);

	if (server->superseded) {
		worker_retire(server->worker);
		is_busy = is_busy || worker_connections(server->worker) > 0;
	}
	if (!is_busy || now >= server->leave_at)
		reactor_stop(server->reactor);
}

static void on_tick(void *user)
{
	struct server *server = user;
	double now = reactor_now();

	if (server->stage == STAGE_LEAVING) {
		check_leaving(server, now);
		return;
	}
	check_sockets(server);
	if (server->stage == STAGE_SERVING && server->config->exit_with_parent && !has_parent())
		orphan(server);
	else if (server->stage == STAGE_PARTING)
		check_parting(server, now);
	else if (server->stage == STAGE_ORPHANED)
		check_orphan(server, now);
}

static void on_signal(void *user, int signum)
{
	struct server *server = user;

	if (signum == SIGUSR1) {
		log_reopen();
	} else if (server->stage == STAGE_LEAVING) {
		log_line(LOG_LEVEL_NOTICE, "a second signal: leaving at once");
		reactor_stop(server->reactor);
	} else if (signum == SIGTERM && server->stage == STAGE_SERVING && gateway > 0) {
		part(server);
	} else {
		leave(server, strsignal(signum));
		check_leaving(server, reactor_now());
	}
}

/* ---- the beginning ---- */

/* Who sees the socket may send SIGUSR1, which by default would end us: it is held until it is watched.
 * `how` is SIG_BLOCK or SIG_UNBLOCK. */
static void hold_log_signal(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(how, &set, NULL);
}

static int watch_signals(struct server *server)
{
	static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < SIGNALS; i++) {
		server->signals[i] =
			reactor_signal_create(server->reactor, numbers[i], on_signal, server);
		if (server->signals[i] == NULL)
			return -E_NOMEM;
	}
	return 0;
}

/* Each connection is a descriptor. */
static void raise_limit(const struct config *config)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < config->max_connections + SPARE_DESCRIPTORS)
		log_line(LOG_LEVEL_WARN,
			 "the limit of open files (%llu) is too low for max_connections (%zu)",
			 (unsigned long long)limit.rlim_max, config->max_connections);
}

/* Where the first socket is: what is written there must be writable anyhow. */
static int open_ids(struct server *server, struct err *err)
{
	char *path = config_socket_path(server->config, &server->config->plugins[0]);
	int rc;

	if (path == NULL)
		return err_set(err, E_NOMEM, "no memory for a socket's path");
	rc = ids_file_init(&server->ids, dirname(path), err);
	free(path);
	return rc;
}

static int start_worker(struct server *server, struct err *err)
{
	const struct worker_options options = {
		.reactor = server->reactor,
		.config = server->config,
		.registry = server->registry.registry,
		.reserve_instances = ids_file_reserve_instances,
		.reserve_events = ids_file_reserve_events,
		.user = &server->ids,
	};

	return worker_create(&options, &server->worker, err);
}

/* The gateway's query_cmd may be `cat` of this file. To serve without it is better than not at all. */
static void write_dump(const struct server *server, const struct served *served)
{
	char *path = config_socket_path(server->config, served->settings);
	struct err err = {""};
	int rc = path != NULL ? dump_write_file(served->worker->config, served->plugin,
						dirname(path), &err)
			      : -E_NOMEM;

	if (rc != 0)
		log_event(LOG_LEVEL_WARN, 0, served->plugin->name, "no dump beside the socket: %s",
			  err_message(&err, rc));
	free(path);
}

static void tell(const struct server *server, const struct served *served)
{
	char *path = config_socket_path(server->config, served->settings);

	log_event(LOG_LEVEL_NOTICE, 0, served->plugin->name, "version %s is served on %s",
		  served->plugin->info.version, path != NULL ? path : "its socket");
	free(path);
}

static int begin(struct server *server, struct err *err)
{
	const struct config *config = server->config;
	int rc;

	server->reactor = reactor_create();
	if (server->reactor != NULL)
		server->tick = reactor_timer_create(server->reactor, on_tick, server);
	if (server->tick == NULL)
		return err_set(err, E_NOMEM, "no memory for the loop");
	raise_limit(config);
	hold_log_signal(SIG_BLOCK);
	rc = open_ids(server, err);
	if (rc == 0)
		rc = server_registry_init(&server->registry, config, server->ids.generation, err);
	if (rc == 0)
		rc = start_worker(server, err);
	if (rc == 0)
		rc = server_sockets_init(&server->sockets, config, server->reactor, server->worker,
					 has_parent, err);
	if (rc == 0)
		rc = watch_signals(server);
	hold_log_signal(SIG_UNBLOCK);
	if (rc != 0)
		return rc;
	server_registry_offer(&server->registry, server->reactor);
	server->admin = server_status_create(server->reactor, server->worker);
	for (size_t i = 0; i < server->worker->served_count; i++) {
		write_dump(server, &server->worker->served[i]);
		tell(server, &server->worker->served[i]);
	}
	reactor_timer_start(server->tick, TICK, 1);
	return 0;
}

static void end(struct server *server)
{
	admin_destroy(server->admin);
	server_sockets_fini(&server->sockets);
	worker_destroy(server->worker);
	server_registry_fini(&server->registry);
	for (size_t i = 0; i < SIGNALS; i++)
		reactor_signal_destroy(server->signals[i]);
	reactor_timer_destroy(server->tick);
	ids_file_fini(&server->ids);
	reactor_destroy(server->reactor);
}

int server_run(const struct config *config, struct err *err)
{
	struct server server = {.config = config};
	int rc;

	parent = getppid();
	if (config->exit_with_parent)
		gateway = process_parent(parent);
	rc = file_open_standard(err);
	if (rc == 0)
		rc = log_open(config->log, config->log_level, err);
	if (rc != 0)
		return rc;
	rc = begin(&server, err);
	if (rc == 0)
		reactor_run(server.reactor);
	else if (strcmp(config->log, "stderr") != 0)
		log_line(LOG_LEVEL_ERR, "can't serve: %s", err_message(err, rc));
	end(&server);
	log_close();
	return rc;
}
