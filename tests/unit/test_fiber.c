/* test_fiber.c - parking and resuming, interleaving, abandoning, the guard page. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "pdk-bridge/fiber.h"
#include "pdk-bridge/fiber_stack.h"
#include "tests/lib/unit.h"

struct counter {
	int steps;
	int sum;
	struct fiber *self;
};

static void count_up(void *arg)
{
	struct counter *c = arg;
	int i;

	c->self = fiber_current();
	for (i = 1; i <= c->steps; i++) {
		c->sum += i;
		fiber_park();
	}
}

static void fiber_runs_parks_and_ends(void **state)
{
	struct counter c = {.steps = 2};
	struct fiber_pool pool;
	struct fiber *f;

	(void)state;
	fiber_pool_init(&pool, FIBER_STACK_SIZE, 2);
	f = fiber_create(&pool, count_up, &c);
	assert_non_null(f);
	assert_ptr_equal(fiber_arg(f), &c);
	assert_null(fiber_current());
	assert_true(fiber_resume(f));
	assert_ptr_equal(c.self, f);
	assert_null(fiber_current());
	assert_int_equal(c.sum, 1);
	assert_true(fiber_resume(f));
	assert_false(fiber_resume(f));
	assert_int_equal(c.sum, 3);
	assert_int_equal(pool.live, 1);
	fiber_destroy(f);
	assert_int_equal(pool.live, 0);
	fiber_pool_fini(&pool);
}

/* Work that the optimiser can't keep off the stack. */
static int work_deep(int depth, int salt)
{
	volatile char room[512];

	memset((char *)room, salt, sizeof(room));
	if (depth == 0) {
		fiber_park();
		return room[7];
	}
	return work_deep(depth - 1, salt) + room[salt % 512] - salt;
}

struct worker {
	int salt;
	int result;
};

static void work(void *arg)
{
	struct worker *w = arg;
	int i;

	for (i = 0; i < 3; i++)
		w->result += work_deep(8, w->salt);
}

#define MANY 5000

static void thousands_of_fibers_interleave(void **state)
{
	static struct fiber *fibers[MANY];
	static struct worker workers[MANY];
	struct fiber_pool pool;
	int i, round;

	(void)state;
	fiber_pool_init(&pool, (size_t)256 << 10, MANY);
	for (i = 0; i < MANY; i++) {
		workers[i] = (struct worker){.salt = i % 100 + 1};
		fibers[i] = fiber_create(&pool, work, &workers[i]);
		assert_non_null(fibers[i]);
	}
	for (round = 0; round < 3; round++)
		for (i = 0; i < MANY; i++)
			assert_true(fiber_resume(fibers[(i * 7 + round) % MANY]));
	for (i = 0; i < MANY; i++) {
		assert_false(fiber_resume(fibers[i]));
		assert_int_equal(workers[i].result, 3 * workers[i].salt);
		fiber_destroy(fibers[i]);
	}
	assert_int_equal(pool.live, 0);
	assert_int_equal(pool.idle_count, MANY);
	fiber_pool_fini(&pool);
}

static void abandoned_stack_is_used_again(void **state)
{
	struct counter c = {.steps = 5}, d = {.steps = 1};
	struct fiber_pool pool;
	struct fiber *f, *g;

	(void)state;
	fiber_pool_init(&pool, FIBER_STACK_SIZE, 2);
	f = fiber_create(&pool, count_up, &c);
	assert_true(fiber_resume(f));
	fiber_destroy(f);
	assert_int_equal(c.sum, 1); /* never went on */
	g = fiber_create(&pool, count_up, &d);
	assert_ptr_equal(f, g);
	assert_true(fiber_resume(g));
	assert_false(fiber_resume(g));
	assert_int_equal(d.sum, 1);
	fiber_destroy(g);
	fiber_pool_fini(&pool);
}

static void fiber_that_never_ran_can_be_destroyed(void **state)
{
	struct counter c = {.steps = 5};
	struct fiber_pool pool;

	(void)state;
	fiber_pool_init(&pool, FIBER_STACK_SIZE, 0);
	fiber_destroy(fiber_create(&pool, count_up, &c));
	fiber_destroy(NULL);
	assert_int_equal(c.sum, 0);
	fiber_pool_fini(&pool);
	fiber_pool_fini(NULL);
}

static void run_at_once(struct fiber_pool *pool, size_t count)
{
	struct counter c = {.steps = 1};
	struct fiber *fibers[8];

	for (size_t i = 0; i < count; i++)
		fibers[i] = fiber_create(pool, count_up, &c);
	for (size_t i = 0; i < count; i++)
		fiber_destroy(fibers[i]);
}

static void stacks_that_nobody_used_since_the_last_trim_are_given_back(void **state)
{
	struct fiber_pool pool;

	(void)state;
	fiber_pool_init(&pool, FIBER_STACK_SIZE, 2);
	run_at_once(&pool, 8);
	fiber_pool_trim(&pool);
	assert_int_equal(pool.idle_count, 8);
	run_at_once(&pool, 5);
	fiber_pool_trim(&pool);
	assert_int_equal(pool.idle_count, 5);
	fiber_pool_trim(&pool);
	assert_int_equal(pool.idle_count, 2); /* as many stay */
	fiber_pool_trim(&pool);
	assert_int_equal(pool.idle_count, 2);
	fiber_pool_fini(&pool);
	assert_int_equal(pool.idle_count, 0);
}

