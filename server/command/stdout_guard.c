#include "server/command/stdout_guard.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/command/cmd.h"

static bool is_active;

/* Somebody called exit() between begin and end: it was not us. */
static void fail_if_active(void)
{
	if (!is_active)
		return;
	fputs("outrigger: a plugin ended the process while it was loaded\n", stderr);
	_exit(EXIT_FAILED);
}

static void watch_exit(void)
{
	static bool done;

	if (!done)
		(void)atexit(fail_if_active);
	done = true;
}

/* stderr may be closed; then what is printed is lost. */
static int redirect(void)
{
	int null;

	if (dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		return 0;
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -E_IO;
	close(null);
	return 0;
}

int stdout_guard_begin(struct stdout_guard *guard, struct err *err)
{
	int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	if (saved < 0)
		return err_set(err, E_IO, "stdout is closed");
	fflush(stdout);
	if (redirect() != 0) {
		close(saved);
		return err_set(err, E_IO, "can't redirect stdout");
	}
	watch_exit();
	is_active = true;
	guard->saved = saved;
	return 0;
}

void stdout_guard_end(struct stdout_guard *guard)
{
	fflush(stdout);
	dup2(guard->saved, STDOUT_FILENO);
	close(guard->saved);
	guard->saved = -1;
	is_active = false;
}
