#include "server/supervisor/worker_role.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "plugins/plugin.h"
#include "plugins/shared/dict_set.h"
#include "protocol/err.h"
#include "server/command/cmd.h"
#include "server/command/dump.h"
#include "server/config/config_dicts.h"
#include "server/confine/confine.h"
#include "server/custody/custody.h"
#include "server/custody/fault.h"
#include "server/log.h"
#include "server/metrics/metrics_file.h"
#include "server/reactor.h"
#include "server/registry/registry.h"
#include "server/remote/programs.h"
#include "server/supervisor/alone.h"
#include "server/supervisor/control.h"
#include "server/supervisor/ids_link.h"
#include "server/supervisor/instance_check.h"
#include "server/supervisor/output.h"
#include "server/supervisor/sealed_file.h"
#include "server/worker.h"
#include "server/worker_adopt.h"

#define CONFIG_PATH "/proc/self/fd/5" /* WORKER_ROLE_CONFIG */
#define LAST_WORDS 2.0                /* seconds for them to be heard */
#define TICK 0.01                     /* seconds, while it drains or leaves */

enum role_signal {
	ROLE_SIGNALS = 4
};

struct role {
	struct config config;
	struct ids_source ids;
	struct reactor *reactor;
	struct control *control;
	struct custody *custody;
	struct registry *registry;
	struct metrics_plugin *metrics;
	struct dict_set dicts;
	struct programs programs;
	int *dumps; /* owned: files in memory, by plugin, for what it says of itself */
	struct worker *worker;
	struct alone alone;
	struct reactor_signal *signals[ROLE_SIGNALS];
	struct reactor_timer *tick; /* while it drains or leaves */
	struct output *output;      /* without a supervisor */
	bool drains, leaves;
	double leave_at;
};

/* ---- what it says ---- */

static void say(struct role *role, const struct control_msg *msg)
{
	int rc = control_send(role->control, msg);

	if (rc != 0 && rc != -E_CLOSED)
		log_line(LOG_LEVEL_ERR, "the supervisor can't be told: %s", err_text(rc));
}

static void say_failure(struct role *role, const struct err *err, int rc)
{
	const char *why = err_message(err, rc);
	const struct control_msg msg = {
		.type = CONTROL_FAILED,
		.number = (uint64_t)-rc,
		.fd = -1,
		.text = why,
		.text_len = strlen(why),
	};

	say(role, &msg);
	control_flush(role->control, reactor_now() + LAST_WORDS);
}

static int say_plugin(struct role *role, const struct served *served, struct err *err)
{
	const struct plugin *plugin = served->plugin;
	const struct dump dump = {&role->config, &plugin, 1};
	const struct control_msg msg = {
		.type = CONTROL_PLUGIN,
		.number = served->index,
		.fd = role->dumps[served->index],
	};
	char *text = NULL;
	int rc = dump_text(&dump, &text, err);

	if (rc == 0)
		rc = sealed_file_fill(msg.fd, "dump", text, strlen(text), err);
	if (rc == 0)
		say(role, &msg);
	close(msg.fd);
	free(text);
	return rc;
}

static int say_ready(struct role *role, struct err *err)
{
	const struct control_msg ready = {.type = CONTROL_READY, .fd = -1};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < role->worker->served_count; i++)
		rc = say_plugin(role, &role->worker->served[i], err);
	if (rc == 0)
		say(role, &ready);
	return rc;
}

static void on_connection_end(void *user, uint32_t slot, bool released)
{
	struct role *role = user;
	const struct control_msg msg = {
		.type = released ? CONTROL_RELEASED : CONTROL_ENDED,
		.slot = slot,
		.number = role->worker->next_owner,
		.fd = -1,
	};

	say(role, &msg);
}

static void on_relief(void *user)
{
	const struct control_msg msg = {.type = CONTROL_RELIEF, .fd = -1};

	say(user, &msg);
}

/* ---- what it is told ---- */

static void take_socket(struct role *role, const struct control_msg *msg)
{
	char *path = strndup(msg->text, msg->text_len);

	if (path == NULL ||
	    alone_listen(&role->alone, path, msg->fd, msg->number, (enum on_error)msg->slot) != 0)
		log_line(LOG_LEVEL_ERR, "no memory for a socket");
	free(path);
}

static void take_offer(struct role *role, const struct control_msg *msg)
{
	char *path = strndup(msg->text, msg->text_len);

	if (path != NULL)
		alone_offer(&role->alone, path, msg->fd, msg->number);
	else
		close(msg->fd);
	free(path);
}

/* Without a word: the supervisor answers for what it has given us, and starts another one. */
static _Noreturn void fail(const char *why)
{
	log_line(LOG_LEVEL_ERR, "worker ends: %s", why);
	_exit(EXIT_FAILED);
}

