/* test_value.c - numbers, look-up, copies, equality. */
#include <math.h>
#include "tests/unit/mp_bytes.h"

static void integral_numbers_become_integers(void **state)
{
	static const double integral[] = {
		0, 1, -1, 9007199254740992.0, -9007199254740992.0, 1e18, -9223372036854775808.0};
	static const double other[] = {0.5, -0.0, 1e19, 9223372036854775808.0, INFINITY, -INFINITY};

	(void)state;
	for (size_t i = 0; i < sizeof(integral) / sizeof(integral[0]); i++) {
		struct value v = value_number(integral[i]);

		assert_int_equal(v.type, VALUE_INT);
		assert_true((double)v.i == integral[i]);
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_int_equal(value_number(other[i]).type, VALUE_DOUBLE);
	assert_int_equal(value_number(NAN).type, VALUE_DOUBLE);
}

static void any_number_reads_as_double(void **state)
{
	struct value i = value_int(-3), u = value_uint(UINT64_MAX), d = value_double(0.25);
	struct value s = value_str("7");

	(void)state;
	assert_true(value_to_double(&i) == -3);
	assert_true(value_to_double(&u) == 18446744073709551616.0);
	assert_true(value_to_double(&d) == 0.25);
	assert_true(value_to_double(&s) == 0);
}

static void integral_values_read_as_integers_where_they_fit(void **state)
{
	struct value good[] = {value_int(5), value_double(5), {.type = VALUE_UINT, .u = 5}};
	struct value bad[] = {value_uint((uint64_t)INT64_MAX + 1),
			      value_double(5.5),
			      value_double(9223372036854775808.0),
			      value_double(NAN),
			      value_nil(),
			      value_str("5")};
	int64_t i = 0;

	(void)state;
	for (size_t n = 0; n < sizeof(good) / sizeof(good[0]); n++) {
		assert_true(value_to_int(&good[n], &i));
		assert_int_equal(i, 5);
	}
	for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++)
		assert_false(value_to_int(&bad[n], &i));
}

static void unsigned_is_only_for_what_needs_it(void **state)
{
	(void)state;
	assert_int_equal(value_uint(INT64_MAX).type, VALUE_INT);
	assert_int_equal(value_uint((uint64_t)INT64_MAX + 1).type, VALUE_UINT);
}

static void texts_compare_by_all_their_bytes(void **state)
{
	struct value s = value_strn("a\0b", 3);
	struct value bin = {.type = VALUE_BIN, .len = 2, .s = "ab"};

	(void)state;
	assert_false(value_text_is(&s, "a"));
	assert_true(value_text_is(&bin, "ab"));
	assert_false(value_text_is(&bin, "abc"));
	bin.type = VALUE_NIL;
	assert_false(value_text_is(&bin, "ab"));
}

/* {a = 1, bin"b" = [x], 3 = {}} in the arena. */
static struct value make_map(struct arena *a)
{
	struct value map;

	assert_int_equal(value_new_map(a, 3, &map), 0);
	map.pairs[0] = (struct value_pair){value_str("a"), value_int(1)};
	map.pairs[1].key = (struct value){.type = VALUE_BIN, .len = 1, .s = "b"};
	assert_int_equal(value_new_array(a, 1, &map.pairs[1].value), 0);
	map.pairs[1].value.items[0] = value_str("x");
	map.pairs[2].key = value_int(3);
	assert_int_equal(value_new_map(a, 0, &map.pairs[2].value), 0);
	return map;
}

static void maps_are_looked_up_by_str_and_bin_keys(void **state)
{
	struct arena a = {0};
	struct value map = make_map(&a);
	struct value number = value_int(1);

	(void)state;
	assert_int_equal(value_map_get(&map, "a")->i, 1);
	assert_int_equal(value_map_get(&map, "b")->type, VALUE_ARRAY);
	assert_null(value_map_get(&map, "3"));
	assert_null(value_map_get(&number, "a"));
	arena_fini(&a);
}

