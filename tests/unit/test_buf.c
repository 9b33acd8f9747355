/* test_buf.c - growing, consuming, and memory that lives elsewhere. */
#include "tests/unit/mp_bytes.h"

/* A place of `room` bytes that counts what is moved by growing. */
struct place {
	size_t room;
	size_t moved;
	unsigned resizes, frees;
};

static void *place_resize(void *user, void *old, size_t old_size, size_t new_size)
{
	struct place *place = user;

	if (new_size > place->room)
		return NULL;
	if (new_size == 0) {
		place->frees++;
		free(old);
		return NULL;
	}
	place->resizes++;
	place->moved += old_size;
	return realloc(old, new_size);
}

static void a_zeroed_buffer_is_empty_and_usable(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_int_equal(buf_len(&b), 0);
	assert_null(buf_head(&b));
	buf_consume(&b, 10);
	buf_truncate(&b, 10);
	assert_int_equal(buf_append(&b, NULL, 0), 0);
	assert_int_equal(buf_append_str(&b, "abc"), 0);
	assert_bytes(&b, BYTES("abc"));
	buf_fini(&b);
	buf_fini(&b);
	buf_fini(NULL);
}

static void what_is_appended_comes_out_in_order(void **state)
{
	struct buf b = {0};
	unsigned in = 0, out = 0;

	(void)state;
	while (out < 100000) {
		for (unsigned i = 0; i < out % 97 + 10; i++, in++)
			assert_int_equal(buf_append(&b, &in, sizeof(in)), 0);
		for (unsigned i = 0; i < out % 89 + 5 && out < in; i++, out++) {
			assert_memory_equal(buf_head(&b), &out, sizeof(out));
			buf_consume(&b, sizeof(out));
		}
	}
	buf_fini(&b);
}

static void printing_appends(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_int_equal(buf_printf(&b, "%d,", 1), 0);
	assert_int_equal(buf_printf(&b, "%0600d", 2), 0);
	assert_int_equal(buf_len(&b), 602);
	assert_memory_equal(buf_head(&b), "1,0000", 6);
	buf_fini(&b);
}

static void truncating_undoes_an_append(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_append_str(&b, "xkeep");
	buf_consume(&b, 1);
	buf_append_str(&b, "drop");
	buf_truncate(&b, 4);
	buf_truncate(&b, 1000);
	assert_bytes(&b, BYTES("keep"));
	buf_fini(&b);
}

static void consuming_more_than_there_is_empties(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_append_str(&b, "abc");
	buf_consume(&b, 1000);
	assert_int_equal(buf_len(&b), 0);
	buf_append_str(&b, "d");
	assert_bytes(&b, BYTES("d"));
	buf_fini(&b);
}

static void an_emptied_large_buffer_gives_its_room_back(void **state)
{
	struct place place = {.room = SIZE_MAX};
	struct buf_mem mem = {.resize = place_resize, .user = &place};
	struct buf b;

	(void)state;
	buf_init(&b, &mem);
	assert_int_equal(buf_reserve(&b, 3 * BUF_KEEP), 0);
	buf_commit(&b, 3 * BUF_KEEP);
	buf_consume(&b, 3 * BUF_KEEP - 1);
	assert_int_equal(place.frees, 0);
	buf_consume(&b, 1);
	assert_int_equal(place.frees, 1);
	assert_int_equal(b.cap, 0);
	buf_append_str(&b, "x");
	buf_consume(&b, 1);
	assert_int_equal(place.frees, 1);
	buf_fini(&b);
	assert_int_equal(place.frees, 2);
}

static void a_full_place_refuses_and_keeps_the_content(void **state)
{
	struct place place = {.room = 700};
	struct buf_mem mem = {.resize = place_resize, .user = &place};
	char bytes[800] = {0};
	struct buf b;

	(void)state;
	buf_init(&b, &mem);
	assert_error(buf_append(&b, bytes, 701), NOMEM);
	assert_int_equal(buf_append_str(&b, "hello"), 0);
	assert_error(buf_append(&b, bytes, 696), NOMEM);
	assert_error(buf_printf(&b, "%0700d", 1), NOMEM);
	assert_bytes(&b, BYTES("hello"));
	assert_int_equal(buf_append(&b, bytes, 695), 0);
	buf_fini(&b);
}

static void a_full_place_is_used_to_its_last_byte(void **state)
{
	struct place place = {.room = 512};
	struct buf_mem mem = {.resize = place_resize, .user = &place};
	char bytes[512] = {0};
	struct buf b;

	(void)state;
	buf_init(&b, &mem);
	assert_int_equal(buf_append(&b, bytes, 512), 0);
	buf_consume(&b, 10); /* less than what stays: moving it is not free, but needed here */
	assert_int_equal(buf_append(&b, bytes, 10), 0);
	assert_error(buf_append(&b, bytes, 1), NOMEM);
	assert_int_equal(buf_len(&b), 512);
	buf_fini(&b);
}

static void sizes_beyond_memory_are_refused(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_append_str(&b, "abc");
	assert_error(buf_reserve(&b, SIZE_MAX), NOMEM);
	assert_error(buf_reserve(&b, SIZE_MAX / 2), NOMEM);
	assert_bytes(&b, BYTES("abc"));
	buf_fini(&b);
}

static void growing_moves_each_byte_a_bounded_number_of_times(void **state)
{
	struct place place = {.room = SIZE_MAX};
	struct buf_mem mem = {.resize = place_resize, .user = &place};
	static char piece[64 << 10];
	struct buf b;

	(void)state;
	buf_init(&b, &mem);
	for (int i = 0; i < 256; i++)
		assert_int_equal(buf_append(&b, piece, sizeof(piece)), 0);
	assert_true(place.moved <= 2 * buf_len(&b));
	assert_true(place.resizes < 20);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zeroed_buffer_is_empty_and_usable),
		cmocka_unit_test(what_is_appended_comes_out_in_order),
		cmocka_unit_test(printing_appends),
		cmocka_unit_test(truncating_undoes_an_append),
		cmocka_unit_test(consuming_more_than_there_is_empties),
		cmocka_unit_test(an_emptied_large_buffer_gives_its_room_back),
		cmocka_unit_test(a_full_place_refuses_and_keeps_the_content),
		cmocka_unit_test(a_full_place_is_used_to_its_last_byte),
		cmocka_unit_test(sizes_beyond_memory_are_refused),
		cmocka_unit_test(growing_moves_each_byte_a_bounded_number_of_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