static void take_connection(struct role *role, const struct control_msg *msg)
{
	bool refuse = msg->type == CONTROL_REFUSE;

	if (!worker_adopt_slot(role->worker, msg->fd, msg->slot, msg->number,
			       refuse ? WORKER_REFUSE : WORKER_SERVE))
		fail("it can't take over a connection");
}

static void leave_within(struct role *role, uint64_t milliseconds)
{
	role->leave_at = reactor_now() + (double)milliseconds / 1000;
	reactor_timer_start(role->tick, TICK, 1);
}

static void on_message(void *user, const struct control_msg *msg)
{
	struct role *role = user;

	switch ((enum control_type)msg->type) {
	case CONTROL_LISTEN:
		take_socket(role, msg);
		return;
	case CONTROL_OFFER:
		take_offer(role, msg);
		return;
	case CONTROL_CONNECTION:
	case CONTROL_REFUSE:
		take_connection(role, msg);
		return;
	case CONTROL_DRAIN:
		role->drains = true;
		worker_leave(role->worker);
		leave_within(role, msg->number);
		break;
	case CONTROL_RETIRE:
		worker_retire(role->worker);
		break;
	case CONTROL_LEAVE:
		role->leaves = true;
		worker_leave(role->worker);
		leave_within(role, msg->number);
		break;
	case CONTROL_LOG_REOPEN:
		log_continue(msg->fd);
		return;
	default:
		log_line(LOG_LEVEL_ERR, "the supervisor says what only a worker says");
	}
	if (msg->fd >= 0)
		close(msg->fd);
}

/* What programs print we read ourselves from now on. What our own process prints can't wait for us to read it, and goes
 * where the log goes. */
static void take_output(struct role *role)
{
	(void)dup2(log_descriptor(), STDOUT_FILENO);
	(void)dup2(log_descriptor(), STDERR_FILENO);
	role->output =
		output_create(role->reactor, WORKER_ROLE_OUTPUT, role->config.plugins[0].name);
	if (role->output != NULL)
		output_of(role->output, getpid());
}

/* One that has begun to leave goes on with that. */
static void on_control_end(void *user, bool broken)
{
	struct role *role = user;
	struct err err = {""};
	int rc;

	if (broken)
		fail("what the supervisor says did not arrive whole; it may have too many open files");
	if (role->leaves || role->drains || role->worker == NULL || role->alone.sockets == NULL) {
		reactor_stop(role->reactor);
		return;
	}
	take_output(role);
	rc = alone_begin(&role->alone, &err);
	if (rc == 0)
		return;
	log_line(LOG_LEVEL_ERR, "can't serve alone: %s", err_message(&err, rc));
	reactor_stop(role->reactor);
}

static bool is_busy(const struct role *role)
{
	return worker_events(role->worker) > 0 || worker_is_busy(role->worker);
}

/* What is left when the time is over, the supervisor answers: the process ends without a word. */
static void on_tick(void *user)
{
	struct role *role = user;
	bool is_late = reactor_now() >= role->leave_at;

	if (role->drains && !role->leaves) {
		worker_release_idle(role->worker);
		if (worker_connections(role->worker) == 0 && !is_busy(role))
			reactor_stop(role->reactor);
		else if (is_late)
			_exit(0);
	} else if (is_late || !is_busy(role)) {
		reactor_stop(role->reactor);
	}
}

/* A terminal's and a service manager's signals reach all processes: the supervisor's word is what counts. */
static void on_signal(void *user, int signum)
{
	struct role *role = user;

	if (!role->alone.is_alone)
		return;
	if (signum == SIGUSR1)
		log_reopen();
	else if (signum != SIGHUP)
		reactor_stop(role->reactor);
}

/* ---- beginning and end ---- */

static int watch_signals(struct role *role)
{
	static const int numbers[ROLE_SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ROLE_SIGNALS; i++) {
		role->signals[i] =
			reactor_signal_create(role->reactor, numbers[i], on_signal, role);
		if (role->signals[i] == NULL)
			return -E_NOMEM;
	}
	return 0;
}

static int make_loop(struct role *role, struct err *err)
{
	const struct control_handler handler = {on_message, on_control_end, role};

	role->reactor = reactor_create();
	if (role->reactor != NULL)
		role->control = control_create(role->reactor, WORKER_ROLE_CONTROL, &handler);
	if (role->control != NULL)
		role->tick = reactor_timer_create(role->reactor, on_tick, role);
	if (role->tick == NULL || watch_signals(role) != 0)
		return err_set(err, E_NOMEM, "no memory for the loop");
	return 0;
}

