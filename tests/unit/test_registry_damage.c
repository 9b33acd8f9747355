/* test_registry_damage.c - the registry of instances: torn, damaged, sealed, and two that become one. */
#include "tests/unit/registry_fixture.h"

/* ---- damage ---- */

static void what_lies_behind_the_end_does_not_count(void **state)
{
	struct fixture *f = *state;
	int64_t a = add(f, 1, 0), b;
	char junk[300];

	memset(junk, 0xa5, sizeof(junk));
	assert_int_equal(pwrite(f->fd, junk, sizeof(junk), (off_t)head_of(f).end), 300);
	restart(f);
	b = add(f, 2, 0);
	assert_true(has(f, a, 1) && has(f, b, 2));
	assert_int_equal(registry_count(f->registry), 2);
}

static void a_damaged_row_costs_itself_and_what_follows(void **state)
{
	struct fixture *f = *state;
	struct registry *other = open_anew(f);
	struct registry_head head;
	struct instance_row row;
	int64_t a = add(f, 1, 0), b, c;
	off_t at = (off_t)head_of(f).end;

	b = add(f, 2, 0);
	c = add(f, 3, 0);
	head = head_of(f);
	assert_int_equal(pwrite(f->fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, at), 8);
	assert_int_equal(registry_find(other, a, &row, NULL), 0);
	assert_int_equal(registry_find(other, b, &row, NULL), -E_NO_INSTANCE);
	assert_false(has(f, b, 2) || has(f, c, 3));
	assert_true(has(f, a, 1));
	assert_true(head_of(f).end < head.end);
	c = add(f, 3, 0);
	assert_int_equal(registry_find(other, c, &row, NULL), 0);
	registry_close(other);
}

static void a_damaged_head_costs_all_rows_and_no_more(void **state)
{
	struct fixture *f = *state;
	struct registry *other = open_anew(f);
	struct instance_row row;
	int64_t a = add(f, 1, 0), b;

	assert_int_equal(registry_find(other, a, &row, NULL), 0);
	assert_int_equal(pwrite(f->fd, "damaged!", 8, 0), 8);
	assert_false(has(f, a, 1));
	b = add(f, 2, 0);
	assert_int_equal(registry_find(other, a, &row, NULL), -E_NO_INSTANCE);
	assert_int_equal(registry_find(other, b, &row, NULL), 0);
	assert_int_equal(registry_generation(other), GENERATION);
	registry_close(other);
}

/* Each byte of a small registry, set to each of a few values: whatever it says then, it goes on. */
static void no_single_byte_can_do_harm(void **state)
{
	static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
	struct fixture *f = *state;
	uint64_t end;
	int64_t id = 0;

	add(f, 1, 0);
	add(f, 2, 0);
	end = head_of(f).end;
	for (uint64_t at = 0; at < end; at++) {
		unsigned char value = values[at % sizeof(values)];

		if (at == sizeof(struct registry_head))
			at = REGISTRY_LOG_BEGIN;
		teardown(state);
		setup(state);
		f = *state;
		add(f, 1, 0);
		add(f, 2, 0);
		assert_int_equal(pwrite(f->fd, &value, 1, (off_t)at), 1);
		share(f, 3, 0, 0, &id);
		registry_evict(f->registry, 1000);
		assert_int_equal(share(f, 4, 0, 1000, &id), 0);
		assert_true(has(f, id, 4));
	}
}

static void random_bytes_are_survived(void **state)
{
	struct fixture *f = *state;
	unsigned seed = 1;
	int64_t id = 0;

	for (int round = 0; round < 2000; round++) {
		off_t at = (off_t)((seed = seed * 1103515245 + 12345) >> 8) %
			   (off_t)(head_of(f).end % 20000 + 1);
		uint32_t bytes = seed = seed * 1103515245 + 12345;

		assert_int_equal(pwrite(f->fd, &bytes, sizeof(bytes), at), 4);
		share(f, round % 100, 0, round, &id);
		registry_evict(f->registry, round);
	}
	assert_int_equal(share(f, 4, 0, 1e9, &id), 0);
	assert_true(has(f, id, 4));
}

static void what_is_no_registry_is_refused(void **state)
{
	struct fixture *f = *state;
	struct registry *r = NULL;
	int pipes[2], plain = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(registry_open(pipes[0], &f->options, &r, &f->err), -E_MALFORMED);
	assert_int_equal(registry_open(-1, &f->options, &r, &f->err), -E_MALFORMED);
	assert_int_equal(registry_open(plain, &f->options, &r, &f->err), -E_MALFORMED);
	assert_int_equal(fcntl(plain, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(registry_open(plain, &f->options, &r, &f->err), -E_MALFORMED);
	assert_int_equal(ftruncate(plain, 100000), 0);
	assert_int_equal(registry_open(plain, &f->options, &r, &f->err), -E_MALFORMED);
	assert_null(r);
	close(plain);
	close(pipes[0]);
	close(pipes[1]);
}

static void nobody_can_make_it_shorter_or_seal_it(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ftruncate(f->fd, 10), -1);
	assert_int_equal(fcntl(f->fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
}

/* ---- two become one ---- */

static void the_rows_of_another_registry_are_added_under_their_ids(void **state)
{
	struct fixture *f = *state;
	struct registry *own = f->registry, *from;
	int other_fd = -1;
	int64_t a, b, c;

	assert_int_equal(registry_file_create(9, &other_fd, &f->err), 0);
	assert_int_equal(registry_open(other_fd, &f->options, &from, &f->err), 0);
	a = add(f, 1, 0);
	f->registry = from;
	b = add(f, 2, 0);
	c = add(f, 3, 0);
	f->registry = own;
	assert_int_equal(registry_merge(own, from, &f->err), 0);
	assert_int_equal(registry_merge(own, from, &f->err), 0);
	assert_true(has(f, a, 1) && has(f, b, 2) && has(f, c, 3));
	assert_int_equal(add(f, 2, 0), b);
	assert_int_equal(registry_count(own), 3);
	registry_close(from);
	close(other_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_lies_behind_the_end_does_not_count),
		TEST(a_damaged_row_costs_itself_and_what_follows),
		TEST(a_damaged_head_costs_all_rows_and_no_more),
		TEST(no_single_byte_can_do_harm),
		TEST(random_bytes_are_survived),
		TEST(what_is_no_registry_is_refused),
		TEST(nobody_can_make_it_shorter_or_seal_it),
		TEST(the_rows_of_another_registry_are_added_under_their_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
