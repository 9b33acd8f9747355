/* test_orphan.c - events that outlived their worker. */
#include "tests/lib/unit.h"

#include "server/event/orphan.h"

static struct event_record make(uint64_t id)
{
	return (struct event_record){.id = id, .state = EVENT_WAITING, .phase = PHASE_LOG};
}

static void add(struct orphan_table *t, uint64_t id, double now)
{
	const struct event_record record = make(id);

	assert_int_equal(orphan_add(t, &record, now), 0);
}

static void test_one_is_taken_once(void **state)
{
	struct orphan_table t = {.max = 10, .lifetime = 100};
	struct event_record got;

	(void)state;
	add(&t, 5, 1);
	add(&t, 5, 1);
	add(&t, 6, 1);
	assert_int_equal(orphan_count(&t), 2);
	assert_true(orphan_take(&t, 5, 2, &got));
	assert_int_equal(got.id, 5);
	assert_int_equal(got.phase, PHASE_LOG);
	assert_false(orphan_take(&t, 5, 2, &got));
	assert_false(orphan_take(&t, 7, 2, &got));
	orphan_fini(&t);
	assert_int_equal(orphan_count(&t), 0);
}

static void test_the_oldest_gives_way_to_one_too_many(void **state)
{
	struct orphan_table t = {.max = 3, .lifetime = 100};
	struct event_record got;

	(void)state;
	for (uint64_t id = 1; id <= 5; id++)
		add(&t, id, 1);
	assert_int_equal(orphan_count(&t), 3);
	assert_false(orphan_take(&t, 2, 1, &got));
	assert_true(orphan_take(&t, 3, 1, &got));
	assert_true(orphan_take(&t, 5, 1, &got));
	orphan_fini(&t);
}

static void test_none_lives_for_ever(void **state)
{
	struct orphan_table t = {.max = 10, .lifetime = 100};
	struct event_record got;

	(void)state;
	add(&t, 1, 10);
	add(&t, 2, 60);
	assert_false(orphan_take(&t, 1, 111, &got));
	assert_int_equal(orphan_count(&t), 1);
	add(&t, 3, 200);
	assert_int_equal(orphan_count(&t), 1);
	orphan_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_is_taken_once),
		cmocka_unit_test(test_the_oldest_gives_way_to_one_too_many),
		cmocka_unit_test(test_none_lives_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
