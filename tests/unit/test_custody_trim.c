/* test_custody_trim.c - what large buffers leave in a segment, which is given back when nobody uses it. */
#include "tests/lib/unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/custody/custody.h"
#include "server/custody/custody_file.h"

#define SLOT 2

static const struct custody_layout layout = {.slots = 4, .events = 64, .region = 1 << 20};

static struct {
	int fd; /* the supervisor's */
	struct custody *c;
} t;

static int set_up(void **state)
{
	(void)state;
	if (custody_file_create(&layout, &t.fd, NULL) != 0)
		return -1;
	return custody_create(dup(t.fd), &t.c, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	custody_destroy(t.c);
	return close(t.fd);
}

static blkcnt_t blocks(void)
{
	struct stat st;

	assert_int_equal(fstat(t.fd, &st), 0);
	return st.st_blocks;
}

static void grow(struct buf *b, size_t size)
{
	assert_int_equal(buf_reserve(b, size), 0);
	memset(buf_tail(b), 'x', size);
	buf_commit(b, size);
}

#define LARGE ((size_t)1 << 19)
#define LARGE_BLOCKS (LARGE / 512 - BUF_KEEP / 512)

/* A buffer that was large and is empty. Returns what is kept of it. */
static blkcnt_t empty_large(struct custody_region *region, struct buf *b)
{
	custody_region_init(t.c, SLOT, CUSTODY_IN, region);
	buf_init(b, &region->mem);
	grow(b, LARGE);
	buf_consume(b, buf_len(b));
	return blocks();
}

static void test_an_emptied_large_buffer_gives_its_memory_back_after_a_while(void **state)
{
	struct custody_region region;
	struct buf b;
	blkcnt_t kept = empty_large(&region, &b);

	(void)state;
	custody_trim(t.c);
	assert_int_equal(blocks(), kept);
	custody_trim(t.c);
	assert_true(blocks() <= kept - (blkcnt_t)LARGE_BLOCKS);
	assert_int_equal(buf_append_str(&b, "again"), 0);
	assert_memory_equal(buf_head(&b), "again", 5);
}

static void test_memory_that_is_used_again_is_not_given_back(void **state)
{
	struct custody_region region;
	struct buf b;
	blkcnt_t kept = empty_large(&region, &b);

	(void)state;
	custody_trim(t.c);
	grow(&b, LARGE / 2);
	custody_trim(t.c);
	custody_trim(t.c);
	for (size_t i = 0; i < LARGE / 2; i++)
		assert_int_equal(buf_head(&b)[i], 'x');
	buf_consume(&b, buf_len(&b));
	custody_trim(t.c);
	custody_trim(t.c);
	assert_true(blocks() <= kept - (blkcnt_t)LARGE_BLOCKS);
}

static void test_a_slot_that_is_the_supervisors_again_is_left_alone(void **state)
{
	struct custody_region region;
	struct buf b;
	blkcnt_t kept = empty_large(&region, &b);

	(void)state;
	custody_forget(t.c, SLOT);
	custody_trim(t.c);
	custody_trim(t.c);
	assert_int_equal(blocks(), kept);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_emptied_large_buffer_gives_its_memory_back_after_a_while),
		TEST(test_memory_that_is_used_again_is_not_given_back),
		TEST(test_a_slot_that_is_the_supervisors_again_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
