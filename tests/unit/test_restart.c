/* test_restart.c - how long one waits before a worker is started again. */
#include "tests/lib/unit.h"

#include "server/supervisor/restart.h"

static const struct restart_policy policy = {.quarantine_after = 12, .quarantine_time = 60};

static void the_first_death_is_followed_by_a_start_at_once(void **state)
{
	struct restart r = {0};

	(void)state;
	assert_true(restart_note_death(&r, &policy, 1) == 0);
	assert_false(r.quarantined);
}

static void waits_grow_up_to_a_cap(void **state)
{
	struct restart r = {0};
	double last = 0;

	(void)state;
	restart_note_death(&r, &policy, 0);
	for (int i = 2; i < 12; i++) {
		double wait = restart_note_death(&r, &policy, 0);

		assert_true(wait > last || wait == 10);
		last = wait;
	}
	assert_true(last == 10);
}

static void too_many_in_a_row_lead_to_quarantine_and_so_does_each_further_one(void **state)
{
	struct restart r = {0};

	(void)state;
	for (int i = 0; i < 11; i++)
		restart_note_death(&r, &policy, 0);
	assert_false(r.quarantined);
	for (int i = 0; i < 3; i++) {
		assert_true(restart_note_death(&r, &policy, 0) == 60);
		assert_true(r.quarantined);
	}
}

static void one_that_has_lived_long_begins_a_new_row(void **state)
{
	struct restart r = {0};

	(void)state;
	for (int i = 0; i < 20; i++)
		restart_note_death(&r, &policy, 0);
	assert_true(restart_note_death(&r, &policy, 61) == 0);
	assert_false(r.quarantined);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_death_is_followed_by_a_start_at_once),
		cmocka_unit_test(waits_grow_up_to_a_cap),
		cmocka_unit_test(too_many_in_a_row_lead_to_quarantine_and_so_does_each_further_one),
		cmocka_unit_test(one_that_has_lived_long_begins_a_new_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
