#include "server/supervisor/child.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/file.h"
#include "server/log.h"
#include "server/metrics/metrics_file.h"
#include "server/process.h"
#include "server/reactor.h"
#include "server/registry/handover.h"
#include "server/socket/listener.h"
#include "server/socket/server_sockets.h"
#include "server/supervisor/control.h"
#include "server/supervisor/ids_link.h"
#include "server/supervisor/output.h"
#include "server/supervisor/sealed_file.h"
#include "server/supervisor/spawn.h"
#include "server/supervisor/title.h"

#define DUMP_MAX ((size_t)4 << 20)

/* ---- its end ---- */

static void describe_end(struct child *child, const siginfo_t *info)
{
	child->left = info->si_code == CLD_EXITED && info->si_status == 0;
	if (info->si_code == CLD_EXITED)
		snprintf(child->end, sizeof(child->end), "exit code %d", info->si_status);
	else
		snprintf(child->end, sizeof(child->end), "signal %d, %s", info->si_status,
			 strsignal(info->si_status));
}

static void reap(struct child *child, int options)
{
	siginfo_t info = {0};

	if (child->has_exited ||
	    waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | options) != 0 || info.si_pid == 0)
		return;
	child->has_exited = true;
	describe_end(child, &info);
}

static void on_exit_ready(void *user, int ready)
{
	struct child *child = user;
	bool is_gone = false;

	(void)ready;
	reap(child, WNOHANG);
	if (!child->has_exited)
		return;
	reactor_io_set(child->exit_io, 0);
	child->is_gone = &is_gone;
	control_receive(child->control); /* which may decide that nobody needs it */
	if (is_gone)
		return;
	child->is_gone = NULL;
	child->handler.on_exit(child->handler.user, child);
}

void child_kill(const struct child *child)
{
	if (!child->has_exited)
		kill(child->pid, SIGKILL);
}

void child_end(struct child *child)
{
	child_kill(child);
	reap(child, 0);
	if (child->state != CHILD_STARTING)
		child->state = CHILD_ENDING;
}

void child_hear(struct child *child)
{
	control_receive(child->control);
}

bool child_wait(struct child *child, double until)
{
	struct pollfd ended = {.fd = child->pidfd, .events = POLLIN};
	double left;

	control_flush(child->control, until);
	do {
		left = until - reactor_now();
		if (poll(&ended, 1, left > 0 ? (int)(left * 1000) : 0) == 1)
			reap(child, 0);
	} while (!child->has_exited && left > 0);
	return child->has_exited;
}

uint64_t child_memory(const struct child *child)
{
	uint64_t shared = child->shares_memory ? process_shared_memory(child->pid) : 0;

	return process_memory(child->pid) + shared;
}

/* ---- what it says ---- */

static void distrust(const struct child *child, const char *what)
{
	log_line(LOG_LEVEL_ERR, "worker %d is killed: %s", (int)child->pid, what);
	child_kill(child);
}

static void free_slot(struct child *child, uint32_t slot, bool warm)
{
	child->links[slot] = NULL;
	child->connections--;
	slots_free(&child->slots, slot, warm);
}

static void take_plugin(struct child *child, const struct control_msg *msg)
{
	char *dump;
	int rc = msg->fd >= 0 ? sealed_file_read(msg->fd, DUMP_MAX, &dump) : -E_MALFORMED;

	if (rc == 0 && child->state == CHILD_STARTING)
		child->handler.on_plugin(child->handler.user, child, (size_t)msg->number, dump);
	else if (rc == 0)
		free(dump);
	else
		distrust(child, "its plugin's description can't be read");
}

static void take_failure(struct child *child, const struct control_msg *msg)
{
	uint64_t code = msg->number > 0 && msg->number < E_COUNT ? msg->number : E_INTERNAL;

	if (child->state == CHILD_STARTING)
		child->failure_rc = err_set(&child->failure, (enum err_code)code, "%.*s",
					    (int)msg->text_len, msg->text);
}

static void take_release(struct child *child, uint32_t slot, uint64_t owner)
{
	struct link *link = child->links[slot];
	struct custody_find find = {0};
	int rc = custody_file_read(child->custody_fd, &child->layout, slot, &find);

	if (rc != 0) {
		distrust(child, "what it has let go of makes no sense");
		return;
	}
	free_slot(child, slot, false);
	child->handler.on_released(child->handler.user, child, link, &find, owner);
}

