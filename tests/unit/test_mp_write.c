/* test_mp_write.c - values to bytes: the forms that the gateway reads, and failures that leave nothing. */
#include "tests/unit/mp_bytes.h"

static void assert_written(struct value v, const unsigned char *bytes, size_t n)
{
	struct buf out = {0};

	assert_int_equal(mp_write_value(&out, &v), 0);
	assert_bytes(&out, bytes, n);
	buf_fini(&out);
}

static void integers_take_their_smallest_form(void **state)
{
	(void)state;
	assert_written(value_int(0), BYTES("\x00"));
	assert_written(value_int(127), BYTES("\x7f"));
	assert_written(value_int(128), BYTES("\xcc\x80"));
	assert_written(value_int(256), BYTES("\xcd\x01\x00"));
	assert_written(value_int(65536), BYTES("\xce\x00\x01\x00\x00"));
	assert_written(value_int(4294967296), BYTES("\xcf\x00\x00\x00\x01\x00\x00\x00\x00"));
	assert_written(value_uint(UINT64_MAX), BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"));
	assert_written(value_int(-1), BYTES("\xff"));
	assert_written(value_int(-32), BYTES("\xe0"));
	assert_written(value_int(-33), BYTES("\xd0\xdf"));
	assert_written(value_int(-129), BYTES("\xd1\xff\x7f"));
	assert_written(value_int(-32769), BYTES("\xd2\xff\xff\x7f\xff"));
	assert_written(value_int(INT64_MIN), BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"));
}

static void numbers_with_fractions_are_float64(void **state)
{
	(void)state;
	assert_written(value_number(2.5), BYTES("\xcb\x40\x04\x00\x00\x00\x00\x00\x00"));
	assert_written(value_number(3), BYTES("\x03"));
	assert_written(value_double(3), BYTES("\xcb\x40\x08\x00\x00\x00\x00\x00\x00"));
}

static void nil_and_booleans(void **state)
{
	(void)state;
	assert_written(value_nil(), BYTES("\xc0"));
	assert_written(value_bool(false), BYTES("\xc2"));
	assert_written(value_bool(true), BYTES("\xc3"));
}

static void texts_keep_their_kind(void **state)
{
	struct value bin = {.type = VALUE_BIN, .len = 2, .s = "a\0"};

	(void)state;
	assert_written(value_str(""), BYTES("\xa0"));
	assert_written(value_strn("a\0b", 3), BYTES("\xa3"
						    "a\0b"));
	assert_written(bin, BYTES("\xc4\x02"
				  "a\0"));
	bin.len = 0;
	bin.s = NULL;
	assert_written(bin, BYTES("\xc4\x00"));
}

static void lengths_take_their_smallest_form(void **state)
{
	static const struct {
		uint32_t len;
		const char *head;
		size_t n;
	} rows[] = {{31, "\xbf", 1},
		    {32, "\xd9\x20", 2},
		    {255, "\xd9\xff", 2},
		    {256, "\xda\x01\x00", 3},
		    {65535, "\xda\xff\xff", 3},
		    {65536, "\xdb\x00\x01\x00\x00", 5}};
	static char text[65536];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct value v = value_strn(text, rows[i].len);
		struct buf out = {0};

		assert_int_equal(mp_write_value(&out, &v), 0);
		assert_int_equal(buf_len(&out), rows[i].n + rows[i].len);
		assert_memory_equal(buf_head(&out), rows[i].head, rows[i].n);
		buf_fini(&out);
	}
}

static void empty_array_and_empty_map_stay_apart(void **state)
{
	(void)state;
	assert_written((struct value){.type = VALUE_ARRAY}, BYTES("\x90"));
	assert_written((struct value){.type = VALUE_MAP}, BYTES("\x80"));
}

/* {k = [nil, x], 1 = {}} */
static struct value make_tree(struct arena *arena)
{
	struct value map;

	assert_int_equal(value_new_map(arena, 2, &map), 0);
	map.pairs[0].key = value_str("k");
	assert_int_equal(value_new_array(arena, 2, &map.pairs[0].value), 0);
	map.pairs[0].value.items[1] = value_str("x");
	map.pairs[1].key = value_int(1);
	map.pairs[1].value.type = VALUE_MAP;
	return map;
}

static void tables_are_written_in_order(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_written(make_tree(&arena), BYTES("\x82\xa1k\x92\xc0\xa1x\x01\x80"));
	arena_fini(&arena);
}

static void *limited_resize(void *user, void *old, size_t old_size, size_t new_size)
{
	(void)old_size;
	if (new_size == 0) {
		free(old);
		return NULL;
	}
	return new_size <= *(size_t *)user ? realloc(old, new_size) : NULL;
}

static void a_failed_write_appends_nothing(void **state)
{
	struct arena arena = {0};
	struct value tree = make_tree(&arena);
	size_t room = 3;
	struct buf_mem mem = {.resize = limited_resize, .user = &room};
	struct buf out;
	int rc;

	(void)state;
	do {
		buf_init(&out, &mem);
		assert_int_equal(buf_append_str(&out, "abc"), 0);
		room++;
		rc = mp_write_value(&out, &tree);
		if (rc != 0) {
			assert_error(rc, NOMEM);
			assert_bytes(&out, BYTES("abc"));
		}
		buf_fini(&out);
	} while (rc != 0);
	assert_int_equal(room, 3 + 9);
	arena_fini(&arena);
}

static void depth_is_limited(void **state)
{
	struct value nested[LIMIT_MESSAGE_DEPTH_MAX + 1];
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i <= LIMIT_MESSAGE_DEPTH_MAX; i++)
		nested[i] = (struct value){.type = VALUE_ARRAY, .len = 1, .items = &nested[i + 1]};
	nested[LIMIT_MESSAGE_DEPTH_MAX].len = 0;
	assert_error(mp_write_value(&out, &nested[0]), TOO_DEEP);
	assert_int_equal(buf_len(&out), 0);
	assert_int_equal(mp_write_value(&out, &nested[1]), 0);
	assert_int_equal(buf_len(&out), LIMIT_MESSAGE_DEPTH_MAX);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_take_their_smallest_form),
		cmocka_unit_test(numbers_with_fractions_are_float64),
		cmocka_unit_test(nil_and_booleans),
		cmocka_unit_test(texts_keep_their_kind),
		cmocka_unit_test(lengths_take_their_smallest_form),
		cmocka_unit_test(empty_array_and_empty_map_stay_apart),
		cmocka_unit_test(tables_are_written_in_order),
		cmocka_unit_test(a_failed_write_appends_nothing),
		cmocka_unit_test(depth_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
