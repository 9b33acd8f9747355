#include "server/remote/programs.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>
#include "plugins/remote/remote_zmq.h"
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/confine/confine.h"
#include "server/confine/identity.h"
#include "server/file.h"
#include "server/log.h"
#include "server/remote/guest.h"
#include "server/socket/private_socket.h"
#include "server/supervisor/spawn.h"

#define SOCKET_FD 3 /* of the program: the socket's file, which has no name any more */
#define SOCKET_VARIABLE "OUTRIGGER_REMOTE=ipc:///proc/self/fd/3"
#define OTHER_FOLDER "/tmp" /* where the prefix isn't ours to write */
#define NOT_RUN 127

/* ---- the socket ---- */

/* A listening socket, and its file, by which alone one can connect to it: the name is taken away at once. */
struct door {
	int listen_fd;
	int file_fd; /* O_PATH */
};

static void close_door(const struct door *door)
{
	if (door->listen_fd >= 0)
		close(door->listen_fd);
	if (door->file_fd >= 0)
		close(door->file_fd);
}

/* The program may be another user's. */
static int hand_over(const struct private_socket *s, const struct config *config, struct err *err)
{
	struct identity identity;
	int rc = identity_find(config, &identity, err);

	if (rc != 0 || identity.user == NULL)
		return rc;
	if (fchownat(s->dir, s->name, identity.uid, identity.gid, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return err_set(err, E_IO, "can't give the socket %s to %s: %s", s->name, identity.user,
		       strerror(errno));
}

static int make_door_in(const char *folder, const struct config *config, struct door *ret,
			struct err *err)
{
	char *path = file_printf("%s/outrigger", folder);
	char *suffix = file_printf(".%d.remote", (int)getpid());
	struct private_socket s = {.dir = -1, .fd = -1};
	int rc = -E_NOMEM;

	*ret = (struct door){-1, -1};
	if (path != NULL && suffix != NULL)
		rc = private_socket_init(&s, path, suffix, SOCK_STREAM, err);
	if (rc == 0)
		rc = private_socket_listen(&s, err);
	if (rc == 0)
		rc = hand_over(&s, config, err);
	if (rc == 0) {
		ret->file_fd = openat(s.dir, s.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		ret->listen_fd = fcntl(s.fd, F_DUPFD_CLOEXEC, SOCKET_FD + 1);
		if (ret->file_fd < 0 || ret->listen_fd < 0)
			rc = err_set(err, E_IO, "can't open %s: %s", s.name, strerror(errno));
	}
	if (rc != 0)
		close_door(ret);
	private_socket_fini(&s);
	free(path);
	free(suffix);
	return rc;
}

static int make_door(const struct config *config, struct door *ret, struct err *err)
{
	int rc = make_door_in(config->prefix, config, ret, err);

	return rc == -E_IO ? make_door_in(OTHER_FOLDER, config, ret, err) : rc;
}

/* ---- the child ---- */

/* It has no other descriptors of ours; what it prints is not what a command of ours prints. */
static int place_descriptors(int file_fd)
{
	if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return -1;
	if (file_fd == SOCKET_FD ? fcntl(file_fd, F_SETFD, 0) != 0 : dup2(file_fd, SOCKET_FD) < 0)
		return -1;
	return close_range(SOCKET_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0 || errno == ENOSYS ? 0
											    : -1;
}

static _Noreturn void become(const struct config *config, const wordexp_t *words, int file_fd,
			     pid_t parent)
{
	struct err err = {""};
	int rc = confine_program(config, &err);

	/* After that, since a change of user takes it back. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(NOT_RUN);
	spawn_reset_signals();
	if (rc != 0) {
		log_line(LOG_LEVEL_ERR, "%s can't be started: %s", words->we_wordv[0],
			 err_message(&err, rc));
		_exit(NOT_RUN);
	}
	if (putenv((char *)SOCKET_VARIABLE) == 0 && place_descriptors(file_fd) == 0)
		execvp(words->we_wordv[0], words->we_wordv);
	dprintf(STDERR_FILENO, "outrigger: %s can't be run: %s\n", words->we_wordv[0],
		strerror(errno));
	_exit(NOT_RUN);
}

/* ---- starting ---- */

static int split(const char *command, wordexp_t *ret, struct err *err)
{
	int rc = wordexp(command, ret, WRDE_NOCMD);

	if (rc == 0 && ret->we_wordc > 0)
		return 0;
	if (rc == 0 || rc == WRDE_NOSPACE)
		wordfree(ret);
	return err_set(err, E_CONF,
		       "\"%s\" is no command: words with spaces between them, and quotes around "
		       "what a shell would not take as it is",
		       command);
}

static int start(const struct config *config, const wordexp_t *words, struct remote_program *ret,
		 struct err *err)
{
	pid_t parent = getpid(), pid;
	struct door door;
	int rc = make_door(config, &door, err);

	if (rc != 0)
		return rc;
	pid = fork();
	if (pid == 0)
		become(config, words, door.file_fd, parent);
	ret->pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;
	if (ret->pidfd < 0) {
		rc = err_set(err, E_IO, "can't start %s: %s", words->we_wordv[0], strerror(errno));
		close_door(&door);
		return rc;
	}
	close(door.file_fd);
	ret->listen_fd = door.listen_fd;
	ret->endpoint = "ipc:///proc/self/fd/0"; /* it has no name any more */
	ret->patience = config->load_timeout;
	return 0;
}

static int start_one(const struct config *config, const struct plugin_settings *settings,
		     struct remote_program *ret, struct err *err)
{
	wordexp_t words;
	int rc = split(settings->exec, &words, err);

	if (rc == 0) {
		rc = start(config, &words, ret, err);
		wordfree(&words);
	}
	return rc == 0 ? 0 : err_prefix(err, rc, "plugin '%s': exec", settings->name);
}

static int prepare(const struct config *config, const struct plugin_settings *settings,
		   struct remote_program *ret, struct err *err)
{
	int rc = remote_zmq_load(err);

	if (rc == 0)
		rc = settings->exec != NULL ? start_one(config, settings, ret, err)
					    : guest_await(config, settings, ret, err);
	if (rc != 0)
		return rc;
	ret->command = settings->exec != NULL ? settings->exec : settings->listen;
	ret->message_max = config->limits.message_size;
	ret->silence = settings->heartbeat_timeout;
	return 0;
}

int programs_start(const struct config *config, struct programs *ret, struct err *err)
{
	int rc = 0;

	*ret = (struct programs){calloc(config->plugin_count + 1, sizeof(*ret->programs)),
				 config->plugin_count};
	if (ret->programs == NULL)
		return err_set(err, E_NOMEM, "no memory for programs");
	for (size_t i = 0; rc == 0 && i < ret->count; i++)
		if (config->plugins[i].exec != NULL || config->plugins[i].listen != NULL)
			rc = prepare(config, &config->plugins[i], &ret->programs[i], err);
	if (rc != 0)
		programs_fini(ret);
	return rc;
}

void programs_fini(struct programs *programs)
{
	for (size_t i = 0; programs->programs != NULL && i < programs->count; i++) {
		if (programs->programs[i].command == NULL)
			continue;
		if (programs->programs[i].pidfd < 0) {
			guest_fini(&programs->programs[i]);
			continue;
		}
		close(programs->programs[i].listen_fd);
		close(programs->programs[i].pidfd);
	}
	free(programs->programs);
	*programs = (struct programs){0};
}

const struct remote_program *programs_find(const struct programs *programs, size_t plugin)
{
	if (programs == NULL || plugin >= programs->count ||
	    programs->programs[plugin].command == NULL)
		return NULL;
	return &programs->programs[plugin];
}