static void take_end(struct child *child, uint32_t slot)
{
	struct link *link = child->links[slot];

	free_slot(child, slot, true);
	child->handler.on_ended(child->handler.user, child, link);
}

static void take_ready(struct child *child)
{
	if (child->state != CHILD_STARTING)
		return;
	child->state = CHILD_READY;
	child->memory_at_start = child_memory(child);
	child->handler.on_ready(child->handler.user, child);
}

static void on_message(void *user, const struct control_msg *msg)
{
	struct child *child = user;
	bool has_slot = msg->slot < child->layout.slots && child->links[msg->slot] != NULL;

	switch ((enum control_type)msg->type) {
	case CONTROL_PLUGIN:
		take_plugin(child, msg);
		break;
	case CONTROL_READY:
		take_ready(child);
		break;
	case CONTROL_FAILED:
		take_failure(child, msg);
		break;
	case CONTROL_RELIEF:
		if (child->state == CHILD_READY)
			child->handler.on_relief(child->handler.user, child);
		break;
	case CONTROL_ENDED:
	case CONTROL_RELEASED:
		if (!has_slot)
			distrust(child, "it speaks of a connection that it does not have");
		else if (msg->type == CONTROL_ENDED)
			take_end(child, msg->slot);
		else
			take_release(child, msg->slot, msg->number);
		break;
	default:
		distrust(child, "it says what only a supervisor says");
	}
	if (msg->fd >= 0)
		close(msg->fd);
}

/* Without its supervisor's word it would serve for ever. */
static void on_control_end(void *user, bool broken)
{
	(void)broken;
	child_kill(user);
}

/* ---- what it is told ---- */

void child_say(struct child *child, unsigned type, uint64_t number)
{
	const struct control_msg msg = {
		.type = type,
		.number = number,
		.fd = type == CONTROL_LOG_REOPEN ? log_file() : -1,
	};

	(void)control_send(child->control, &msg);
}

void child_listen(struct child *child, const struct server_socket *socket)
{
	const char *path = listener_path(socket->listener);
	const struct control_msg msg = {
		.type = CONTROL_LISTEN,
		.slot = (uint32_t)socket->on_error,
		.number = listener_inode(socket->listener),
		.fd = listener_fd(socket->listener),
		.text = path,
		.text_len = strlen(path),
	};

	if (msg.fd >= 0)
		(void)control_send(child->control, &msg);
}

void child_offer(struct child *child, const struct handover *offer)
{
	const char *path = handover_path(offer);
	struct control_msg msg = {.type = CONTROL_OFFER, .text = path, .text_len = strlen(path)};

	msg.fd = handover_listening(offer, &msg.number);
	if (msg.fd >= 0)
		(void)control_send(child->control, &msg);
}

int child_give(struct child *child, const struct child_connection *connection)
{
	struct control_msg msg = {
		.type = connection->refuse ? CONTROL_REFUSE : CONTROL_CONNECTION,
		.number = connection->peer,
		.fd = connection->fd,
	};
	int rc;

	if (!slots_next(&child->slots, &msg.slot))
		return -E_LIMIT;
	rc = custody_file_write(child->custody_fd, &child->layout, msg.slot, connection->find);
	if (rc == 0)
		rc = control_send(child->control, &msg);
	if (rc != 0)
		return rc;
	slots_take(&child->slots);
	child->links[msg.slot] = connection->link;
	child->connections++;
	return 0;
}

int child_take(struct child *child, uint32_t slot, struct custody_find *ret)
{
	return custody_file_read(child->custody_fd, &child->layout, slot, ret);
}

/* ---- its beginning ---- */

/* The worker's ends of what it talks by. */
struct ends {
	int control, ids;
	int output[2];
};

