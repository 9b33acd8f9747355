/* test_peer.c - who is at the other end. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_has_one_number_and_another_has_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
