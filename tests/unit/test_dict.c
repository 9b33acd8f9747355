/* Shared dictionaries: what is kept, what makes room, what becomes of rubbish. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "plugins/shared/dict.h"
#include "plugins/shared/dict_layout.h"
#include "plugins/shared/dict_set.h"
#include "protocol/buf.h"
#include "protocol/err.h"

#define SIZE ((size_t)65536)

struct fixture {
	void *memory;
	struct dict *d;
	struct buf bytes;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(f->memory != MAP_FAILED);
	assert_int_equal(dict_format(f->memory, SIZE), 0);
	f->d = dict_create(f->memory, SIZE);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	bool is_sound = false;

	if (dict_validate(f->d, &is_sound) == DICT_OK)
		assert_true(is_sound);
	dict_destroy(f->d);
	buf_fini(&f->bytes);
	munmap(f->memory, SIZE);
	free(f);
	return 0;
}

static struct dict_key key_of(const char *text)
{
	return (struct dict_key){text, strlen(text)};
}

static enum dict_result put(struct fixture *f, const char *key, const char *text, size_t len)
{
	const struct dict_value value = {
		.type = DICT_STRING, .bytes = text, .len = len, .flags = 7};
	struct dict_store store = {.mode = DICT_SET};

	return dict_store(f->d, key_of(key), &value, &store);
}

static void assert_text(struct fixture *f, const char *key, const char *text, size_t len)
{
	struct dict_value value;

	assert_int_equal(dict_get(f->d, key_of(key), &f->bytes, &value), DICT_OK);
	assert_int_equal(value.type, DICT_STRING);
	assert_int_equal(value.len, len);
	assert_memory_equal(value.bytes, text, len);
	assert_int_equal(value.flags, 7);
}

/* Every length around the ends of blocks, so that each way of being cut is met. */
static void keeps_texts_of_any_length(void **state)
{
	struct fixture *f = *state;
	char text[1000];
	size_t before, after;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 26);
	assert_int_equal(dict_free_space(f->d, &before), DICT_OK);
	for (size_t len = 0; len < sizeof(text); len++) {
		assert_int_equal(put(f, "key", text, len), DICT_OK);
		assert_text(f, "key", text, len);
	}
	assert_int_equal(
		dict_store(f->d, key_of("key"), &(struct dict_value){0}, &(struct dict_store){0}),
		DICT_OK);
	assert_int_equal(dict_free_space(f->d, &after), DICT_OK);
	assert_int_equal(before, after);
}

static void long_keys_are_told_apart(void **state)
{
	struct fixture *f = *state;
	char one[500], two[500];

	memset(one, 'k', sizeof(one));
	memset(two, 'k', sizeof(two));
	one[499] = two[499] = '\0';
	two[498] = 'x';
	assert_int_equal(put(f, one, "1", 1), DICT_OK);
	assert_int_equal(put(f, two, "2", 1), DICT_OK);
	assert_text(f, one, "1", 1);
	assert_text(f, two, "2", 1);
}

static void what_was_used_longest_ago_makes_room(void **state)
{
	struct fixture *f = *state;
	struct dict_value value;
	char key[16];
	size_t n = 0;
	struct dict_store store = {.mode = DICT_SET};
	const struct dict_value number = {.type = DICT_NUMBER, .number = 1};

	assert_int_equal(put(f, "first", "1", 1), DICT_OK);
	assert_int_equal(put(f, "second", "2", 1), DICT_OK);
	for (; !store.was_forcible; n++) {
		assert_text(f, "first", "1", 1);
		snprintf(key, sizeof(key), "key %zu", n);
		assert_int_equal(dict_store(f->d, key_of(key), &number, &store), DICT_OK);
	}
	assert_in_range(n, 300, 600);
	assert_text(f, "first", "1", 1);
	assert_int_equal(dict_get(f->d, key_of("second"), &f->bytes, &value), DICT_ABSENT);
	store.is_safe = true;
	assert_int_equal(dict_store(f->d, key_of("another"), &number, &store), DICT_FULL);
	assert_false(store.was_forcible);
}

static void what_never_fits_is_refused(void **state)
{
	struct fixture *f = *state;
	static char text[SIZE];

	assert_int_equal(put(f, "key", "x", 1), DICT_OK);
	assert_int_equal(put(f, "large", text, sizeof(text)), DICT_FULL);
	assert_int_equal(dict_take_emptied(f->d), 0);
}

static void lists_give_back_all_that_they_took(void **state)
{
	struct fixture *f = *state;
	struct dict_value value = {.type = DICT_STRING, .bytes = "0123456789", .len = 10};
	size_t before, after, len;

	assert_int_equal(dict_free_space(f->d, &before), DICT_OK);
	for (size_t i = 0; i < 50; i++) {
		assert_int_equal(dict_push(f->d, key_of("list"), &value,
					   i % 2 ? DICT_FRONT : DICT_BACK, &len),
				 DICT_OK);
		assert_int_equal(len, i + 1);
	}
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(dict_pop(f->d, key_of("list"), i % 3 ? DICT_FRONT : DICT_BACK,
					  &f->bytes, &value),
				 DICT_OK);
	assert_int_equal(dict_len(f->d, key_of("list"), &len), DICT_OK);
	assert_int_equal(len, 0);
	assert_int_equal(dict_free_space(f->d, &after), DICT_OK);
	assert_int_equal(before, after);
}

/* ---- rubbish ---- */

/* The same ones each time. */
static uint32_t next_number(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(*seed >> 33);
}

