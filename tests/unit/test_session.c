/* test_session.c - one connection, on a socket pair; calls are a codec's of the test's own. */
#include "tests/lib/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/reactor.h"
#include "server/session/session.h"

/* A message ends with a dot and calls its first letter: "a." calls 'a'. A '!' in it is malformed, '#' begins
 * none, "x." can't be read but answered, "X." neither. */
static bool line_probe(const unsigned char *bytes, size_t n)
{
	(void)n;
	return bytes[0] != '#';
}

static int line_frame(void *scan, const struct limits *limits, const unsigned char *bytes, size_t n,
		      size_t *ret_size, struct err *err)
{
	size_t *done = scan;

	(void)limits;
	for (; *done < n; ++*done) {
		if (bytes[*done] == '!')
			return err_set(err, E_MALFORMED, "a bang");
		if (bytes[*done] == '.') {
			*ret_size = *done + 1;
			*done = 0;
			return 1;
		}
	}
	return 0;
}

static int line_read(const unsigned char *bytes, size_t n, struct arena *arena, struct msg *ret,
		     bool *ret_id_known, struct err *err)
{
	(void)n;
	(void)arena;
	*ret_id_known = bytes[0] != 'X';
	ret->id = bytes[0];
	return bytes[0] == 'x' || bytes[0] == 'X' ? err_set(err, E_MALFORMED, "an x") : 0;
}

/* The greeting is '<', an answer the call's letter; that to 'u' can't be written. */
static int line_write(struct buf *out, const struct msg *msg, struct err *err)
{
	char letter = msg->type == MSG_SERVER_PID ? '<' : (char)msg->id;

	if (letter == 'u')
		return err_set(err, E_UNSUPPORTED, "u is not written");
	return buf_append(out, &letter, 1);
}

static const struct codec line_codec = {
	.name = "line",
	.probe = line_probe,
	.scan_size = sizeof(size_t),
	.frame = line_frame,
	.read = line_read,
	.write = line_write,
};
static const struct codec *const codecs[] = {&line_codec, NULL};

static struct {
	struct reactor *reactor;
	struct session_env env;
	struct session *session; /* NULL when it has ended */
	struct session *other;   /* NULL = there is none */
	int peer;
	char calls[64]; /* letters of the calls, 'x' for a bad one */
	bool hold;      /* answer later */
	int answer_rc;
} t;

static void run_once(void *user)
{
	(void)user;
	reactor_stop(t.reactor);
}

/* Lets the loop handle what is there. */
static void spin(void)
{
	struct reactor_timer *timer = reactor_timer_create(t.reactor, run_once, NULL);

	assert_non_null(timer);
	for (int i = 0; i < 3; i++) {
		reactor_timer_start(timer, 0, 0);
		reactor_run(t.reactor);
	}
	reactor_timer_destroy(timer);
}

static int answer_on(struct session *s, char letter)
{
	const struct msg msg = {.type = MSG_RESULT, .id = (uint64_t)letter};

	return session_answer(s, &msg, NULL);
}

static int answer(char letter)
{
	return answer_on(t.session, letter);
}

static void note(struct session *s, char letter)
{
	const char text[] = {letter, '\0'};

	strcat(t.calls, text);
	if (!t.hold)
		t.answer_rc = answer_on(s, letter);
}

static void on_call(void *user, struct session *s, const struct msg *msg)
{
	(void)user;
	assert_true(s == t.session || s == t.other);
	note(s, (char)msg->id);
}

static void on_bad_call(void *user, struct session *s, const struct msg *msg, int rc,
			const struct err *err)
{
	(void)user;
	assert_int_equal(rc, -E_MALFORMED);
	assert_string_equal(err->text, "an x");
	note(s, (char)msg->id);
}

static void on_end(void *user, struct session *s)
{
	(void)user;
	assert_ptr_equal(s, t.session);
	t.session = NULL;
}

