/* test_reactor.c - the loop's timers, which wake it out of a wait without a timeout. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "server/reactor.h"

#define FAR 3600.0
#define SOON \
	5.0 /* seconds in which a timer that is not lost has fired; libev looks once a minute by itself */
#define NEAR 0.12 /* longer than what is left to a timeout of the system's */

static struct reactor *reactor;
static double began, fired;
static int times;

static void stop(void *user)
{
	(void)user;
	fired = reactor_now_exact();
	reactor_stop(reactor);
}

static void stop_after_three(void *user)
{
	if (++times == 3)
		stop(user);
}

static struct reactor_timer *start(void (*fn)(void *user), double seconds, int repeat)
{
	struct reactor_timer *timer = reactor_timer_create(reactor, fn, NULL);

	assert_non_null(timer);
	reactor_timer_start(timer, seconds, repeat);
	return timer;
}

static void on_event(void *user, int ready)
{
	eventfd_t value;

	(void)ready;
	assert_int_equal(eventfd_read(*(const int *)user, &value), 0);
	stop(NULL);
}

/* The loop begins to wait for what is due, and is called away at once. */
static void wait_once(void)
{
	int fd = eventfd(1, EFD_CLOEXEC);
	struct reactor_io *io = reactor_io_create(reactor, fd, on_event, &fd);

	assert_non_null(io);
	reactor_io_set(io, REACTOR_READ);
	reactor_run(reactor);
	reactor_io_destroy(io);
	close(fd);
}

/* The seconds that are left to the one timer descriptor of the process; 0 = it is not set. */
static double left_to_timer(void)
{
	char path[64], line[128];
	double found = -1;

	for (int fd = 0; fd < 64; fd++) {
		long seconds, nanoseconds;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		file = fopen(path, "re");
		while (file != NULL && fgets(line, sizeof(line), file) != NULL)
			if (sscanf(line, "it_value: (%ld, %ld)", &seconds, &nanoseconds) == 2)
				found = (double)seconds + (double)nanoseconds * 1e-9;
		if (file != NULL)
			fclose(file);
	}
	return found;
}

static int set_up(void **state)
{
	(void)state;
	reactor = reactor_create();
	began = reactor_now_exact();
	times = 0;
	return reactor != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	reactor_destroy(reactor);
	return 0;
}

static void a_timer_is_not_early_whatever_it_is_waited_for_with(void **state)
{
	static const double seconds[] = {0.001, 0.03, NEAR};

	(void)state;
	for (size_t i = 0; i < sizeof(seconds) / sizeof(*seconds); i++) {
		struct reactor_timer *timer;

		began = reactor_now_exact();
		timer = start(stop, seconds[i], 0);
		reactor_run(reactor);
		assert_true(fired - began >= seconds[i] - 0.001);
		reactor_timer_destroy(timer);
	}
}

static void a_timer_fires_though_one_that_is_far_was_waited_for_before(void **state)
{
	struct reactor_timer *far = start(stop, FAR, 0), *near;

	(void)state;
	wait_once();
	near = start(stop, NEAR, 0);
	reactor_run(reactor);
	assert_true(fired - began >= NEAR - 0.001);
	assert_true(fired - began < SOON);
	reactor_timer_destroy(near);
	reactor_timer_destroy(far);
}

static void a_timer_fires_though_one_before_it_was_stopped(void **state)
{
	struct reactor_timer *stopped = start(stop, NEAR, 0), *timer = start(stop, 2 * NEAR, 0);

	(void)state;
	wait_once();
	reactor_timer_stop(stopped);
	reactor_run(reactor);
	assert_true(fired - began >= 2 * NEAR - 0.001);
	assert_true(fired - began < SOON);
	reactor_timer_destroy(stopped);
	reactor_timer_destroy(timer);
}

/* ... by a timer that stays, not by a timeout. */
static void what_is_far_is_waited_for_with_a_descriptor(void **state)
{
	struct reactor_timer *timer = start(stop, SOON, 0);

	(void)state;
	assert_true(left_to_timer() == 0);
	wait_once();
	assert_true(left_to_timer() > 0);
	assert_true(left_to_timer() <= SOON);
	reactor_timer_destroy(timer);
}