static int open_memory(struct role *role, struct err *err)
{
	const struct registry_options options = {
		.max = role->config.max_instances,
		.row_idle = REGISTRY_ROW_IDLE,
	};
	int rc = custody_create(WORKER_ROLE_CUSTODY, &role->custody, err);

	if (rc == 0)
		rc = registry_open(WORKER_ROLE_REGISTRY, &options, &role->registry, err);
	close(WORKER_ROLE_REGISTRY);
	if (rc == 0)
		rc = metrics_file_map(WORKER_ROLE_METRICS, role->config.plugin_count,
				      &role->metrics, err);
	if (rc == 0)
		rc = config_dicts_open(&role->config, WORKER_ROLE_SHARED, &role->dicts, err);
	close(WORKER_ROLE_SHARED);
	return rc;
}

/* Before plugin code's filter, which lets nobody make such files. */
static int open_dumps(struct role *role, struct err *err)
{
	int rc = 0;

	role->dumps = calloc(role->config.plugin_count + 1, sizeof(*role->dumps));
	if (role->dumps == NULL)
		return err_set(err, E_NOMEM, "no memory for the plugins' files");
	for (size_t i = 0; rc == 0 && i < role->config.plugin_count; i++)
		rc = sealed_file_open("dump", &role->dumps[i], err);
	return rc;
}

static int reserve_instances(void *user, uint32_t *ret_first, uint32_t *ret_end, struct err *err)
{
	return ids_source_reserve_instances(&((struct role *)user)->ids, ret_first, ret_end, err);
}

static int reserve_events(void *user, uint64_t *ret_first, uint64_t *ret_end, struct err *err)
{
	return ids_source_reserve_events(&((struct role *)user)->ids, ret_first, ret_end, err);
}

static int load(struct role *role, const struct worker_role_options *from, struct err *err)
{
	const struct worker_options options = {
		.reactor = role->reactor,
		.config = &role->config,
		.registry = role->registry,
		.owner = from->owner,
		.seat = from->seat,
		.custody = role->custody,
		.metrics = role->metrics,
		.dicts = &role->dicts,
		.programs = &role->programs,
		.on_connection_end = on_connection_end,
		.on_relief = on_relief,
		.reserve_instances = reserve_instances,
		.reserve_events = reserve_events,
		.user = role,
	};

	int rc = worker_create(&options, &role->worker, err);

	programs_fini(&role->programs); /* the plugins have taken what they need */
	return rc;
}

static int begin(struct role *role, const struct worker_role_options *options, struct err *err)
{
	int rc = config_init_file(&role->config, CONFIG_PATH, err);

	close(WORKER_ROLE_CONFIG);
	log_set_format(role->config.log_format);
	if (rc == 0)
		rc = log_inherit(role->config.log, role->config.log_level, WORKER_ROLE_LOG, err);
	if (rc == 0)
		rc = open_memory(role, err);
	if (rc == 0)
		rc = programs_start(&role->config, &role->programs, err);
	if (rc == 0)
		rc = open_dumps(role, err);
	if (rc == 0)
		rc = confine_plugins(&role->config, NULL, err);
	if (rc == 0)
		rc = load(role, options, err);
	if (rc == 0 && options->checks)
		rc = instance_check_run(role->worker, role->registry, err);
	if (rc != 0)
		return rc;
	role->alone.reactor = role->reactor;
	role->alone.config = &role->config;
	role->alone.worker = role->worker;
	role->alone.registry = role->registry;
	return say_ready(role, err);
}

static void end(struct role *role)
{
	worker_destroy(role->worker);
	control_destroy(role->control);
	alone_fini(&role->alone);
	output_destroy(role->output);
	registry_close(role->registry);
	custody_destroy(role->custody);
	metrics_file_unmap(role->metrics, role->config.plugin_count);
	dict_set_fini(&role->dicts);
	programs_fini(&role->programs);
	for (size_t i = 0; i < ROLE_SIGNALS; i++)
		reactor_signal_destroy(role->signals[i]);
	reactor_timer_destroy(role->tick);
	reactor_destroy(role->reactor);
	free(role->dumps);
	config_fini(&role->config);
	log_close();
}

/* Programs that plugin code is allowed to start must not speak in our name. */
static void keep_descriptors(void)
{
	for (int fd = WORKER_ROLE_CONTROL; fd <= WORKER_ROLE_OUTPUT; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int worker_role_run(const struct worker_role_options *options)
{
	struct role role = {.ids = {.fd = WORKER_ROLE_IDS,
				    .file = {.dir = (char *)options->ids_dir, .waits = true}}};
	struct err err = {""};
	int rc;

	keep_descriptors();
	setvbuf(stdout, NULL, _IOLBF, 0); /* a pipe, that is read by lines */
	rc = make_loop(&role, &err);
	if (rc == 0)
		rc = begin(&role, options, &err);
	FAULT_ARM_BY_ENVIRONMENT();
	if (rc == 0)
		reactor_run(role.reactor);
	else if (role.control != NULL)
		say_failure(&role, &err, rc);
	end(&role);
	return rc;
}