static int setup(void **state)
{
	int fds[2];

	(void)state;
	memset(&t, 0, sizeof(t));
	t.reactor = reactor_create();
	t.env = (struct session_env){
		.reactor = t.reactor,
		.codecs = codecs,
		.limits = {1024, 8},
		.linger = 1000,
		.handler = {.on_call = on_call, .on_bad_call = on_bad_call, .on_end = on_end},
	};
	assert_int_equal(session_env_init(&t.env), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	t.session = session_create(&t.env, fds[0], 7, 3);
	assert_non_null(t.session);
	t.peer = fds[1];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	session_destroy(t.session);
	close(t.peer);
	session_env_fini(&t.env);
	reactor_destroy(t.reactor);
	return 0;
}

static void say(const char *text)
{
	assert_int_equal(send(t.peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	spin();
}

/* All that the session has written; "END" when it has shut down or closed. */
static void assert_heard(const char *wanted)
{
	char got[64] = "";
	size_t n = 0;
	ssize_t one;

	while ((one = recv(t.peer, got + n, sizeof(got) - 4 - n, 0)) > 0)
		n += (size_t)one;
	if (one == 0)
		memcpy(got + n, "END", 3);
	assert_string_equal(got, wanted);
}

static void test_calls_are_answered_and_the_first_answer_is_greeted(void **state)
{
	(void)state;
	say("a.");
	assert_heard("<a");
	say("b.");
	assert_heard("b");
	assert_string_equal(t.calls, "ab");
	assert_int_equal(session_number(t.session), 7);
	assert_int_equal(session_tag(t.session), 3);
}

static void test_messages_may_come_in_pieces_or_together(void **state)
{
	(void)state;
	say("a");
	assert_heard("");
	say(".b.c");
	assert_heard("<ab");
	say(".");
	assert_heard("c");
}

static void test_sessions_with_many_calls_take_turns(void **state)
{
	int fds[2];

	(void)state;
	t.env.takes_turns = true;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	t.other = session_create(&t.env, fds[0], 8, 3);
	assert_non_null(t.other);
	assert_int_equal(send(fds[1], "1.2.3.4.", 8, MSG_NOSIGNAL), 8);
	assert_int_equal(send(t.peer, "a.b.c.d.", 8, MSG_NOSIGNAL), 8);
	spin();
	spin();
	assert_int_equal(strlen(t.calls), 8);
	for (size_t i = 0; i + 1 < 8; i += 2)
		assert_true((t.calls[i] < 'a') != (t.calls[i + 1] < 'a'));
	assert_heard("<abcd");
	session_destroy(t.other);
	close(fds[1]);
}

static void test_calls_that_wait_for_their_turn_are_served_after_the_peers_end(void **state)
{
	(void)state;
	t.env.takes_turns = true;
	assert_int_equal(send(t.peer, "a.b.c.", 6, MSG_NOSIGNAL), 6);
	shutdown(t.peer, SHUT_WR);
	spin();
	spin();
	assert_string_equal(t.calls, "abc");
	assert_heard("<abcEND");
	assert_null(t.session);
}

static void test_one_call_at_a_time_waits_and_the_others_follow_its_answer(void **state)
{
	(void)state;
	t.hold = true;
	say("a.b.");
	assert_string_equal(t.calls, "a");
	assert_true(session_is_busy(t.session));
	assert_true(session_awaits(t.session, 'a'));
	assert_false(session_awaits(t.session, 'b'));
	assert_int_equal(answer('b'), -E_CLOSED);
	assert_int_equal(answer('a'), 0);
	assert_string_equal(t.calls, "ab");
	assert_heard("<a");
}

static void test_an_answer_that_cannot_be_written_leaves_the_call_waiting(void **state)
{
	(void)state;
	t.hold = true;
	say("u.");
	assert_int_equal(answer('u'), -E_UNSUPPORTED);
	assert_true(session_awaits(t.session, 'u'));
	assert_heard("");
}

static void test_a_bad_call_is_handed_on_if_it_can_be_answered(void **state)
{
	(void)state;
	say("x.a.");
	assert_heard("<xa");
}

static void test_what_is_no_message_gets_an_unfinished_one_and_the_end(void **state)
{
	const char *const bad[] = {"a!", "X.", "#"};

	for (size_t i = 0; i < 3; i++) {
		say(bad[i]);
		assert_heard("\x94"
			     "END");
		/* It reads on, so that the peer can write all it wants to. */
		say("more");
		assert_non_null(t.session);
		assert_true(session_is_lingering(t.session));
		assert_string_equal(t.calls, "");
		close(t.peer);
		spin();
		assert_null(t.session);
		teardown(state);
		setup(state);
	}
}

static void test_a_peer_that_closes_ends_an_idle_session(void **state)
{
	(void)state;
	say("a.");
	assert_heard("<a");
	shutdown(t.peer, SHUT_WR);
	spin();
	assert_null(t.session);
	assert_heard("END");
}

static void test_a_peer_that_only_stopped_writing_gets_its_answer(void **state)
{
	(void)state;
	t.hold = true;
	say("a.");
	shutdown(t.peer, SHUT_WR);
	spin();
	assert_non_null(t.session);
	assert_int_equal(answer('a'), 0);
	assert_null(t.session);
	assert_heard("<aEND");
}

static void test_a_session_that_lingers_for_too_long_is_closed(void **state)
{
	(void)state;
	t.env.linger = 0.001;
	say("#");
	while (t.session != NULL)
		spin();
	assert_heard("\x94"
		     "END");
}

static void test_one_that_is_turned_away_ends_at_its_first_call(void **state)
{
	(void)state;
	session_turn_away(t.session);
	spin();
	assert_heard("");
	say("a.");
	assert_heard("\x94"
		     "END");
	assert_string_equal(t.calls, "");
}

static void test_one_that_is_turned_away_and_silent_ends_too(void **state)
{
	(void)state;
	t.env.linger = 0.001;
	session_turn_away(t.session);
	while (t.session != NULL)
		spin();
	assert_heard("\x94"
		     "END");
}

static void test_an_idle_one_is_retired_by_a_greeting_and_still_answers(void **state)
{
	(void)state;
	session_retire(t.session, true);
	assert_heard(""); /* nothing is known yet of who is there */
	say("a.");
	session_retire(t.session, true);
	session_retire(t.session, true);
	assert_heard("<a<<");
	say("b.");
	assert_heard("b");
}

static void test_one_that_is_busy_or_expected_is_not_retired(void **state)
{
	(void)state;
	say("a.");
	assert_heard("<a");
	session_expect(t.session);
	session_retire(t.session, true);
	assert_heard("");
	session_retire(t.session, true);
	assert_heard("<");
	say("b");
	session_retire(t.session, true);
	t.hold = true;
	say(".");
	session_retire(t.session, true);
	assert_heard("");
	assert_int_equal(answer('b'), 0);
	assert_heard("b");
}

static void test_abandoning_says_that_no_answer_will_come(void **state)
{
	(void)state;
	t.hold = true;
	say("a.");
	session_abandon(t.session);
	t.session = NULL;
	assert_heard("\x94"
		     "END");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calls_are_answered_and_the_first_answer_is_greeted),
		TEST(test_messages_may_come_in_pieces_or_together),
		TEST(test_sessions_with_many_calls_take_turns),
		TEST(test_calls_that_wait_for_their_turn_are_served_after_the_peers_end),
		TEST(test_one_call_at_a_time_waits_and_the_others_follow_its_answer),
		TEST(test_an_answer_that_cannot_be_written_leaves_the_call_waiting),
		TEST(test_a_bad_call_is_handed_on_if_it_can_be_answered),
		TEST(test_what_is_no_message_gets_an_unfinished_one_and_the_end),
		TEST(test_a_peer_that_closes_ends_an_idle_session),
		TEST(test_a_peer_that_only_stopped_writing_gets_its_answer),
		TEST(test_a_session_that_lingers_for_too_long_is_closed),
		TEST(test_one_that_is_turned_away_ends_at_its_first_call),
		TEST(test_one_that_is_turned_away_and_silent_ends_too),
		TEST(test_an_idle_one_is_retired_by_a_greeting_and_still_answers),
		TEST(test_one_that_is_busy_or_expected_is_not_retired),
		TEST(test_abandoning_says_that_no_answer_will_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
