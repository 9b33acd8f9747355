#include "server/supervisor/spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "protocol/err.h"

#define NOT_RUN 127 /* the status of a child whose program can't be run */

/* All between fork and exec is async-signal-safe. */

void spawn_reset_signals(void)
{
	const struct sigaction as_usual = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &as_usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Out of the way first: one may have a number that another is to get. Copies lose close-on-exec. */
static int place_descriptors(const struct spawn *spawn)
{
	int high[SPAWN_FDS_MAX];
	int behind = SPAWN_FIRST_FD + (int)spawn->fd_count;

	for (size_t i = 0; i < spawn->fd_count; i++) {
		high[i] = fcntl(spawn->fds[i], F_DUPFD_CLOEXEC, behind);
		if (high[i] < 0)
			return -1;
	}
	if (dup2(spawn->output, STDOUT_FILENO) < 0 || dup2(spawn->output, STDERR_FILENO) < 0)
		return -1;
	for (size_t i = 0; i < spawn->fd_count; i++)
		if (dup2(high[i], SPAWN_FIRST_FD + (int)i) < 0)
			return -1;
	return close_range((unsigned)behind, ~0U, CLOSE_RANGE_CLOEXEC) == 0 || errno == ENOSYS ? 0
											       : -1;
}

static const char own_program[] = "/proc/self/exe";

static void become(const struct spawn *spawn)
{
	spawn_reset_signals();
	if (place_descriptors(spawn) == 0)
		execve(own_program, spawn->argv, spawn->environment);
	_exit(NOT_RUN);
}

int spawn_self(const struct spawn *spawn, struct spawned *ret, struct err *err)
{
	pid_t pid = fork();
	int pidfd;

	if (pid == 0)
		become(spawn);
	if (pid < 0)
		return err_set(err, E_IO, "can't start a process: %s", strerror(errno));
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0) {
		err_set(err, E_IO, "can't watch a process: %s", strerror(errno));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return -E_IO;
	}
	*ret = (struct spawned){pid, pidfd};
	return 0;
}
