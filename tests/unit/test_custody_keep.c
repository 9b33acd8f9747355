/* test_custody_keep.c - which memory of large buffers is kept, and what is given back. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>
#include "server/custody/custody_keep.h"

#define MIB ((size_t)1 << 20)

static struct custody_keep keep;
static char given[256]; /* "SLOT.SIDE " for each that was given back, in order */

static void note(void *user, const struct custody_kept *kept)
{
	size_t n = strlen(given);

	assert_ptr_equal(user, &keep);
	snprintf(given + n, sizeof(given) - n, "%u.%d ", kept->slot, (int)kept->side);
}

static int set_up(void **state)
{
	(void)state;
	keep = (struct custody_keep){.give_back = note, .user = &keep};
	given[0] = '\0';
	return 0;
}

static void what_is_in_use_is_not_given_back(void **state)
{
	(void)state;
	custody_keep_put(&keep, 7, CUSTODY_OUT, MIB);
	custody_keep_look(&keep);
	custody_keep_take(&keep, 7, CUSTODY_IN);
	custody_keep_take(&keep, 6, CUSTODY_OUT);
	custody_keep_take(&keep, 7, CUSTODY_OUT);
	custody_keep_look(&keep);
	custody_keep_look(&keep);
	assert_string_equal(given, "");
}

static void what_is_in_use_counts_on(void **state)
{
	(void)state;
	custody_keep_put(&keep, 1, CUSTODY_IN, CUSTODY_KEEP_SIZE);
	custody_keep_take(&keep, 1, CUSTODY_IN);
	custody_keep_put(&keep, 2, CUSTODY_IN, MIB);
	assert_string_equal(given, "2.0 ");
	custody_keep_put(&keep, 1, CUSTODY_IN, MIB);
	assert_int_equal(keep.size, CUSTODY_KEEP_SIZE);
	custody_keep_put(&keep, 2, CUSTODY_IN, MIB);
	assert_string_equal(given, "2.0 1.0 ");
	assert_int_equal(keep.size, MIB);
}

static void what_is_forgotten_is_another_s(void **state)
{
	(void)state;
	custody_keep_put(&keep, 1, CUSTODY_IN, MIB);
	custody_keep_put(&keep, 2, CUSTODY_IN, MIB);
	custody_keep_take(&keep, 2, CUSTODY_IN);
	custody_keep_forget(&keep, 1, CUSTODY_IN);
	custody_keep_forget(&keep, 2, CUSTODY_IN);
	custody_keep_look(&keep);
	custody_keep_look(&keep);
	assert_string_equal(given, "");
	assert_int_equal(keep.size, 0);
}

static void what_was_there_at_the_last_look_is_given_back(void **state)
{
	(void)state;
	custody_keep_put(&keep, 1, CUSTODY_IN, MIB);
	custody_keep_look(&keep);
	custody_keep_put(&keep, 2, CUSTODY_IN, MIB);
	assert_string_equal(given, "");
	custody_keep_look(&keep);
	assert_string_equal(given, "1.0 ");
	custody_keep_look(&keep);
	assert_string_equal(given, "1.0 2.0 ");
	assert_int_equal(keep.size, 0);
}

static void what_is_put_anew_is_as_new(void **state)
{
	(void)state;
	custody_keep_put(&keep, 1, CUSTODY_IN, MIB);
	custody_keep_put(&keep, 2, CUSTODY_IN, MIB);
	custody_keep_look(&keep);
	custody_keep_take(&keep, 1, CUSTODY_IN);
	custody_keep_put(&keep, 1, CUSTODY_IN, 1);
	custody_keep_look(&keep);
	assert_string_equal(given, "2.0 ");
}

static void the_oldest_goes_where_all_would_be_too_much(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		custody_keep_put(&keep, i, CUSTODY_IN, CUSTODY_KEEP_SIZE / 4);
	assert_string_equal(given, "");
	custody_keep_put(&keep, 9, CUSTODY_OUT, CUSTODY_KEEP_SIZE / 2);
	assert_string_equal(given, "0.0 1.0 ");
	assert_true(keep.size <= CUSTODY_KEEP_SIZE);
}

static void the_oldest_goes_where_there_are_many(void **state)
{
	(void)state;
	for (uint32_t i = 0; i <= CUSTODY_KEEP_MOST; i++)
		custody_keep_put(&keep, i, CUSTODY_IN, 1);
	assert_string_equal(given, "0.0 ");
}

static void what_is_too_large_is_given_back_at_once(void **state)
{
	(void)state;
	custody_keep_put(&keep, 1, CUSTODY_IN, MIB);
	custody_keep_put(&keep, 2, CUSTODY_OUT, CUSTODY_KEEP_SIZE + 1);
	assert_string_equal(given, "2.1 ");
	assert_int_equal(keep.size, MIB);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_in_use_is_not_given_back),
		TEST(what_is_in_use_counts_on),
		TEST(what_is_forgotten_is_another_s),
		TEST(what_was_there_at_the_last_look_is_given_back),
		TEST(what_is_put_anew_is_as_new),
		TEST(the_oldest_goes_where_all_would_be_too_much),
		TEST(the_oldest_goes_where_there_are_many),
		TEST(what_is_too_large_is_given_back_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
