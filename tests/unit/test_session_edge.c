/* test_session_edge.c - a session is told of each change once: nothing that was there already may stay unread or unsaid. */
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/reactor.h"
#include "server/session/session.h"
#include "server/session/session_impl.h"

#define CALL ((size_t)3072) /* three quarters of what a session reads at once */
#define READ ((size_t)4096)
#define LONG_ANSWER ((size_t)1 << 20) /* more than a socket takes */

/* A call is its first letter and more of the same; '#' begins none, '*' one without an end, and a capital one has a long
 * answer. */
static bool block_probe(const unsigned char *bytes, size_t n)
{
	(void)n;
	return bytes[0] != '#';
}

static int block_frame(void *scan, const struct limits *limits, const unsigned char *bytes,
		       size_t n, size_t *ret_size, struct err *err)
{
	(void)scan;
	(void)limits;
	(void)err;
	*ret_size = CALL;
	return n >= CALL && bytes[0] != '*';
}

static int block_read(const unsigned char *bytes, size_t n, struct arena *arena, struct msg *ret,
		      bool *ret_id_known, struct err *err)
{
	(void)n;
	(void)arena;
	(void)err;
	*ret_id_known = true;
	ret->id = bytes[0];
	return 0;
}

static int block_write(struct buf *out, const struct msg *msg, struct err *err)
{
	char letter = (char)msg->id;
	size_t n = letter >= 'A' && letter <= 'Z' ? LONG_ANSWER : 1;

	(void)err;
	for (size_t i = 0; i < n; i++)
		if (buf_append(out, &letter, 1) != 0)
			return -1;
	return 0;
}

static const struct codec blocks = {
	.name = "blocks",
	.probe = block_probe,
	.scan_size = 1,
	.frame = block_frame,
	.read = block_read,
	.write = block_write,
};
static const struct codec *const blocks_alone[] = {&blocks, NULL};

static struct {
	struct reactor *reactor;
	struct session_env env;
	struct session *session; /* NULL when it has ended */
	int peer;                /* -1 = closed */
	char calls[64];
	bool hold;      /* answer later */
	int interrupts; /* so many reads to come are interrupted */
} t;

/* The names that the linker's --wrap asks for. */
ssize_t real_recv(int fd, void *bytes, size_t n, int flags) __asm__("__real_recv");
ssize_t interrupted_recv(int fd, void *bytes, size_t n, int flags) __asm__("__wrap_recv");

ssize_t interrupted_recv(int fd, void *bytes, size_t n, int flags)
{
	if (t.interrupts == 0)
		return real_recv(fd, bytes, n, flags);
	t.interrupts--;
	errno = EINTR;
	return -1;
}

static void stop(void *user)
{
	(void)user;
	reactor_stop(t.reactor);
}

/* So many turns that nothing comes of the loop any more. */
static void run(void)
{
	struct reactor_timer *timer = reactor_timer_create(t.reactor, stop, NULL);

	assert_non_null(timer);
	for (int turns = 0; turns < 40; turns++) {
		reactor_timer_start(timer, 0, 0);
		reactor_run(t.reactor);
	}
	reactor_timer_destroy(timer);
}

static void answer(char letter)
{
	const struct msg msg = {.type = MSG_RESULT, .id = (uint64_t)letter};

	assert_int_equal(session_answer(t.session, &msg, NULL), 0);
}

static void on_call(void *user, struct session *s, const struct msg *msg)
{
	(void)user;
	assert_ptr_equal(s, t.session);
	t.calls[strlen(t.calls)] = (char)msg->id;
	if (!t.hold)
		answer((char)msg->id);
}

static void on_end(void *user, struct session *s)
{
	(void)user;
	assert_ptr_equal(s, t.session);
	t.session = NULL;
}

