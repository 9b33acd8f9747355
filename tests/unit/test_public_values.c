/* test_public_values.c - values of the public header: made, and looked into. */
#include "pdk-bridge/outrigger_make.h"
#include "pdk-bridge/outrigger_read.h"
#include "tests/lib/unit.h"

static void what_is_missing_is_as_good_as_nil(void **state)
{
	struct outrigger_value nil = outrigger_nil(), number = outrigger_int(7);
	const struct outrigger_value *none[] = {NULL, &nil, &number};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_null(outrigger_get(none[i], "key"));
		assert_null(outrigger_at(none[i], 0));
		assert_null(outrigger_get_text(none[i]));
		assert_false(outrigger_is_text(none[i]));
	}
	assert_true(outrigger_get_number(NULL) == 0);
	assert_int_equal(outrigger_get_int(NULL), 0);
	assert_false(outrigger_get_bool(NULL));
	assert_true(outrigger_get_bool(&number));
}

static void what_is_deep_inside_is_found(void **state)
{
	struct outrigger_value items[] = {outrigger_text("zero"), outrigger_number(1.5)};
	struct outrigger_pair inner[] = {outrigger_entry("list", outrigger_array(items, 2))};
	struct outrigger_pair outer[] = {outrigger_entry("a", outrigger_bool(false)),
					 outrigger_entry("b", outrigger_map(inner, 1))};
	struct outrigger_value map = outrigger_map(outer, 2);
	const struct outrigger_value *list = outrigger_get(outrigger_get(&map, "b"), "list");

	(void)state;
	assert_string_equal(outrigger_get_text(outrigger_at(list, 0)), "zero");
	assert_true(outrigger_get_number(outrigger_at(list, 1)) == 1.5);
	assert_int_equal(outrigger_get_int(outrigger_at(list, 1)), 0);
	assert_null(outrigger_at(list, 2));
	assert_null(outrigger_get(outrigger_get(&map, "a"), "list"));
	assert_false(outrigger_get_bool(outrigger_get(&map, "a")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_as_good_as_nil),
		cmocka_unit_test(what_is_deep_inside_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
