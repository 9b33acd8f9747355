/* test_mark.c - whom plugins' sockets refuse. */
#include "tests/lib/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/confine/mark.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int listening;

/* Another process connects, marked or not. */
static pid_t connect_elsewhere(bool marked)
{
	pid_t pid = fork();
	int fd;

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	if (marked && mark_set(NULL) != 0)
		_exit(1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		_exit(1);
	while (true)
		pause();
}

static int accept_one(void)
{
	int fd = accept(listening, NULL, NULL);

	assert_true(fd >= 0);
	return fd;
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void who_is_marked_is_known_and_others_are_not(void **state)
{
	(void)state;
	for (int marked = 0; marked <= 1; marked++) {
		pid_t pid = connect_elsewhere(marked != 0);
		int fd = accept_one();

		assert_int_equal(mark_find_on_peer(fd), marked ? MARK_PRESENT : MARK_ABSENT);
		close(fd);
		end(pid);
	}
}

static bool kernel_tells_ends(int fd)
{
	int pidfd = -1;
	socklen_t size = sizeof(pidfd);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0)
		close(pidfd);
	return pidfd >= 0;
}

/* Its number is still there, with limits that are not the mark, as a successor's with the same number would be. */
static void who_has_ended_is_refused_though_its_number_is_somebodys(void **state)
{
	pid_t pid = connect_elsewhere(false);
	int fd = accept_one();
	siginfo_t info;

	(void)state;
	if (!kernel_tells_ends(fd)) {
		end(pid);
		close(fd);
		skip();
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(mark_find_on_peer(fd), MARK_UNKNOWN);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(mark_find_on_peer(fd), MARK_UNKNOWN);
	close(fd);
}

static void without_descriptors_it_is_not_known_who_is_marked(void **state)
{
	pid_t pid = connect_elsewhere(false);
	int fd = accept_one();
	struct rlimit before, none;

	(void)state;
	if (!kernel_tells_ends(fd)) {
		end(pid);
		close(fd);
		skip();
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){0, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(mark_find_on_peer(fd), MARK_UNKNOWN);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(mark_find_on_peer(fd), MARK_ABSENT);
	close(fd);
	end(pid);
}

static char folder[] = "/tmp/outrigger-mark-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	listening = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listening, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	return listen(listening, 4);
}

static int tear_down(void **state)
{
	(void)state;
	close(listening);
	unlink(address.sun_path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_marked_is_known_and_others_are_not),
		cmocka_unit_test(who_has_ended_is_refused_though_its_number_is_somebodys),
		cmocka_unit_test(without_descriptors_it_is_not_known_who_is_marked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
