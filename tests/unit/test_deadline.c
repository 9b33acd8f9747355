/* test_deadline.c - many deadlines on one timer. */
#include "tests/lib/unit.h"

#include <string.h>
#include "server/event/deadline.h"
#include "server/reactor.h"

static struct reactor *reactor;
static struct deadline_clock alarm_clock;
static struct deadline_list list, other_list;
static struct deadline deadlines[8];
static char fired[32];
static size_t fired_count;

static void note(struct deadline *deadline)
{
	assert_null(deadline->list);
	fired[fired_count++] = (char)('a' + (deadline - deadlines));
	fired[fired_count] = '\0';
}

/* A deadline that is set anew from its own function. */
static void note_and_repeat(struct deadline *deadline)
{
	note(deadline);
	deadline_set(deadline, &other_list, deadline->at + 10);
}

static void note_and_stop(struct deadline *deadline)
{
	note(deadline);
	reactor_stop(reactor);
}

static int setup(void **state)
{
	(void)state;
	fired_count = 0;
	fired[0] = '\0';
	for (size_t i = 0; i < 8; i++)
		deadlines[i] = (struct deadline){0};
	reactor = reactor_create();
	assert_non_null(reactor);
	assert_int_equal(deadline_clock_init(&alarm_clock, reactor), 0);
	deadline_list_init(&list, &alarm_clock, note);
	deadline_list_init(&other_list, &alarm_clock, note_and_repeat);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	deadline_clock_fini(&alarm_clock);
	reactor_destroy(reactor);
	return 0;
}

static void test_those_that_are_due_fire_in_order(void **state)
{
	(void)state;
	deadline_set(&deadlines[0], &list, 3);
	deadline_set(&deadlines[1], &list, 1);
	deadline_set(&deadlines[2], &list, 2);
	deadline_set(&deadlines[3], &list, 2);
	deadline_clock_run(&alarm_clock, 0.5);
	assert_string_equal(fired, "");
	deadline_clock_run(&alarm_clock, 2);
	assert_string_equal(fired, "bcd");
	deadline_clock_run(&alarm_clock, 9);
	assert_string_equal(fired, "bcda");
}

static void test_cleared_ones_do_not_fire(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++)
		deadline_set(&deadlines[i], &list, (double)i);
	deadline_clear(&deadlines[0]);
	deadline_clear(&deadlines[2]);
	deadline_clear(&deadlines[4]);
	deadline_clear(&deadlines[4]);
	deadline_clock_run(&alarm_clock, 9);
	assert_string_equal(fired, "bd");
}

static void test_moving_takes_it_from_where_it_was(void **state)
{
	(void)state;
	deadline_set(&deadlines[0], &list, 1);
	deadline_set(&deadlines[1], &list, 2);
	deadline_set(&deadlines[0], &list, 3);
	deadline_clock_run(&alarm_clock, 2);
	assert_string_equal(fired, "b");
	deadline_clock_run(&alarm_clock, 3);
	assert_string_equal(fired, "ba");
}

static void test_a_deadline_may_be_set_anew_when_it_fires(void **state)
{
	(void)state;
	deadline_set(&deadlines[0], &other_list, 1);
	deadline_clock_run(&alarm_clock, 1);
	deadline_clock_run(&alarm_clock, 10.5);
	assert_string_equal(fired, "a");
	deadline_clock_run(&alarm_clock, 11);
	assert_string_equal(fired, "aa");
}

static void test_the_loop_fires_them(void **state)
{
	struct deadline_list last;
	double now = reactor_now();

	(void)state;
	deadline_list_init(&last, &alarm_clock, note_and_stop);
	deadline_set(&deadlines[0], &last, now + 0.06);
	deadline_set(&deadlines[1], &list, now + 1000);
	deadline_set(&deadlines[2], &list, now + 0.02);
	reactor_run(reactor);
	/* Where the machine was slow, both were due at once, and lists have no order. */
	if (strcmp(fired, "ac") != 0)
		assert_string_equal(fired, "ca");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_those_that_are_due_fire_in_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_cleared_ones_do_not_fire, setup, teardown),
		cmocka_unit_test_setup_teardown(test_moving_takes_it_from_where_it_was, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_deadline_may_be_set_anew_when_it_fires,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_loop_fires_them, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