static void a_timer_repeats(void **state)
{
	struct reactor_timer *timer = start(stop_after_three, NEAR, 1);

	(void)state;
	reactor_run(reactor);
	assert_int_equal(times, 3);
	assert_true(fired - began >= 3 * NEAR - 0.003);
	assert_true(fired - began < SOON);
	reactor_timer_destroy(timer);
}

static void a_loop_that_waits_for_nothing_ends(void **state)
{
	(void)state;
	reactor_run(reactor);
}

static void a_wait_that_is_not_the_loops_has_its_timeout(void **state)
{
	struct epoll_event event;
	int fd = epoll_create1(EPOLL_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(epoll_wait(fd, &event, 1, 100), 0);
	assert_true(reactor_now_exact() - began >= 0.099);
	close(fd);
}

/* ---- the order of what is ready ---- */

#define PIPES 3

static struct {
	int fds[PIPES][2];
	struct reactor_io *ios[PIPES];
	struct reactor_later *later;
	char order[16];
} ready;

static void say(char letter)
{
	const char text[] = {letter, '\0'};

	strcat(ready.order, text);
}

static void write_letter(size_t i, char letter)
{
	assert_int_equal(write(ready.fds[i][1], &letter, 1), 1);
}

static void on_letter(void *user, int events)
{
	char letter;

	(void)events;
	assert_int_equal(read(*(const int *)user, &letter, 1), 1);
	say(letter);
	if (letter == 'a')
		reactor_later_start(ready.later);
	if (strlen(ready.order) == PIPES && ready.later == NULL)
		reactor_stop(reactor);
}

static void on_later(void *user)
{
	(void)user;
	say('L');
	if (times == 0)
		write_letter(2, 'c');
	if (++times == 3)
		stop(NULL);
	else
		reactor_later_start(ready.later);
}

static int set_up_pipes(void **state)
{
	memset(&ready, 0, sizeof(ready));
	if (set_up(state) != 0)
		return -1;
	for (size_t i = 0; i < PIPES; i++) {
		if (pipe(ready.fds[i]) != 0)
			return -1;
		ready.ios[i] =
			reactor_io_create(reactor, ready.fds[i][0], on_letter, &ready.fds[i][0]);
		reactor_io_set(ready.ios[i], REACTOR_READ);
	}
	return 0;
}

static int tear_down_pipes(void **state)
{
	for (size_t i = 0; i < PIPES; i++) {
		reactor_io_destroy(ready.ios[i]);
		close(ready.fds[i][0]);
		close(ready.fds[i][1]);
	}
	reactor_later_destroy(ready.later);
	return tear_down(state);
}

/* A loop that sleeps comes back after a minute. */
static void what_is_for_later_comes_behind_what_is_ready_and_keeps_the_loop_awake(void **state)
{
	struct reactor_timer *far = start(stop, FAR, 0);

	(void)state;
	ready.later = reactor_later_create(reactor, on_later, NULL);
	assert_non_null(ready.later);
	write_letter(0, 'a');
	write_letter(1, 'b');
	reactor_run(reactor);
	assert_string_equal(ready.order, "abLcLL");
	assert_true(fired - began < SOON);
	reactor_timer_destroy(far);
}

static void what_is_ready_is_handled_in_the_order_in_which_it_became_so(void **state)
{
	(void)state;
	wait_once(); /* the loop knows the descriptors now */
	write_letter(1, 'x');
	write_letter(2, 'y');
	write_letter(0, 'z');
	reactor_run(reactor);
	assert_string_equal(ready.order, "xyz");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_timer_is_not_early_whatever_it_is_waited_for_with,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_timer_fires_though_one_that_is_far_was_waited_for_before, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_timer_fires_though_one_before_it_was_stopped,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_far_is_waited_for_with_a_descriptor, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_timer_repeats, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_loop_that_waits_for_nothing_ends, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_wait_that_is_not_the_loops_has_its_timeout,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_for_later_comes_behind_what_is_ready_and_keeps_the_loop_awake,
			set_up_pipes, tear_down_pipes),
		cmocka_unit_test_setup_teardown(
			what_is_ready_is_handled_in_the_order_in_which_it_became_so, set_up_pipes,
			tear_down_pipes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
