/* test_mp_frame.c - where a message ends: in pieces, within limits, in linear time. */
#include <stdbool.h>
#include "tests/unit/mp_bytes.h"

static const struct limits usual = {LIMIT_MESSAGE_SIZE, LIMIT_MESSAGE_DEPTH};

static void *new_scan(void)
{
	void *scan = calloc(1, MP_SCAN_SIZE);

	assert_non_null(scan);
	return scan;
}

static int frame_once(const struct limits *limits, const unsigned char *bytes, size_t n,
		      size_t *ret_size)
{
	void *scan = new_scan();
	unsigned char *copy = exactly(bytes, n);
	int rc = mp_frame(scan, limits, copy, n, ret_size, NULL);

	free(copy);
	free(scan);
	return rc;
}

/* One message of each kind, each kind of length included. */
static const struct {
	const char *bytes;
	size_t n;
} kinds[] = {
#define KIND(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}
	KIND("\x00"),
	KIND("\x7f"),
	KIND("\xe0"),
	KIND("\xc0"),
	KIND("\xc2"),
	KIND("\xc3"),
	KIND("\xa0"),
	KIND("\xa3"
	     "abc"),
	KIND("\xd9\x00"),
	KIND("\xd9\x02xy"),
	KIND("\xda\x00\x00"),
	KIND("\xda\x00\x02xy"),
	KIND("\xdb\x00\x00\x00\x00"),
	KIND("\xdb\x00\x00\x00\x02xy"),
	KIND("\xc4\x00"),
	KIND("\xc4\x02xy"),
	KIND("\xc5\x00\x02xy"),
	KIND("\xc6\x00\x00\x00\x02xy"),
	KIND("\xc7\x00\x05"),
	KIND("\xc7\x02\x05xy"),
	KIND("\xc8\x00\x02\x05xy"),
	KIND("\xc9\x00\x00\x00\x02\x05xy"),
	KIND("\xd4\x05x"),
	KIND("\xd5\x05xy"),
	KIND("\xd6\x05wxyz"),
	KIND("\xd7\x05rstuwxyz"),
	KIND("\xd8\x05rstuwxyzrstuwxyz"),
	KIND("\xca\x3f\x80\x00\x00"),
	KIND("\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"),
	KIND("\xcc\xff"),
	KIND("\xcd\xff\xff"),
	KIND("\xce\xff\xff\xff\xff"),
	KIND("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
	KIND("\xd0\x80"),
	KIND("\xd1\x80\x00"),
	KIND("\xd2\x80\x00\x00\x00"),
	KIND("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"),
	KIND("\x90"),
	KIND("\x93\x01\x02\x03"),
	KIND("\xdc\x00\x02\x01\xa1x"),
	KIND("\xdd\x00\x00\x00\x02\x01\xa0"),
	KIND("\x80"),
	KIND("\x82\x01\x02\xa1k\x90"),
	KIND("\xde\x00\x01\xa1k\xc0"),
	KIND("\xdf\x00\x00\x00\x01\x80\x80"),
	KIND("\x92\x92\x91\x90\x80\x81\x91\x01\xc4\x01x"),
};

static void the_end_of_each_kind_of_value_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const unsigned char *bytes = (const unsigned char *)kinds[i].bytes;
		size_t size = 0;

		for (size_t n = 0; n < kinds[i].n; n++)
			assert_int_equal(frame_once(&usual, bytes, n, &size), 0);
		assert_int_equal(frame_once(&usual, bytes, kinds[i].n, &size), 1);
		assert_int_equal(size, kinds[i].n);
	}
}

/* All kinds as one stream that arrives in pieces of `step` bytes. */
static void frame_stream(size_t step)
{
	struct buf in = {0}, all = {0};
	void *scan = new_scan();
	size_t found = 0, size = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		assert_int_equal(buf_append(&all, kinds[i].bytes, kinds[i].n), 0);
	while (buf_len(&all) > 0) {
		size_t n = buf_len(&all) < step ? buf_len(&all) : step;

		assert_int_equal(buf_append(&in, buf_head(&all), n), 0);
		buf_consume(&all, n);
		while (mp_frame(scan, &usual, buf_head(&in), buf_len(&in), &size, NULL) == 1) {
			assert_int_equal(size, kinds[found].n);
			assert_memory_equal(buf_head(&in), kinds[found].bytes, size);
			buf_consume(&in, size);
			found++;
		}
	}
	assert_int_equal(found, sizeof(kinds) / sizeof(kinds[0]));
	buf_fini(&in);
	buf_fini(&all);
	free(scan);
}

