/* test_peer.c - who is at the other end. */
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/socket/peer.h"
#include "tests/lib/unit.h"

static void process_has_one_number_and_another_has_another(void **state)
{
	int ours[2], again[2], status;
	uint64_t number = 0, other = 0;
	int report[2];
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ours), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, again), 0);
	number = peer_process(ours[0]);
	assert_true(number != 0);
	assert_true(peer_process(again[1]) == number);
	assert_int_equal(pipe(report), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0)
			other = peer_process(pair[0]);
		_exit(write(report[1], &other, sizeof(other)) != sizeof(other));
	}
	assert_int_equal(read(report[0], &other, sizeof(other)), sizeof(other));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(other != 0 && other != number);
	assert_true(peer_process(report[0]) == 0); /* no socket */
	for (int i = 0; i < 2; i++) {
		close(ours[i]);
		close(again[i]);
		close(report[i]);
	}
}

/* ---- who connects again and again ---- */

static struct peer_seen *seen_of_us(struct peer_memo *memo)
{
	for (unsigned i = 0; i < PEER_MEMO; i++)
		if (memo->seen[i].pid == getpid())
			return &memo->seen[i];
	return NULL;
}

static void what_is_known_of_a_living_process_is_not_read_again(void **state)
{
	struct peer_memo memo = {0};
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_true(peer_memo_process(&memo, pair[0]) == peer_process(pair[0]));
	assert_non_null(seen_of_us(&memo));
	seen_of_us(&memo)->process = 5;
	assert_true(peer_memo_process(&memo, pair[0]) == 5);
	peer_memo_fini(&memo);
	assert_true(peer_memo_process(&memo, pair[0]) == peer_process(pair[0]));
	peer_memo_fini(&memo);
	close(pair[0]);
	close(pair[1]);
}

static int pidfd_of_a_dead_process(void)
{
	pid_t pid = fork();
	int fd;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(0);
	fd = pidfd_open(pid, 0);
	assert_true(fd >= 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return fd;
}

static void what_was_known_of_a_dead_process_is_not_said_of_who_has_its_pid(void **state)
{
	struct peer_memo memo = {0};
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	memo.seen[0] = (struct peer_seen){getpid(), pidfd_of_a_dead_process(), 5};
	assert_true(peer_memo_process(&memo, pair[0]) == peer_process(pair[0]));
	assert_true(seen_of_us(&memo)->process == peer_process(pair[0]));
	peer_memo_fini(&memo);
	close(pair[0]);
	close(pair[1]);
}

static void of_many_processes_the_first_is_forgotten(void **state)
{
	struct peer_memo memo = {0};
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	for (unsigned i = 0; i < PEER_MEMO; i++)
		memo.seen[i] = (struct peer_seen){getpid() + 1 + (pid_t)i, dup(pair[0]), i};
	assert_true(peer_memo_process(&memo, pair[0]) != 0);
	assert_ptr_equal(seen_of_us(&memo), &memo.seen[0]);
	assert_int_equal(memo.oldest, 1);
	assert_true(peer_memo_process(&memo, STDIN_FILENO) == 0); /* no socket */
	peer_memo_fini(&memo);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_has_one_number_and_another_has_another),
		cmocka_unit_test(what_is_known_of_a_living_process_is_not_read_again),
		cmocka_unit_test(what_was_known_of_a_dead_process_is_not_said_of_who_has_its_pid),
		cmocka_unit_test(of_many_processes_the_first_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