static int set_up(void **state)
{
	int fds[2];

	(void)state;
	memset(&t, 0, sizeof(t));
	t.reactor = reactor_create();
	t.env = (struct session_env){
		.reactor = t.reactor,
		.codecs = blocks_alone,
		.limits = {1024, 8},
		.linger = 1000,
		.handler = {.on_call = on_call, .on_end = on_end},
	};
	assert_int_equal(session_env_init(&t.env), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	t.session = session_create(&t.env, fds[0], 1, 0);
	assert_non_null(t.session);
	t.session->greeted = true;
	t.peer = fds[1];
	run(); /* the loop knows it now */
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	session_destroy(t.session);
	if (t.peer >= 0)
		close(t.peer);
	session_env_fini(&t.env);
	reactor_destroy(t.reactor);
	return 0;
}

static void say_bytes(char letter, size_t n)
{
	char bytes[16 * READ];

	assert_true(n <= sizeof(bytes));
	memset(bytes, letter, n);
	assert_int_equal(send(t.peer, bytes, n, MSG_NOSIGNAL), n);
}

static void say(const char *calls)
{
	for (; *calls != '\0'; calls++)
		say_bytes(*calls, CALL);
}

static void hang_up(void)
{
	close(t.peer);
	t.peer = -1;
}

static int unread(void)
{
	int bytes = -1;

	assert_int_equal(ioctl(t.session->fd, FIONREAD, &bytes), 0);
	return bytes;
}

static void assert_heard(const char *wanted)
{
	char got[64] = "";
	ssize_t n = recv(t.peer, got, sizeof(got) - 1, 0);

	assert_int_equal(n < 0 ? 0 : n, strlen(wanted));
	assert_string_equal(got, wanted);
}

static void calls_that_one_read_does_not_bring_are_answered(void **state)
{
	(void)state;
	say("abcde");
	run();
	assert_string_equal(t.calls, "abcde");
	assert_heard("abcde");
}

/* It does not read while much is there that has to wait. */
static void a_read_that_was_interrupted_is_done_again(void **state)
{
	(void)state;
	t.interrupts = 2;
	say("a");
	run();
	assert_int_equal(t.interrupts, 0);
	assert_string_equal(t.calls, "a");
}

static void calls_behind_one_that_is_busy_are_read_when_it_is_answered(void **state)
{
	(void)state;
	t.hold = true;
	say("abcdef");
	run();
	assert_string_equal(t.calls, "a");
	assert_true(unread() > 0);
	t.hold = false;
	answer('a');
	run();
	assert_string_equal(t.calls, "abcdef");
	assert_heard("abcdef");
}

static void what_is_behind_no_call_is_dropped_up_to_the_end(void **state)
{
	(void)state;
	say_bytes('#', 16 * READ);
	run();
	assert_non_null(t.session);
	assert_true(session_is_lingering(t.session));
	assert_int_equal(unread(), 0);
	hang_up();
	run();
	assert_null(t.session);
}

/* What it was told of is not read where there is no memory for it. */
static void what_is_too_large_is_dropped_up_to_the_end(void **state)
{
	(void)state;
	for (int i = 0; i < 1000 && !session_is_lingering(t.session); i++) {
		say_bytes('*', 1000);
		run();
	}
	assert_true(session_is_lingering(t.session));
	assert_int_equal(unread(), 0);
	hang_up();
	run();
	assert_null(t.session);
}

static void one_that_is_aborted_while_it_does_not_read_drops_the_rest(void **state)
{
	(void)state;
	t.hold = true;
	say("abcdef");
	run();
	assert_true(unread() > 0);
	session_abort(t.session);
	run();
	assert_non_null(t.session);
	assert_int_equal(unread(), 0);
	hang_up();
	run();
	assert_null(t.session);
}

static void a_call_with_the_peers_end_behind_it_is_answered(void **state)
{
	(void)state;
	say("a");
	shutdown(t.peer, SHUT_WR);
	run();
	assert_null(t.session);
	assert_heard("a");
}

/* Where nothing is to be answered, nothing but the end tells of it. */
static void the_end_behind_the_last_bytes_is_noticed(void **state)
{
	static const size_t sizes[] = {CALL - 1, READ, 2 * READ};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (int half = 0; half < 2; half++) {
			t.hold = true;
			say_bytes('a', sizes[i]);
			if (half)
				shutdown(t.peer, SHUT_WR);
			else
				hang_up();
			run();
			if (sizes[i] >= CALL) {
				assert_non_null(t.session);
				session_abort(t.session);
				run();
			}
			assert_null(t.session);
			tear_down(state);
			set_up(state);
		}
}

static size_t hear_all(void)
{
	char bytes[READ];
	size_t heard = 0;

	for (ssize_t n = 1; n > 0; run())
		while ((n = recv(t.peer, bytes, sizeof(bytes), 0)) > 0)
			heard += (size_t)n;
	return heard;
}

static void a_long_answer_is_written_as_it_is_read(void **state)
{
	size_t heard = 0;

	(void)state;
	say("Ab");
	shutdown(t.peer, SHUT_WR);
	run();
	for (size_t one = 1; one > 0; heard += one)
		one = hear_all();
	assert_int_equal(heard, LONG_ANSWER + 1);
	assert_string_equal(t.calls, "Ab");
	assert_null(t.session);
}

/* It is there since it may begin, or has room to write; and bytes have come. */
static void one_that_is_in_the_batch_already_is_read_from_too(void **state)
{
	(void)state;
	session_batch_add(t.session, false);
	session_batch_add(t.session, true);
	say("a");
	session_batch_run(&t.env.batch);
	assert_string_equal(t.calls, "a");
	session_batch_add(t.session, true);
	session_batch_add(t.session, false);
	say("b");
	session_batch_run(&t.env.batch);
	assert_string_equal(t.calls, "ab");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_that_one_read_does_not_bring_are_answered),
		TEST(a_read_that_was_interrupted_is_done_again),
		TEST(calls_behind_one_that_is_busy_are_read_when_it_is_answered),
		TEST(what_is_behind_no_call_is_dropped_up_to_the_end),
		TEST(what_is_too_large_is_dropped_up_to_the_end),
		TEST(one_that_is_aborted_while_it_does_not_read_drops_the_rest),
		TEST(a_call_with_the_peers_end_behind_it_is_answered),
		TEST(the_end_behind_the_last_bytes_is_noticed),
		TEST(a_long_answer_is_written_as_it_is_read),
		TEST(one_that_is_in_the_batch_already_is_read_from_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