static void messages_are_found_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t step = 1; step < 40; step++)
		frame_stream(step);
	frame_stream(100000);
}

/* What was looked at is overwritten with what would be an error, before the next piece comes. */
static void no_byte_is_looked_at_twice(void **state)
{
	enum {
		ITEMS = 5000,
		PIECE = 7
	};
	unsigned char bytes[3 + 3 * ITEMS] = {0xdc, ITEMS >> 8, ITEMS & 0xff};
	void *scan = new_scan();
	size_t size = 0;
	int rc = 0;

	(void)state;
	for (size_t i = 3; i < sizeof(bytes); i += 3)
		memcpy(bytes + i, "\xcd\x01\x02", 3);
	for (size_t n = 0; rc == 0; n += PIECE) {
		size_t end = n + PIECE < sizeof(bytes) ? n + PIECE : sizeof(bytes);

		rc = mp_frame(scan, &usual, bytes, end, &size, NULL);
		/* the last three bytes may belong to an unfinished item */
		if (end > 3)
			memset(bytes, 0xc1, end - 3);
	}
	assert_int_equal(rc, 1);
	assert_int_equal(size, sizeof(bytes));
	free(scan);
}

/* 16 MiB of text that is never there: only the length is looked at, and ASan would see the rest. */
static void a_large_body_is_skipped_not_read(void **state)
{
	const size_t body = (size_t)16 << 20, piece = 64 << 10;
	unsigned char *bytes = exactly(BYTES("\x91\xdb\x01\x00\x00\x00"));
	void *scan = new_scan();
	size_t size = 0, calls = 0;

	(void)state;
	for (size_t n = 6; n < 6 + body; n += piece, calls++)
		assert_int_equal(mp_frame(scan, &usual, bytes, n, &size, NULL), 0);
	assert_int_equal(mp_frame(scan, &usual, bytes, 6 + body, &size, NULL), 1);
	assert_int_equal(size, 6 + body);
	assert_int_equal(calls, 256);
	free(bytes);
	free(scan);
}

static void assert_refused(const struct limits *limits, const unsigned char *bytes, size_t n,
			   int code)
{
	struct err err = {""};
	void *scan = new_scan();
	unsigned char *copy = exactly(bytes, n);
	size_t size = 0;

	assert_int_equal(mp_frame(scan, limits, copy, n, &size, &err), -code);
	assert_true(err.text[0] != '\0');
	assert_int_equal(size, 0);
	free(copy);
	free(scan);
}

static void claims_beyond_the_limit_are_refused_at_once(void **state)
{
	(void)state;
	assert_refused(&usual, BYTES("\xdb\xff\xff\xff\xff"), E_TOO_LARGE);
	assert_refused(&usual, BYTES("\xc6\xff\xff\xff\xff"), E_TOO_LARGE);
	assert_refused(&usual, BYTES("\xc9\xff\xff\xff\xff"), E_TOO_LARGE);
	assert_refused(&usual, BYTES("\xc9\xff\xff\xff\xfe"), E_TOO_LARGE);
	assert_refused(&usual, BYTES("\xdd\xff\xff\xff\xff"), E_TOO_LARGE);
	assert_refused(&usual, BYTES("\xdf\xff\xff\xff\xff"), E_TOO_LARGE);
	assert_refused(&usual,
		       BYTES("\x94\x00\x01\xa1m\x91\x81\xa4"
			     "Data\xdb\x04\x00\x00\x00"),
		       E_TOO_LARGE);
	/* each alone would fit, both do not */
	assert_refused(&usual, BYTES("\x92\xdd\x02\x00\x00\x00\xdd\x02\x00\x00\x00"), E_TOO_LARGE);
	/* 2^25 pairs are 2^26 items */
	assert_refused(&usual, BYTES("\xdf\x02\x00\x00\x00"), E_TOO_LARGE);
}

