/* test_process.c - what /proc says of a child, from its begin to its end. */
#include "tests/lib/unit.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "server/process.h"

static void test_a_child_has_a_parent_and_a_start_until_it_is_gone(void **state)
{
	siginfo_t info;
	pid_t pid;

	(void)state;
	/* A name that looks like what comes behind it. */
	assert_int_equal(prctl(PR_SET_NAME, "a) Z 1 (b"), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(process_parent(pid), getpid());
	assert_true(process_start(pid) >= process_start(getpid()));
	assert_true(process_is_alive(pid));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(process_is_alive(pid));
	assert_int_equal(process_parent(pid), getpid());
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(process_is_alive(pid));
	assert_int_equal(process_parent(pid), 0);
	assert_int_equal(process_start(pid), 0);
}

static void test_shared_memory_is_told_by_itself(void **state)
{
	const size_t size = (size_t)32 << 20;
	uint64_t shared = process_shared_memory(getpid()), own = process_memory(getpid());
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(at, MAP_FAILED);
	memset(at, 1, size);
	assert_true(process_shared_memory(getpid()) >= shared + size);
	assert_true(process_memory(getpid()) < own + size);
	munmap(at, size);
	assert_true(process_shared_memory(getpid()) < shared + size);
	assert_int_equal(process_shared_memory(0), 0);
}

static void test_nobody_is_the_parent_of_the_first(void **state)
{
	(void)state;
	assert_int_equal(process_parent(1), 0);
	assert_int_equal(process_parent(0), 0);
	assert_true(process_start(getpid()) > 0);
}

static void share_a_processor(void)
{
	cpu_set_t first;
	int cpu = sched_getcpu();

	CPU_ZERO(&first);
	CPU_SET((size_t)(cpu > 0 ? cpu : 0), &first);
	assert_int_equal(sched_setaffinity(0, sizeof(first), &first), 0);
}

static void test_time_in_which_others_have_the_processor_is_told(void **state)
{
	int fd = process_waited_open(0);
	time_t end = time(NULL) + 60;
	double before;
	pid_t pid;

	(void)state;
	if (fd < 0)
		skip(); /* a kernel without schedstat */
	share_a_processor();
	before = process_waited(fd);
	pid = fork();
	assert_true(pid >= 0);
	while (pid == 0 && time(NULL) < end)
		; /* is in the way, until it is killed */
	while (process_waited(fd) <= before && time(NULL) < end)
		;
	assert_true(process_waited(fd) > before);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(fd);
	assert_true(process_waited(-1) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_child_has_a_parent_and_a_start_until_it_is_gone),
		cmocka_unit_test(test_shared_memory_is_told_by_itself),
		cmocka_unit_test(test_nobody_is_the_parent_of_the_first),
		cmocka_unit_test(test_time_in_which_others_have_the_processor_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
