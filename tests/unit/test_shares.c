/* test_shares.c - what each process at the other end has. */
#include "tests/lib/unit.h"

#include "server/socket/shares.h"

static void test_what_is_added_is_had_until_it_is_removed(void **state)
{
	struct shares s = {0};

	(void)state;
	assert_int_equal(shares_add(&s, 7, 3), 0);
	assert_int_equal(shares_add(&s, 7, 2), 0);
	assert_int_equal(shares_add(&s, 8, 1), 0);
	assert_int_equal(shares_of(&s, 7), 5);
	shares_remove(&s, 7, 4);
	assert_int_equal(shares_of(&s, 7), 1);
	shares_remove(&s, 7, 1);
	assert_int_equal(shares_of(&s, 7), 0);
	shares_remove(&s, 7, 1);
	assert_int_equal(shares_of(&s, 8), 1);
	shares_fini(&s);
	assert_int_equal(shares_of(&s, 8), 0);
}

static void test_one_process_leaves_a_quarter_to_others(void **state)
{
	struct shares s = {0};

	(void)state;
	assert_int_equal(shares_add(&s, 7, 74), 0);
	assert_true(shares_allow(&s, 7, 100));
	assert_int_equal(shares_add(&s, 7, 1), 0);
	assert_false(shares_allow(&s, 7, 100));
	assert_true(shares_allow(&s, 8, 100));
	shares_fini(&s);
}

static void test_a_small_number_is_not_divided(void **state)
{
	struct shares s = {0};

	(void)state;
	assert_int_equal(shares_add(&s, 7, 2), 0);
	assert_true(shares_allow(&s, 7, 3));
	assert_int_equal(shares_add(&s, 7, 1), 0);
	assert_false(shares_allow(&s, 7, 3));
	shares_fini(&s);
}

static void test_who_cannot_be_seen_is_not_bounded(void **state)
{
	struct shares s = {0};

	(void)state;
	assert_int_equal(shares_add(&s, 0, 1000), 0);
	assert_true(shares_allow(&s, 0, 100));
	shares_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_added_is_had_until_it_is_removed),
		cmocka_unit_test(test_one_process_leaves_a_quarter_to_others),
		cmocka_unit_test(test_a_small_number_is_not_divided),
		cmocka_unit_test(test_who_cannot_be_seen_is_not_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