static void the_size_limit_holds_to_the_byte(void **state)
{
	const struct limits six = {6, 4}, five = {5, 4}, none = {0, 4};
	size_t size = 0;

	(void)state;
	assert_int_equal(frame_once(&six, BYTES("\x91\xa4wxyz"), &size), 1);
	assert_int_equal(size, 6);
	assert_refused(&five, BYTES("\x91\xa4"), E_TOO_LARGE);
	assert_int_equal(frame_once(&six, BYTES("\x95\x01\x01\x01\x01\x01"), &size), 1);
	assert_refused(&five, BYTES("\x95"), E_TOO_LARGE);
	assert_refused(&five, BYTES("\x83"), E_TOO_LARGE);
	assert_refused(&none, BYTES("\x01"), E_TOO_LARGE);
	/* what follows a message does not count */
	assert_int_equal(frame_once(&six, BYTES("\x01\xa4zzzzzzzzzzzz"), &size), 1);
	assert_int_equal(size, 1);
}

/* `depth` containers in one another, the innermost one empty. */
static int frame_nested(const struct limits *limits, unsigned char container, size_t depth)
{
	unsigned char bytes[2 * LIMIT_MESSAGE_DEPTH_MAX + 4];
	size_t n = 0, size = 0;

	for (size_t i = 1; i < depth; i++) {
		bytes[n++] = container;
		if (container == 0x81)
			bytes[n++] = 0x01;
	}
	bytes[n++] = container & 0xf0;
	return frame_once(limits, bytes, n, &size);
}

static void depth_is_limited_for_arrays_and_maps(void **state)
{
	const struct limits three = {1000, 3}, absurd = {100000, 100000};

	(void)state;
	for (int i = 0; i < 2; i++) {
		unsigned char container = i == 0 ? 0x91 : 0x81;

		assert_int_equal(frame_nested(&three, container, 3), 1);
		assert_error(frame_nested(&three, container, 4), TOO_DEEP);
		assert_int_equal(frame_nested(&absurd, container, LIMIT_MESSAGE_DEPTH_MAX), 1);
		assert_error(frame_nested(&absurd, container, LIMIT_MESSAGE_DEPTH_MAX + 1),
			     TOO_DEEP);
	}
	/* side by side is not in one another */
	assert_int_equal(frame_once(&three, BYTES("\x93\x91\x90\x91\x90\x91\x90"), &(size_t){0}),
			 1);
	assert_refused(&three, BYTES("\x81\x81\x81\x90"), E_TOO_DEEP);
}

static void a_byte_that_begins_no_value_is_refused(void **state)
{
	(void)state;
	assert_refused(&usual, BYTES("\xc1"), E_MALFORMED);
	assert_refused(&usual, BYTES("\x92\x01\xc1"), E_MALFORMED);
}

static void the_state_holds_no_pointers(void **state)
{
	void *scan = new_scan(), *moved = new_scan();
	size_t size = 0;

	(void)state;
	assert_int_equal(mp_frame(scan, &usual, BYTES("\x92\x91\xa2x"), &size, NULL), 0);
	memcpy(moved, scan, MP_SCAN_SIZE);
	memset(scan, 0xff, MP_SCAN_SIZE);
	free(scan);
	assert_int_equal(mp_frame(moved, &usual, BYTES("\x92\x91\xa2xy\x05"), &size, NULL), 1);
	assert_int_equal(size, 6);
	free(moved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_each_kind_of_value_is_found),
		cmocka_unit_test(messages_are_found_however_they_are_cut),
		cmocka_unit_test(no_byte_is_looked_at_twice),
		cmocka_unit_test(a_large_body_is_skipped_not_read),
		cmocka_unit_test(claims_beyond_the_limit_are_refused_at_once),
		cmocka_unit_test(the_size_limit_holds_to_the_byte),
		cmocka_unit_test(depth_is_limited_for_arrays_and_maps),
		cmocka_unit_test(a_byte_that_begins_no_value_is_refused),
		cmocka_unit_test(the_state_holds_no_pointers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
