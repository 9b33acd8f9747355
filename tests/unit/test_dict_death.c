/* Shared dictionaries whose users are killed: at each place that dict_fault.def names, and at random under load. */
#include "tests/lib/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "plugins/shared/dict.h"
#include "plugins/shared/dict_fault.h"
#include "protocol/buf.h"

#ifdef OUTRIGGER_FAULTS

#define SIZE ((size_t)16384)
#define CHILDREN 4
#define KILLS 150

static enum dict_fault armed = DICT_FAULT_COUNT;
static unsigned left;

static void kill_self(enum dict_fault fault)
{
	if (fault == armed && --left == 0)
		kill(getpid(), SIGKILL);
}

static void *make_memory(void)
{
	void *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	assert_int_equal(dict_format(memory, SIZE), 0);
	return memory;
}

static struct dict_key key_of(const char *text)
{
	return (struct dict_key){text, strlen(text)};
}

/* One of everything; values of all lengths, in a memory that is always full. */
static void work(struct dict *d, unsigned seed)
{
	static char text[2000];
	struct buf bytes = {0};
	struct dict_value value = {.type = DICT_STRING, .bytes = text, .len = seed % sizeof(text)};
	struct dict_value found;
	struct dict_store store = {.ttl = seed % 3};
	struct dict_incr incr = {.by = 1, .has_init = true};
	char key[32];
	size_t n;

	snprintf(key, sizeof(key), "key %u", seed % 50);
	dict_store(d, key_of(key), &value, &store);
	dict_get(d, key_of("key 7"), &bytes, &found);
	dict_incr(d, key_of("count"), &incr);
	value.len %= 300;
	dict_push(d, key_of("list"), &value, seed % 2 ? DICT_FRONT : DICT_BACK, &n);
	if (seed % 4 != 0)
		dict_pop(d, key_of("list"), DICT_FRONT, &bytes, &found);
	if (seed % 97 == 0)
		dict_flush(d);
	dict_flush_stale(d, 3, &n);
	buf_fini(&bytes);
}

static void die_at(void *memory, enum dict_fault fault, unsigned time)
{
	struct dict *d = dict_create(memory, SIZE);

	armed = fault;
	left = time;
	dict_fault_hook = kill_self;
	for (unsigned i = 0; i < 200; i++)
		work(d, i * 7919);
	_exit(1);
}

static void assert_in_order(struct dict *d)
{
	bool is_sound = false;

	assert_int_equal(dict_validate(d, &is_sound), DICT_OK);
	assert_true(is_sound);
	for (unsigned i = 0; i < 50; i++)
		work(d, i * 104729);
	assert_int_equal(dict_validate(d, &is_sound), DICT_OK);
	assert_true(is_sound);
}

/* Where nothing was linked yet, or all was, what was there is there still. */
static bool loses_nothing(enum dict_fault fault)
{
	return fault == DICT_FAULT_LOCKED || fault == DICT_FAULT_CHANGED ||
	       fault == DICT_FAULT_UNLOCKED;
}

static void a_death_at_any_place_harms_nobody_else(void **state)
{
	(void)state;
	for (enum dict_fault fault = 0; fault < DICT_FAULT_COUNT; fault++) {
		for (unsigned time = 1; time <= 40; time += 13) {
			void *memory = make_memory();
			struct dict *d = dict_create(memory, SIZE);
			pid_t pid = fork();
			int status;

			if (pid == 0)
				die_at(memory, fault, time);
			assert_int_equal(waitpid(pid, &status, 0), pid);
			assert_true(WIFSIGNALED(status));
			assert_in_order(d);
			assert_int_equal(dict_take_emptied(d), loses_nothing(fault) ? 0 : 1);
			dict_destroy(d);
			munmap(memory, SIZE);
		}
	}
}

static pid_t start_child(void *memory, unsigned seed)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	alarm(600);
	for (struct dict *d = dict_create(memory, SIZE);; seed = seed * 1103515245 + 12345)
		work(d, seed >> 8);
}

/* Each round ends when a further one of the others' calls has come through, so that nobody sleeps. */
static void deaths_under_load_leave_it_in_order(void **state)
{
	void *memory = make_memory();
	struct dict *d = dict_create(memory, SIZE);
	pid_t children[CHILDREN];

	(void)state;
	for (unsigned i = 0; i < CHILDREN; i++)
		children[i] = start_child(memory, i);
	for (unsigned i = 0; i < KILLS; i++) {
		pid_t *child = &children[i % CHILDREN];

		for (unsigned j = 0; j < i % 17; j++)
			work(d, i * j);
		kill(*child, SIGKILL);
		waitpid(*child, NULL, 0);
		*child = start_child(memory, i);
	}
	for (unsigned i = 0; i < CHILDREN; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	assert_in_order(d);
	dict_destroy(d);
	munmap(memory, SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_death_at_any_place_harms_nobody_else),
		cmocka_unit_test(deaths_under_load_leave_it_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	return 0; /* there are no such places in this build */
}

#endif
