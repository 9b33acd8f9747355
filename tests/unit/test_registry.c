/* test_registry.c - the registry of instances: shared, large, rewritten. */
#include "tests/unit/registry_fixture.h"

/* ---- rows ---- */

static void a_row_is_found_by_its_id_and_shared_by_its_key(void **state)
{
	struct fixture *f = *state;
	int64_t a = add(f, 1, 0), b = add(f, 2, 0);

	assert_true(a != b);
	assert_int_equal(add(f, 1, 0), a);
	assert_true(has(f, a, 1) && has(f, b, 2));
	assert_int_equal(registry_count(f->registry), 2);
	assert_int_equal(registry_file_count(f->fd), 2);
	assert_int_equal(registry_generation(f->registry), GENERATION);
}

static void an_unknown_id_is_told_in_the_words_of_the_contract(void **state)
{
	struct fixture *f = *state;
	struct instance_row row;

	assert_int_equal(registry_find(f->registry, 9, &row, &f->err), -E_NO_INSTANCE);
	assert_string_equal(f->err.text, "no plugin instance 9");
	registry_use(f->registry, 9, 1, 1);
}

static void an_equal_row_is_found_by_its_key_which_is_no_use_of_it(void **state)
{
	struct fixture *f = *state;
	int64_t id = add(f, 1, 0), found = -7;
	struct instance_row row, other;

	assert_int_equal(registry_find(f->registry, id, &row, NULL), 0);
	other = row;
	other.key = "{}";
	other.key_len = 2;
	restart(f);
	assert_int_equal(registry_find_equal(f->registry, &other, &found, &f->err), 0);
	assert_int_equal(found, 0);
	assert_int_equal(registry_find(f->registry, id, &row, NULL), 0);
	other = row;
	other.key = strdup(row.key);
	assert_int_equal(registry_find_equal(f->registry, &other, &found, &f->err), 0);
	assert_int_equal(found, id);
	free((char *)other.key);
	assert_int_equal(registry_find(f->registry, id, &row, NULL), 0);
	assert_int_equal(row.refs, 1);
	assert_true(row.used_at == 0);
}

static void references_are_counted_and_never_below_zero(void **state)
{
	struct fixture *f = *state;
	int64_t id = add(f, 1, 0);
	struct instance_row row;

	add(f, 1, 0);
	registry_use(f->registry, id, 5, -1);
	assert_int_equal(registry_find(f->registry, id, &row, NULL), 0);
	assert_int_equal(row.refs, 1);
	assert_true(row.used_at == 5);
	registry_use(f->registry, id, 4, -1);
	registry_use(f->registry, id, 4, -1);
	assert_int_equal(registry_find(f->registry, id, &row, NULL), 0);
	assert_int_equal(row.refs, 0);
	assert_true(row.used_at == 5);
}

static void ten_thousand_rows_are_found_by_a_process_that_comes_later(void **state)
{
	struct fixture *f = *state;

	for (int n = 0; n < 10000; n++)
		assert_int_equal(add(f, n, 0), n + 1);
	restart(f);
	assert_int_equal(registry_count(f->registry), 10000);
	for (int n = 0; n < 10000; n++)
		assert_true(has(f, n + 1, n));
	for (int n = 0; n < 10000; n += 7)
		assert_int_equal(add(f, n, 0), n + 1);
}

static void a_row_may_be_large(void **state)
{
	struct fixture *f = *state;
	int64_t small, large = 0;

	assert_int_equal(share(f, 1, 3 << 20, 0, &large), 0);
	small = add(f, 2, 0);
	restart(f);
	assert_true(has(f, large, 1) && has(f, small, 2));
}

/* ---- several processes ---- */

/* In a process of its own; its exit status says how it went. */
static pid_t begin_child(struct fixture *f, void (*body)(struct fixture *f, int child), int child)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	f->registry = open_anew(f);
	f->next_id = 1000000 * (child + 1);
	body(f, child);
	_exit(0);
}

static void add_thousand(struct fixture *f, int child)
{
	for (int n = 0; n < 1000; n++) {
		int64_t id = 0;

		if (share(f, (n * 7 + child * 13) % 1000, 0, 0, &id) != 0)
			_exit(1);
	}
}

static void processes_that_add_at_once_agree(void **state)
{
	struct fixture *f = *state;
	pid_t pids[4];
	int status;

	for (int i = 0; i < 4; i++)
		pids[i] = begin_child(f, add_thousand, i);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(registry_count(f->registry), 1000);
	for (int n = 0; n < 1000; n++)
		add(f, n, 0);
	assert_int_equal(registry_count(f->registry), 1000);
}

static void add_one_traced(struct fixture *f, int child)
{
	int64_t id;

	(void)child;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(99);
	raise(SIGSTOP);
	share(f, 2, 5000, 50, &id);
}

/* Lets it run to its nth stop at a system call, and kills it there. False when it ended before. */
static bool kill_at_stop(pid_t pid, int n)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
		skip();
	while (WIFSTOPPED(status) && n-- > 0) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	if (!WIFSTOPPED(status))
		return false;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return true;
}

static void check_after_death(struct fixture *f, int64_t before)
{
	int64_t id = 0;

	assert_true(has(f, before, 1));
	assert_int_equal(share(f, 2, 5000, 50, &id), 0);
	assert_true(has(f, id, 2));
	restart(f);
	assert_true(has(f, before, 1) && has(f, id, 2));
	assert_int_equal(registry_count(f->registry), 2);
}

static void death_at_any_system_call_of_an_append_loses_nothing_else(void **state)
{
	struct fixture *f = *state;
	bool killed = true;
	int n = 0;

	for (; killed; n++) {
		int64_t before = add(f, 1, 0);

		killed = kill_at_stop(begin_child(f, add_one_traced, n), n);
		check_after_death(f, before);
		teardown(state);
		setup(state);
		f = *state;
	}
	assert_true(n > 10);
}

