/* test_registry.c - the registry of instances: shared, torn, damaged, large, rewritten. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/log.h"
#include "server/registry/registry.h"
#include "server/registry/registry_log.h"
#include "tests/lib/unit.h"

#define GENERATION 42
#define ROW_IDLE 100.0

struct fixture {
	int fd;
	struct registry_options options;
	struct registry *registry;
	int64_t next_id;
	struct err err;
};

static int take(void *user, int64_t *ret_id, struct err *err)
{
	struct fixture *f = user;

	(void)err;
	*ret_id = f->next_id++;
	return 0;
}

static struct registry *open_anew(struct fixture *f)
{
	struct registry *r = NULL;

	if (registry_open(f->fd, &f->options, &r, &f->err) != 0)
		fail_msg("%s", f->err.text);
	return r;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL || registry_file_create(GENERATION, &f->fd, &f->err) != 0)
		return -1;
	log_open("stderr", LOG_LEVEL_EMERG, NULL);
	f->options = (struct registry_options){.max = 100000, .row_idle = ROW_IDLE};
	f->next_id = 1;
	f->registry = open_anew(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	registry_close(f->registry);
	close(f->fd);
	free(f);
	return 0;
}

static void restart(struct fixture *f)
{
	registry_close(f->registry);
	f->registry = open_anew(f);
}

/* The row of plugin "p" whose conf holds the number n and is `fill` bytes longer than it need be. */
static int share(struct fixture *f, int n, int fill, double now, int64_t *ret_id)
{
	const struct instance_ids ids = {take, f};
	struct instance_row row = {.plugin = "p", .refs = 1, .used_at = now};
	char *conf = NULL;
	int rc;

	row.conf_len = (size_t)asprintf(&conf, "{\"n\":%d,\"fill\":\"%0*d\"}", n, fill + 1, 0);
	row.conf = row.key = conf;
	row.key_len = row.conf_len;
	rc = registry_share(f->registry, &row, &ids, ret_id, &f->err);
	free(conf);
	return rc;
}

static int64_t add(struct fixture *f, int n, double now)
{
	int64_t id = 0;

	if (share(f, n, 0, now, &id) != 0)
		fail_msg("%s", f->err.text);
	return id;
}

static bool has(struct fixture *f, int64_t id, int n)
{
	struct instance_row row = {0};
	char start[32];

	if (registry_find(f->registry, id, &row, &f->err) != 0)
		return false;
	snprintf(start, sizeof(start), "{\"n\":%d,", n);
	assert_int_equal(row.id, id);
	assert_string_equal(row.plugin, "p");
	assert_memory_equal(row.conf, start, strlen(start));
	assert_string_equal(row.key, row.conf);
	return true;
}

static uint64_t memory_used(struct fixture *f)
{
	struct stat st;

	assert_int_equal(fstat(f->fd, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

static struct registry_head head_of(struct fixture *f)
{
	struct registry_head head;

	assert_int_equal(pread(f->fd, &head, sizeof(head), 0), (ssize_t)sizeof(head));
	return head;
}

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
		TEST(a_row_is_found_by_its_id_and_shared_by_its_key),
		TEST(an_unknown_id_is_told_in_the_words_of_the_contract),
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