static void new_tables_are_zeroed_even_in_used_memory(void **state)
{
	struct arena a = {0};
	struct value v;

	(void)state;
	memset(arena_alloc(&a, 1024), 0xff, 1024);
	arena_reset(&a);
	assert_int_equal(value_new_array(&a, 20, &v), 0);
	for (uint32_t i = 0; i < v.len; i++)
		assert_int_equal(v.items[i].type, VALUE_NIL);
	assert_error(value_new_array(&a, (size_t)UINT32_MAX + 1, &v), NOMEM);
	assert_error(value_new_map(&a, SIZE_MAX, &v), NOMEM);
	arena_fini(&a);
}

static void a_copy_shares_nothing_with_its_original(void **state)
{
	struct arena from = {0}, to = {0};
	struct value map = make_map(&from), copy, again = make_map(&to);

	(void)state;
	assert_int_equal(value_copy(&to, &map, &copy), 0);
	arena_fini(&from);
	assert_true(value_equal(&copy, &again));
	assert_string_equal(copy.pairs[0].key.s, "a");
	arena_fini(&to);
}

static void a_copy_fails_cleanly_wherever_memory_ends(void **state)
{
	struct arena from = {0}, to;
	struct value map = make_map(&from), copy = value_int(99);
	size_t limit = 16;

	(void)state;
	for (;; limit += 16) {
		int rc;

		arena_init(&to, limit);
		rc = value_copy(&to, &map, &copy);
		arena_fini(&to);
		if (rc == 0)
			break;
		assert_error(rc, NOMEM);
		assert_int_equal(copy.i, 99);
	}
	assert_int_equal(limit, 3 * sizeof(struct value_pair) + 4 * 16);
	arena_fini(&from);
}

static void equality_is_to_the_letter(void **state)
{
	struct value one = value_int(1), one_double = value_double(1), s = value_str("x");
	struct value bin = {.type = VALUE_BIN, .len = 1, .s = "x"};
	struct value array = {.type = VALUE_ARRAY}, map = {.type = VALUE_MAP};
	struct value nan = value_double(NAN), zero = value_double(0.0), minus = value_double(-0.0);

	(void)state;
	assert_false(value_equal(&one, &one_double));
	assert_false(value_equal(&s, &bin));
	assert_false(value_equal(&array, &map));
	assert_true(value_equal(&nan, &nan));
	assert_false(value_equal(&zero, &minus));
	assert_true(value_equal(&array, &array));
}

static void maps_are_equal_in_any_order(void **state)
{
	struct arena a = {0};
	struct value one = make_map(&a), two = make_map(&a);
	struct value_pair first = two.pairs[0];

	(void)state;
	two.pairs[0] = two.pairs[2];
	two.pairs[2] = first;
	assert_true(value_equal(&one, &two));
	two.pairs[2].value = value_int(2);
	assert_false(value_equal(&one, &two));
	arena_fini(&a);
}

/* Each level is compared once, or 512 levels would take for ever. */
static void deep_maps_are_compared_in_bounded_time(void **state)
{
	struct arena a = {0};
	struct value one = value_int(1), two = value_int(2);

	(void)state;
	for (int i = 0; i < LIMIT_MESSAGE_DEPTH_MAX; i++) {
		struct value map, other;

		assert_int_equal(value_new_map(&a, 1, &map), 0);
		assert_int_equal(value_new_map(&a, 1, &other), 0);
		map.pairs[0] = (struct value_pair){value_str("k"), one};
		other.pairs[0] = (struct value_pair){value_str("k"), two};
		one = map;
		two = other;
	}
	assert_true(value_equal(&one, &one));
	assert_false(value_equal(&one, &two));
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integral_numbers_become_integers),
		cmocka_unit_test(any_number_reads_as_double),
		cmocka_unit_test(integral_values_read_as_integers_where_they_fit),
		cmocka_unit_test(unsigned_is_only_for_what_needs_it),
		cmocka_unit_test(texts_compare_by_all_their_bytes),
		cmocka_unit_test(maps_are_looked_up_by_str_and_bin_keys),
		cmocka_unit_test(new_tables_are_zeroed_even_in_used_memory),
		cmocka_unit_test(a_copy_shares_nothing_with_its_original),
		cmocka_unit_test(a_copy_fails_cleanly_wherever_memory_ends),
		cmocka_unit_test(equality_is_to_the_letter),
		cmocka_unit_test(maps_are_equal_in_any_order),
		cmocka_unit_test(deep_maps_are_compared_in_bounded_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
