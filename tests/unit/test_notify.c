/* test_notify.c - what a service manager is told. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "server/notify.h"

/* The manager's end, at an abstract address; that as NOTIFY_SOCKET. */
static int listen_abstract(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int n = snprintf(at.sun_path, sizeof(at.sun_path), "@outrigger-notify-%d", (int)getpid());

	assert_true(fd >= 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", at.sun_path, 1), 0);
	at.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n)),
			 0);
	return fd;
}

static void assert_said(int fd, const char *expected)
{
	char text[256] = "";
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	if (expected == NULL)
		assert_true(n < 0);
	else
		assert_string_equal(text, expected);
}

static void messages_are_those_of_sd_notify(void **state)
{
	int fd = listen_abstract();

	(void)state;
	notify_init();
	notify_ready(3);
	assert_said(fd, "READY=1\nSTATUS=Plugins: 3.");
	notify_leaves();
	notify_leaves();
	assert_said(fd, "STOPPING=1\nSTATUS=Leaves.");
	assert_said(fd, NULL);
	notify_fini();
	notify_fini();
	notify_ready(1);
	assert_said(fd, NULL);
	close(fd);
}

static void the_environment_is_not_handed_on(void **state)
{
	int fd = listen_abstract();

	(void)state;
	setenv("WATCHDOG_USEC", "1000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_init();
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	notify_fini();
	close(fd);
}

static void signs_of_life_come_twice_as_often_as_they_have_to(void **state)
{
	int fd = listen_abstract();
	char pid[32];

	(void)state;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_USEC", "4000000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	notify_init();
	notify_alive(100);
	assert_said(fd, "WATCHDOG=1");
	notify_alive(101.9);
	assert_said(fd, NULL);
	notify_alive(102.1);
	assert_said(fd, "WATCHDOG=1");
	notify_fini();
	close(fd);
}

static void assert_no_watchdog(const char *usec, const char *pid)
{
	int fd = listen_abstract();

	setenv("WATCHDOG_USEC", usec, 1);
	setenv("WATCHDOG_PID", pid, 1);
	notify_init();
	notify_alive(100);
	assert_said(fd, NULL);
	notify_ready(0);
	assert_said(fd, "READY=1\nSTATUS=Plugins: 0.");
	notify_fini();
	close(fd);
}

static void no_sign_of_life_where_none_is_wanted(void **state)
{
	char own[32];

	(void)state;
	snprintf(own, sizeof(own), "%d", (int)getpid());
	assert_no_watchdog("4000000", "1");
	assert_no_watchdog("", own);
	assert_no_watchdog("-4", own);
	assert_no_watchdog("4x", own);
	assert_no_watchdog("99999999999999999999999", own);
}

static void what_is_no_address_is_not_used(void **state)
{
	static const char *const bad[] = {"", "/", "@", "relative", "vsock:2:1"};
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "relative"};
	char text[200], dir[] = "/tmp/outrigger-notify.XXXXXX";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	for (size_t i = 0; i <= sizeof(bad) / sizeof(bad[0]); i++) {
		memset(text, '/', sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		if (i < sizeof(bad) / sizeof(bad[0]))
			snprintf(text, sizeof(text), "%s", bad[i]);
		setenv("NOTIFY_SOCKET", text, 1);
		notify_init();
		notify_ready(1);
		notify_fini();
		assert_said(fd, NULL);
	}
	close(fd);
	assert_int_equal(unlink("relative"), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void a_manager_that_is_gone_hinders_nobody(void **state)
{
	int fd = listen_abstract();

	(void)state;
	notify_init();
	close(fd);
	notify_reloads();
	notify_ready(1);
	notify_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_those_of_sd_notify),
		cmocka_unit_test(the_environment_is_not_handed_on),
		cmocka_unit_test(signs_of_life_come_twice_as_often_as_they_have_to),
		cmocka_unit_test(no_sign_of_life_where_none_is_wanted),
		cmocka_unit_test(what_is_no_address_is_not_used),
		cmocka_unit_test(a_manager_that_is_gone_hinders_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
