/* test_mp_read.c - one complete value: types, borrowed texts, what is refused, bounded memory. */
#include "tests/unit/mp_bytes.h"

/* What most tests share. */
struct fixture {
	struct arena arena;
	struct value v;
	struct err err;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state == NULL;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_fini(&f->arena);
	free(f);
	return 0;
}

static const struct value *read_bytes(void **state, const unsigned char *bytes, size_t n)
{
	struct fixture *f = *state;

	assert_int_equal(mp_read_value(bytes, n, &f->arena, &f->v, &f->err), 0);
	return &f->v;
}

static void assert_refused(void **state, const unsigned char *bytes, size_t n, int code)
{
	struct fixture *f = *state;
	unsigned char *copy = exactly(bytes, n);

	f->err.text[0] = '\0';
	f->v = value_int(99);
	assert_int_equal(mp_read_value(copy, n, &f->arena, &f->v, &f->err), -code);
	assert_true(f->err.text[0] != '\0');
	assert_int_equal(f->v.i, 99);
	free(copy);
}

static void integers_of_all_widths(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		int64_t i;
	} rows[] = {
		{"\x00", 1, 0},
		{"\x7f", 1, 127},
		{"\xe0", 1, -32},
		{"\xff", 1, -1},
		{"\xcc\xff", 2, 255},
		{"\xcd\xff\xfe", 3, 65534},
		{"\xce\xff\xff\xff\xfe", 5, 4294967294},
		{"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MAX},
		{"\xd0\x80", 2, -128},
		{"\xd1\x80\x00", 3, -32768},
		{"\xd2\x80\x00\x00\x00", 5, -2147483648LL},
		{"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9, INT64_MIN},
		{"\xd3\x00\x00\x00\x00\x00\x00\x00\x07", 9, 7},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct value *v =
			read_bytes(state, (const unsigned char *)rows[i].bytes, rows[i].n);

		assert_int_equal(v->type, VALUE_INT);
		assert_true(v->i == rows[i].i);
	}
}

static void integers_beyond_int64_stay_exact(void **state)
{
	const struct value *v = read_bytes(state, BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"));

	assert_int_equal(v->type, VALUE_UINT);
	assert_true(v->u == UINT64_MAX);
}

static void floats_of_both_widths(void **state)
{
	const struct value *v = read_bytes(state, BYTES("\xca\x3f\x80\x00\x00"));

	assert_int_equal(v->type, VALUE_DOUBLE);
	assert_true(v->d == 1.0);
	v = read_bytes(state, BYTES("\xcb\x40\x04\x00\x00\x00\x00\x00\x00"));
	assert_int_equal(v->type, VALUE_DOUBLE);
	assert_true(v->d == 2.5);
}

static void nil_and_booleans(void **state)
{
	assert_int_equal(read_bytes(state, BYTES("\xc0"))->type, VALUE_NIL);
	assert_false(read_bytes(state, BYTES("\xc2"))->b);
	assert_true(read_bytes(state, BYTES("\xc3"))->b);
	assert_int_equal(((struct fixture *)*state)->v.type, VALUE_BOOL);
}

static void texts_borrow_the_bytes(void **state)
{
	static const char bytes[] = "\xda\x00\x03"
				    "a\0b";
	const struct value *v = read_bytes(state, BYTES(bytes));

	assert_int_equal(v->type, VALUE_STR);
	assert_int_equal(v->len, 3);
	assert_ptr_equal(v->s, bytes + 3);
	assert_int_equal(((struct fixture *)*state)->arena.total, 0);
}

static void bin_is_told_from_str(void **state)
{
	const struct value *v = read_bytes(state, BYTES("\xc4\x02\xff\x00"));

	assert_int_equal(v->type, VALUE_BIN);
	assert_int_equal(v->len, 2);
	assert_memory_equal(v->s, "\xff\x00", 2);
}

static void empty_texts_of_each_form_are_no_null_pointers(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = {{"\xa0", 1},
		    {"\xd9\x00", 2},
		    {"\xda\x00\x00", 3},
		    {"\xdb\x00\x00\x00\x00", 5},
		    {"\xc4\x00", 2},
		    {"\xc5\x00\x00", 3},
		    {"\xc6\x00\x00\x00\x00", 5}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct value *v =
			read_bytes(state, (const unsigned char *)rows[i].bytes, rows[i].n);

		assert_true(value_text_is(v, ""));
		assert_non_null(v->s);
	}
}

static void ext_reads_as_nil(void **state)
{
	const struct value *v = read_bytes(state, BYTES("\x93\xd4\x01x\xc7\x00\x01\x05"));

	assert_int_equal(v->len, 3);
	assert_int_equal(v->items[0].type, VALUE_NIL);
	assert_int_equal(v->items[1].type, VALUE_NIL);
	assert_int_equal(v->items[2].i, 5);
}

static void an_empty_array_is_not_an_empty_map(void **state)
{
	assert_int_equal(read_bytes(state, BYTES("\x90"))->type, VALUE_ARRAY);
	assert_int_equal(read_bytes(state, BYTES("\x80"))->type, VALUE_MAP);
	assert_int_equal(read_bytes(state, BYTES("\xdd\x00\x00\x00\x00"))->type, VALUE_ARRAY);
	assert_int_equal(read_bytes(state, BYTES("\xde\x00\x00"))->type, VALUE_MAP);
}

static void tables_keep_their_order_and_any_key(void **state)
{
	const struct value *v =
		read_bytes(state, BYTES("\x83\xc0\x01\x91\x05\x02\xa1k\x92\xc0\xc3"));

	assert_int_equal(v->type, VALUE_MAP);
	assert_int_equal(v->len, 3);
	assert_int_equal(v->pairs[0].key.type, VALUE_NIL);
	assert_int_equal(v->pairs[1].key.items[0].i, 5);
	assert_int_equal(v->pairs[1].value.i, 2);
	assert_text(&v->pairs[2].key, "k");
	assert_int_equal(v->pairs[2].value.items[0].type, VALUE_NIL);
	assert_true(v->pairs[2].value.items[1].b);
}

static void each_prefix_is_cut_short(void **state)
{
	const unsigned char message[] = "\x82\xa1k\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00\xc4\x03"
					"abc\xc7\x01\x02";
	const size_t n = sizeof(message) - 1;
	unsigned char whole[sizeof(message)];

	memcpy(whole, message, n);
	whole[n] = 'x';
	for (size_t i = 0; i < n + 1; i++)
		assert_refused(state, whole, i, E_MALFORMED);
	read_bytes(state, whole, n + 1);
}

static void bytes_left_over_are_refused(void **state)
{
	assert_refused(state, BYTES("\x01\x02"), E_MALFORMED);
	assert_refused(state, BYTES("\x91\x02\x03"), E_MALFORMED);
	assert_contains(((struct fixture *)*state)->err.text, "1 bytes left over");
}

static void unknown_bytes_are_refused(void **state)
{
	assert_refused(state, BYTES("\xc1"), E_MALFORMED);
	assert_refused(state, BYTES("\x91\xc1"), E_MALFORMED);
}

/* The arena of this test has room for ten items; a claim of 2^32 must not even be tried. */
static void counts_beyond_the_message_take_no_memory(void **state)
{
	struct fixture *f = *state;

	arena_init(&f->arena, 10 * sizeof(struct value));
	assert_refused(state, BYTES("\xdf\xff\xff\xff\xff\x01\x02\x03\x04\x05"), E_MALFORMED);
	assert_refused(state, BYTES("\xdd\xff\xff\xff\xff\x01\x02\x03\x04\x05"), E_MALFORMED);
	assert_refused(state, BYTES("\xdf\x80\x00\x00\x00\x01\x02\x03\x04\x05"), E_MALFORMED);
	assert_refused(state, BYTES("\x95\x01\x01\x01\x01"), E_MALFORMED);
	assert_refused(state, BYTES("\x82\x01\x01\x01"), E_MALFORMED);
	assert_refused(state, BYTES("\xc9\xff\xff\xff\xff\x01\x02\x03\x04\x05"), E_MALFORMED);
	assert_refused(state, BYTES("\xc9\xff\xff\xff\xff"), E_MALFORMED);
	/* the outer items have claimed the bytes that the inner ones want */
	assert_refused(state, BYTES("\x93\x93\x01\x01\x01\x01"), E_MALFORMED);
	assert_int_equal(f->arena.total, 10 * sizeof(struct value));
}

static size_t nest(unsigned char *bytes, unsigned char container, size_t depth)
{
	size_t n = 0;

	for (size_t i = 1; i < depth; i++) {
		bytes[n++] = container;
		if (container == 0x81)
			bytes[n++] = 0x01;
	}
	bytes[n++] = container & 0xf0;
	return n;
}

static void depth_is_limited(void **state)
{
	unsigned char bytes[2 * LIMIT_MESSAGE_DEPTH_MAX + 4];
	size_t n;

	for (int i = 0; i < 2; i++) {
		unsigned char container = i == 0 ? 0x91 : 0x81;

		n = nest(bytes, container, LIMIT_MESSAGE_DEPTH_MAX);
		read_bytes(state, bytes, n);
		n = nest(bytes, container, LIMIT_MESSAGE_DEPTH_MAX + 1);
		assert_refused(state, bytes, n, E_TOO_DEEP);
	}
}

static void lack_of_memory_is_told_wherever_it_comes(void **state)
{
	static const char message[] = "\x82\xa1k\x93\x01\x91\x90\x81\x01\x02\xa1l\x81\xc0\x91\x05";
	struct fixture *f = *state;
	size_t limit = 0;
	int rc;

	do {
		limit += 16;
		arena_fini(&f->arena);
		arena_init(&f->arena, limit);
		rc = mp_read_value(BYTES(message), &f->arena, &f->v, &f->err);
		assert_true(rc == 0 || rc == -E_NOMEM);
	} while (rc != 0);
	assert_int_equal(limit, 4 * sizeof(struct value_pair) + 5 * sizeof(struct value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(integers_of_all_widths),
		TEST(integers_beyond_int64_stay_exact),
		TEST(floats_of_both_widths),
		TEST(nil_and_booleans),
		TEST(texts_borrow_the_bytes),
		TEST(bin_is_told_from_str),
		TEST(empty_texts_of_each_form_are_no_null_pointers),
		TEST(ext_reads_as_nil),
		TEST(an_empty_array_is_not_an_empty_map),
		TEST(tables_keep_their_order_and_any_key),
		TEST(each_prefix_is_cut_short),
		TEST(bytes_left_over_are_refused),
		TEST(unknown_bytes_are_refused),
		TEST(counts_beyond_the_message_take_no_memory),
		TEST(depth_is_limited),
		TEST(lack_of_memory_is_told_wherever_it_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