/* Full, so that a rewriting comes before the append; row 0 is idle, row 1 is not. */
static void death_at_any_system_call_of_a_rewriting_loses_nothing_else(void **state)
{
	struct fixture *f = *state;
	bool killed = true;
	int n = 0;

	for (; killed; n++) {
		int64_t before;

		f->options.max = 2;
		restart(f);
		add(f, 0, 50 - 2 * ROW_IDLE);
		before = add(f, 1, 0);
		killed = kill_at_stop(begin_child(f, add_one_traced, n), n);
		check_after_death(f, before);
		teardown(state);
		setup(state);
		f = *state;
	}
	assert_true(n > 20);
}

static void add_for_ever(struct fixture *f, int child)
{
	int64_t id;

	for (int n = 0;; n++)
		share(f, n % 50, 9000, (double)n + child, &id);
}

static void processes_that_are_killed_leave_it_whole(void **state)
{
	struct fixture *f = *state;
	struct instance_row row;
	int64_t id = 0;

	f->options.max = 20;
	f->options.row_idle = 5;
	restart(f);
	for (int round = 0; round < 30; round++) {
		pid_t pid = begin_child(f, add_for_ever, round);
		uint64_t seen = head_of(f).end;

		while (head_of(f).end - seen < 200000)
			;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	assert_int_equal(share(f, 1, 9000, 1e9, &id), 0);
	assert_int_equal(registry_find(f->registry, id, &row, NULL), 0);
	assert_int_equal(registry_generation(f->registry), GENERATION);
}

/* ---- rewriting ---- */

static void idle_rows_go_when_they_are_the_half_and_their_memory_too(void **state)
{
	struct fixture *f = *state;
	struct instance_row row;
	int64_t id;
	uint64_t full;

	for (int n = 0; n < 300; n++)
		assert_int_equal(share(f, n, 20000, n < 200 ? 0 : 90, &id), 0);
	full = memory_used(f);
	registry_evict(f->registry, 90);
	assert_int_equal(registry_count(f->registry), 300);
	registry_evict(f->registry, 160);
	assert_int_equal(registry_count(f->registry), 100);
	assert_true(memory_used(f) < full / 2);
	for (int n = 0; n < 300; n++)
		assert_int_equal(registry_find(f->registry, n + 1, &row, NULL) == 0, n >= 200);
}

static void few_idle_rows_stay(void **state)
{
	struct fixture *f = *state;

	for (int n = 0; n < 10; n++)
		add(f, n, n < 3 ? 0 : 150);
	registry_evict(f->registry, 160);
	assert_int_equal(registry_count(f->registry), 10);
}

static void another_process_sees_what_a_rewriting_left(void **state)
{
	struct fixture *f = *state;
	struct registry *other = open_anew(f);
	struct instance_row row;
	int64_t gone = add(f, 1, 0), kept = add(f, 2, 0), new;

	assert_int_equal(registry_find(other, gone, &row, NULL), 0);
	registry_use(other, kept, 150, 0);
	registry_evict(f->registry, 160);
	assert_int_equal(registry_find(other, gone, &row, NULL), -E_NO_INSTANCE);
	assert_int_equal(registry_find(other, kept, &row, NULL), 0);
	registry_use(other, kept, 170, 3);
	assert_int_equal(registry_find(f->registry, kept, &row, NULL), 0);
	assert_true(row.used_at == 170 && row.refs == 4);
	new = add(f, 3, 170);
	assert_int_equal(registry_find(other, new, &row, NULL), 0);
	registry_close(other);
}

static void there_is_room_again_when_all_rows_have_gone(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 50; round++) {
		add(f, round, round * 1000);
		registry_evict(f->registry, round * 1000 + 500);
		assert_int_equal(registry_count(f->registry), 0);
	}
	restart(f);
	assert_int_equal(registry_count(f->registry), 0);
	assert_true(memory_used(f) < 65536);
}

static void beyond_the_bound_only_what_is_idle_makes_room(void **state)
{
	struct fixture *f = *state;
	int64_t id = 0, busy;

	f->options.max = 3;
	restart(f);
	add(f, 1, 0);
	busy = add(f, 2, 0);
	add(f, 3, 0);
	assert_int_equal(share(f, 4, 0, 50, &id), -E_LIMIT);
	assert_non_null(strstr(f->err.text, "max_instances"));
	assert_int_equal(add(f, 2, 50), busy);
	assert_true(add(f, 4, 120) > busy);
	assert_true(has(f, busy, 2));
	assert_int_equal(registry_count(f->registry), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(a_row_is_found_by_its_id_and_shared_by_its_key),
		TEST(an_unknown_id_is_told_in_the_words_of_the_contract),
		TEST(an_equal_row_is_found_by_its_key_which_is_no_use_of_it),
		TEST(references_are_counted_and_never_below_zero),
		TEST(ten_thousand_rows_are_found_by_a_process_that_comes_later),
		TEST(a_row_may_be_large),
		TEST(processes_that_add_at_once_agree),
		TEST(death_at_any_system_call_of_an_append_loses_nothing_else),
		TEST(death_at_any_system_call_of_a_rewriting_loses_nothing_else),
		TEST(processes_that_are_killed_leave_it_whole),
		TEST(idle_rows_go_when_they_are_the_half_and_their_memory_too),
		TEST(few_idle_rows_stay),
		TEST(another_process_sees_what_a_rewriting_left),
		TEST(there_is_room_again_when_all_rows_have_gone),
		TEST(beyond_the_bound_only_what_is_idle_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