static int start_process(struct child *child, const struct child_options *options,
			 const struct ends *ends, struct err *err)
{
	const int fds[] = {ends->control,        child->custody_fd, options->config_fd,
			   options->registry_fd, child->metrics_fd, ends->ids,
			   options->shared_fd,   log_descriptor(),  ends->output[0]};
	char *argv[] = {file_printf(TITLE_WORKER "%s", options->name),
			file_printf("worker"),
			file_printf("%u", options->owner),
			file_printf("%s", options->ids->dir),
			file_printf(options->checks ? "check" : "-"),
			NULL};
	const struct spawn spawn = {argv, options->environment, fds, sizeof(fds) / sizeof(fds[0]),
				    ends->output[1]};
	struct spawned spawned;
	int rc = spawn_self(&spawn, &spawned, err);

	for (size_t i = 0; i < sizeof(argv) / sizeof(argv[0]); i++)
		free(argv[i]);
	if (rc != 0)
		return rc;
	child->pid = spawned.pid;
	child->pidfd = spawned.pidfd;
	output_of(child->output, child->pid);
	return 0;
}

static int make_slots(struct child *child, struct reactor *reactor, struct err *err)
{
	int rc = slots_init(&child->slots, reactor, &child->layout);

	child->links = calloc(child->layout.slots, sizeof(struct link *));
	if (rc != 0 || child->links == NULL)
		return -E_NOMEM;
	rc = custody_file_create(&child->layout, &child->custody_fd, err);
	child->slots.fd = child->custody_fd;
	return rc;
}

static int watch(struct child *child, struct reactor *reactor, int control_fd)
{
	const struct control_handler handler = {on_message, on_control_end, child};

	child->control = control_create(reactor, control_fd, &handler);
	if (child->control != NULL)
		child->exit_io = reactor_io_create(reactor, child->pidfd, on_exit_ready, child);
	if (child->exit_io == NULL)
		return -E_NOMEM;
	reactor_io_set(child->exit_io, REACTOR_READ);
	return 0;
}

/* Its end that is written to is the worker's alone, or we would never see it closed. */
static int start_with_output(struct child *child, const struct child_options *options,
			     struct ends *ends, struct err *err)
{
	int rc = output_pipe(ends->output, err);

	if (rc != 0)
		return rc;
	child->output = output_create(options->reactor, ends->output[0], options->name);
	if (child->output != NULL)
		rc = start_process(child, options, ends, err);
	else
		rc = err_set(err, E_NOMEM, "no memory for a worker");
	close(ends->output[1]);
	return rc;
}

static int start(struct child *child, const struct child_options *options, struct err *err)
{
	struct ends ends;
	int pair[2];
	int rc = control_pair(pair, err);

	if (rc != 0)
		return rc;
	ends.control = pair[1];
	rc = ids_link_create(options->reactor, options->ids, &child->ids, &ends.ids, err);
	if (rc == 0) {
		rc = start_with_output(child, options, &ends, err);
		close(ends.ids);
	}
	close(pair[1]);
	if (rc != 0) {
		close(pair[0]);
		return rc;
	}
	rc = watch(child, options->reactor, pair[0]);
	return rc == 0 ? 0 : err_set(err, E_NOMEM, "no memory for a worker");
}

int child_create(const struct child_options *options, struct child **ret_child, struct err *err)
{
	struct child *child = calloc(1, sizeof(*child));
	int rc;

	if (child == NULL)
		return err_set(err, E_NOMEM, "no memory for a worker");
	child->handler = options->handler;
	child->layout = options->layout;
	child->owner = options->owner;
	child->shares_memory = options->shares_memory;
	child->pidfd = child->custody_fd = child->metrics_fd = -1;
	child->has_exited = true;
	child->started_at = reactor_now();
	rc = make_slots(child, options->reactor, err);
	if (rc == 0)
		rc = metrics_file_create(options->plugin_count, &child->metrics_fd, err);
	if (rc == 0)
		rc = start(child, options, err);
	if (rc != 0) {
		child->has_exited = child->pidfd < 0;
		child_destroy(child);
		return rc;
	}
	child->has_exited = false;
	*ret_child = child;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void child_destroy(struct child *child)
{
	if (child == NULL)
		return;
	if (child->is_gone != NULL)
		*child->is_gone = true;
	child_kill(child);
	reap(child, 0);
	reactor_io_destroy(child->exit_io);
	control_destroy(child->control);
	ids_link_destroy(child->ids);
	output_destroy(child->output);
	close_fd(child->pidfd);
	close_fd(child->custody_fd);
	close_fd(child->metrics_fd);
	free(child->links);
	slots_fini(&child->slots);
	free(child);
}
