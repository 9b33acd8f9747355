/* test_arena.c - pieces, limits, reuse. */
#include <stdalign.h>
#include "protocol/sanitize.h"
#include "tests/unit/mp_bytes.h"
#ifdef UNDER_ASAN
#include <sanitizer/asan_interface.h>
#endif

static void pieces_are_aligned_and_apart(void **state)
{
	struct arena a = {0};
	unsigned char *pieces[200];

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		pieces[i] = arena_alloc(&a, i);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		memset(pieces[i], (int)i, i);
	}
	for (size_t i = 0; i < 200; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_equal(pieces[i][j], i);
	arena_fini(&a);
}

static void a_large_piece_leaves_the_rest_of_the_chunk_in_use(void **state)
{
	struct arena a = {0};
	char *before, *large, *after;

	(void)state;
	before = arena_alloc(&a, 16);
	large = arena_alloc(&a, (size_t)3 << 20);
	assert_non_null(large);
	memset(large, 1, (size_t)3 << 20);
	after = arena_alloc(&a, 16);
	assert_ptr_equal(after, before + 16);
	arena_fini(&a);
}

static void the_limit_holds_to_the_byte(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 10000);
	assert_null(arena_alloc(&a, 10001));
	assert_non_null(arena_alloc(&a, 5008));
	assert_non_null(arena_alloc(&a, 4992));
	assert_null(arena_alloc(&a, 1));
	assert_int_equal(a.total, 10000);
	arena_fini(&a);
}

static void absurd_sizes_are_refused(void **state)
{
	struct arena a = {0};

	(void)state;
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 8));
	assert_null(arena_strndup(&a, "", SIZE_MAX));
	arena_fini(&a);
}

static void a_reset_keeps_the_first_chunk_only(void **state)
{
	struct arena a = {0};
	void *first = arena_alloc(&a, 100);
	size_t first_total = a.total;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_non_null(arena_alloc(&a, 5000));
	assert_true(a.total >= 500000);
	arena_reset(&a);
	assert_int_equal(a.total, first_total);
	assert_ptr_equal(arena_alloc(&a, 100), first);
	arena_fini(&a);
	assert_int_equal(a.total, 0);
}

static void an_empty_arena_can_be_reset_and_ended(void **state)
{
	struct arena a = {0};

	(void)state;
	arena_reset(&a);
	arena_fini(&a);
	arena_fini(NULL);
	assert_null(a.chunk);
}

static void texts_are_copied_with_a_nul_behind(void **state)
{
	struct arena a = {0};

	(void)state;
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(&a, NULL, 0), "");
	assert_string_equal(arena_printf(&a, "%s-%d", "x", 42), "x-42");
	arena_fini(&a);
}

static void texts_that_do_not_fit_are_refused(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 16);
	assert_null(arena_strndup(&a, "0123456789abcdef", 16));
	assert_null(arena_printf(&a, "%032d", 1));
	assert_non_null(arena_strndup(&a, "0123456789abcdef", 15));
	arena_fini(&a);
}

#ifdef UNDER_ASAN
/* The sanitizer then tells of plugins that use what is not theirs, or no longer. */
static void memory_that_is_not_given_is_forbidden(void **state)
{
	struct arena a = {0};
	char *text = arena_alloc(&a, 5);

	assert_false(__asan_address_is_poisoned(text + 4));
	assert_true(__asan_address_is_poisoned(text + 5));
	assert_true(__asan_address_is_poisoned(text + 16));
	arena_reset(&a);
	assert_true(__asan_address_is_poisoned(text));
	assert_ptr_equal(arena_alloc(&a, 1), text);
	assert_false(__asan_address_is_poisoned(text));
	arena_fini(&a);
	(void)state;
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_aligned_and_apart),
		cmocka_unit_test(a_large_piece_leaves_the_rest_of_the_chunk_in_use),
		cmocka_unit_test(the_limit_holds_to_the_byte),
		cmocka_unit_test(absurd_sizes_are_refused),
		cmocka_unit_test(a_reset_keeps_the_first_chunk_only),
		cmocka_unit_test(an_empty_arena_can_be_reset_and_ended),
		cmocka_unit_test(texts_are_copied_with_a_nul_behind),
		cmocka_unit_test(texts_that_do_not_fit_are_refused),
#ifdef UNDER_ASAN
		cmocka_unit_test(memory_that_is_not_given_is_forbidden),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