static void last_stack_in_is_first_out(void **state)
{
	struct counter c = {.steps = 1};
	struct fiber_pool pool;
	struct fiber *a, *b;

	(void)state;
	fiber_pool_init(&pool, FIBER_STACK_SIZE, 2);
	a = fiber_create(&pool, count_up, &c);
	b = fiber_create(&pool, count_up, &c);
	fiber_destroy(a);
	fiber_destroy(b);
	assert_ptr_equal(fiber_create(&pool, count_up, &c), b);
	assert_ptr_equal(fiber_create(&pool, count_up, &c), a);
	fiber_destroy(a);
	fiber_destroy(b);
	fiber_pool_fini(&pool);
}

static void alloc_room(void *arg)
{
	volatile char room[4096];

	memset((char *)room, 1, sizeof(room));
	if (*(volatile int *)arg > 0) {
		*(volatile int *)arg -= 1;
		alloc_room(arg);
	}
	room[0] = room[1];
}

static void overflow(void *arg)
{
	*(int *)arg = 1 << 20;
	alloc_room(arg);
}

static void overflow_hits_the_guard_page(void **state)
{
	struct rlimit no_core = {0, 0};
	int status, depth = 0;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct fiber_pool pool;

		setrlimit(RLIMIT_CORE, &no_core);
		close(STDERR_FILENO); /* a sanitizer's report is of no use here */
		fiber_pool_init(&pool, FIBER_STACK_SIZE, 1);
		fiber_resume(fiber_create(&pool, overflow, &depth));
		_exit(0); /* 4 GiB of stack: it can't come here */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* the signal itself, or a sanitizer's report of it */
	assert_true(WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) != 0));
}

static bool is_in_memory(const struct fiber_stack *s, size_t below_top)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char there = 0;

	assert_int_equal(mincore((char *)s->bottom + s->size - below_top, page, &there), 0);
	return there & 1;
}

static void deeply_used_stack_gives_memory_back(void **state)
{
	struct fiber_stack s;
	size_t deep = FIBER_STACK_KEEP + ((size_t)512 << 10);

	(void)state;
	assert_int_equal(fiber_stack_map(FIBER_STACK_SIZE, &s), 0);
	memset((char *)s.bottom + s.size - deep, 1, deep);
	assert_true(is_in_memory(&s, deep));
	fiber_stack_recycle(&s);
	assert_false(is_in_memory(&s, deep));
	assert_true(is_in_memory(&s, 4096));
	fiber_stack_unmap(&s);
}

static void gaps_in_a_stack_are_given_back_in_time(void **state)
{
	struct fiber_stack s;
	size_t deep = FIBER_STACK_KEEP + ((size_t)512 << 10);
	int i;

	(void)state;
	assert_int_equal(fiber_stack_map(FIBER_STACK_SIZE, &s), 0);
	*((char *)s.bottom + s.size - deep) = 1; /* not where recycling looks */
	fiber_stack_recycle(&s);
	assert_true(is_in_memory(&s, deep));
	for (i = 0; i < 100; i++)
		fiber_stack_recycle(&s);
	assert_false(is_in_memory(&s, deep));
	fiber_stack_unmap(&s);
}

static void *run_in_thread(void *arg)
{
	struct counter c = {.steps = 1};
	struct fiber_pool pool;
	struct fiber *f;

	fiber_pool_init(&pool, FIBER_STACK_SIZE, 0);
	f = fiber_create(&pool, count_up, &c);
	fiber_resume(f);
	fiber_resume(f);
	fiber_destroy(f);
	fiber_pool_fini(&pool);
	*(int *)arg = c.sum;
	return NULL;
}

static void each_thread_has_its_own_loop(void **state)
{
	struct counter c = {.steps = 1};
	struct fiber_pool pool;
	struct fiber *f;
	pthread_t thread;
	int sum = 0;

	(void)state;
	fiber_pool_init(&pool, FIBER_STACK_SIZE, 0);
	f = fiber_create(&pool, count_up, &c);
	fiber_resume(f);
	assert_int_equal(pthread_create(&thread, NULL, run_in_thread, &sum), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(sum, 1);
	assert_false(fiber_resume(f));
	fiber_destroy(f);
	fiber_pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fiber_runs_parks_and_ends),
		cmocka_unit_test(thousands_of_fibers_interleave),
		cmocka_unit_test(abandoned_stack_is_used_again),
		cmocka_unit_test(fiber_that_never_ran_can_be_destroyed),
		cmocka_unit_test(stacks_that_nobody_used_since_the_last_trim_are_given_back),
		cmocka_unit_test(last_stack_in_is_first_out),
		cmocka_unit_test(overflow_hits_the_guard_page),
		cmocka_unit_test(deeply_used_stack_gives_memory_back),
		cmocka_unit_test(gaps_in_a_stack_are_given_back_in_time),
		cmocka_unit_test(each_thread_has_its_own_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
