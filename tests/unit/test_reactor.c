/* test_reactor.c - the loop's timers, which wake it out of a wait without a timeout. */
#include "tests/lib/unit.h"

#include <sys/epoll.h>
#include <unistd.h>
#include "server/reactor.h"

#define FAR 3600.0
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
	struct reactor_timer *first = start(stop, 0.001, 0);

	(void)state;
	reactor_run(reactor);
	near = start(stop, NEAR, 0);
	reactor_run(reactor);
	assert_true(fired - began < FAR);
	reactor_timer_destroy(first);
	reactor_timer_destroy(near);
	reactor_timer_destroy(far);
}

static void a_timer_fires_though_one_before_it_was_stopped(void **state)
{
	struct reactor_timer *stopped = start(stop, NEAR, 0), *first = start(stop, 0.001, 0);
	struct reactor_timer *timer = start(stop, 2 * NEAR, 0);

	(void)state;
	reactor_run(reactor);
	reactor_timer_stop(stopped);
	reactor_run(reactor);
	assert_true(fired - began >= 2 * NEAR - 0.001);
	reactor_timer_destroy(stopped);
	reactor_timer_destroy(first);
	reactor_timer_destroy(timer);
}

static void a_timer_repeats(void **state)
{
	struct reactor_timer *timer = start(stop_after_three, NEAR, 1);

	(void)state;
	reactor_run(reactor);
	assert_int_equal(times, 3);
	assert_true(fired - began >= 3 * NEAR - 0.003);
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
		cmocka_unit_test_setup_teardown(a_timer_repeats, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_loop_that_waits_for_nothing_ends, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_wait_that_is_not_the_loops_has_its_timeout,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