/* All that a plugin can ask for. What it gets is of no interest; that it gets it is. */
static void use_all(struct fixture *f)
{
	static const char long_text[300];
	struct dict_value value = {.type = DICT_STRING, .bytes = "0123456789", .len = 10};
	struct dict_incr incr = {.by = 1, .has_init = true};
	struct buf keys = {0};
	char key[16];
	int64_t ttl;
	size_t n;

	for (int i = 0; i < 8; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		dict_get_stale(f->d, key_of(key), &f->bytes, &value);
		put(f, key, long_text, sizeof(long_text));
		dict_incr(f->d, key_of("number"), &incr);
		dict_push(f->d, key_of("list"), &value, DICT_FRONT, &n);
		dict_pop(f->d, key_of("list"), DICT_BACK, &f->bytes, &value);
		dict_ttl(f->d, key_of(key), &ttl);
	}
	dict_keys(f->d, DICT_NO_LIMIT, &keys);
	dict_flush_stale(f->d, DICT_NO_LIMIT, &n);
	dict_flush(f->d);
	buf_fini(&keys);
}

/* Neither crashes nor loops nor leaves the memory (AddressSanitizer looks on), and is of use again. */
static void rubbish_in_the_memory_harms_nobody(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = 20;
	uint32_t *words = f->memory;
	size_t first = sizeof(struct dict_head) / sizeof(*words);

	for (int round = 0; round < 3000; round++) {
		use_all(f);
		for (int i = 0; i < 40; i++) {
			size_t at = first + next_number(&seed) % (SIZE / sizeof(*words) - first);

			words[at] = next_number(&seed) % 2 ? next_number(&seed)
							   : next_number(&seed) % 600;
		}
	}
	use_all(f);
	f->d->is_damaged = true;
	use_all(f);
	assert_true(dict_take_emptied(f->d) > 0);
}

static void rubbish_in_the_head_harms_nobody(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = 21;
	struct dict_head *head = f->d->head;
	uint32_t *const words[] = {&head->free_first, &head->fresh,  &head->free_count,
				   &head->newest,     &head->oldest, &head->items};

	for (int round = 0; round < 3000; round++) {
		use_all(f);
		*words[next_number(&seed) % 6] = next_number(&seed) % 2 ? next_number(&seed)
									: next_number(&seed) % 600;
	}
	use_all(f);
	f->d->is_damaged = true;
	use_all(f);
}

static void a_memory_without_a_head_is_not_used(void **state)
{
	struct fixture *f = *state;
	struct dict_value value;

	memset(f->memory, 0xa5, SIZE);
	assert_int_equal(dict_get(f->d, key_of("key"), &f->bytes, &value), DICT_UNUSABLE);
	assert_int_equal(put(f, "key", "x", 1), DICT_UNUSABLE);
}

/* ---- sets ---- */

static void sets_of_one_list_have_one_memory(void **state)
{
	struct fixture *f = *state;
	struct dict_set one, two;
	const struct dict_value value = {.type = DICT_NUMBER, .number = 5};
	struct dict_store store = {0};
	struct dict_value found;
	int fd;

	dict_set_init(&one);
	dict_set_init(&two);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(dict_set_add(i ? &two : &one, "a", 8192, NULL), 0);
		assert_int_equal(dict_set_add(i ? &two : &one, "b", 100000, NULL), 0);
	}
	assert_int_equal(dict_set_create_file(&one, &fd, NULL), 0);
	assert_int_equal(dict_set_open(&one, fd, NULL), 0);
	assert_int_equal(dict_set_open(&two, fd, NULL), 0);
	assert_int_equal(dict_store(one.entries[1].dict, key_of("x"), &value, &store), DICT_OK);
	assert_int_equal(dict_get(two.entries[1].dict, key_of("x"), &f->bytes, &found), DICT_OK);
	assert_int_equal(dict_get(two.entries[0].dict, key_of("x"), &f->bytes, &found),
			 DICT_ABSENT);
	dict_set_fini(&two);
	assert_int_equal(dict_set_add(&two, "a", 8192, NULL), 0);
	assert_int_equal(dict_set_open(&two, fd, NULL), -E_MALFORMED);
	dict_set_fini(&one);
	dict_set_fini(&two);
	close(fd);
}

static void a_dictionary_has_one_size_and_a_sane_one(void **state)
{
	struct dict_set set;

	(void)state;
	dict_set_init(&set);
	assert_int_equal(dict_set_add(&set, "a", 8192, NULL), 0);
	assert_int_equal(dict_set_add(&set, "a", 16384, NULL), 0);
	assert_int_equal(set.count, 1);
	assert_int_equal(dict_set_size(&set), 16384);
	assert_int_equal(dict_set_add(&set, "b", 4096, NULL), -E_CONF);
	assert_int_equal(dict_set_add(&set, "", 8192, NULL), -E_CONF);
	dict_set_fini(&set);
}

#define DICT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DICT_TEST(keeps_texts_of_any_length),
		DICT_TEST(long_keys_are_told_apart),
		DICT_TEST(what_was_used_longest_ago_makes_room),
		DICT_TEST(what_never_fits_is_refused),
		DICT_TEST(lists_give_back_all_that_they_took),
		DICT_TEST(rubbish_in_the_memory_harms_nobody),
		DICT_TEST(rubbish_in_the_head_harms_nobody),
		DICT_TEST(a_memory_without_a_head_is_not_used),
		DICT_TEST(sets_of_one_list_have_one_memory),
		cmocka_unit_test(a_dictionary_has_one_size_and_a_sane_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
