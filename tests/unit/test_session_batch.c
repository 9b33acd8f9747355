/* test_session_batch.c - sessions that are ready at once, on socket pairs: what is read, handled and written when. */
#include "tests/lib/unit.h"

#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "server/custody/custody_file.h"
#include "server/reactor.h"
#include "server/session/session.h"
#include "server/session/session_custody.h"
#include "tests/unit/letters.h"

#define SESSIONS (2 * SESSION_BATCH + 3)
#define ENDED '.' /* in what was called: the end of a session */
#define LONG 1e-3 /* seconds; far more than an answer waits for its neighbours */
#define EVER 1e9  /* so that nothing depends on how long a handler is kept from running */

static struct {
	struct reactor *reactor;
	struct session_env env;
	struct session *sessions[SESSIONS]; /* NULL when it has ended */
	int peers[SESSIONS];
	char calls[2 * SESSIONS + 1]; /* in their order, and ENDED */
	/* What the call of a letter does and sees. */
	char slow, kills, aborts, abandons, releases, opens, looks;
	size_t victim; /* of `kills` and `aborts` */
	size_t room;   /* for events */
	size_t unread; /* calls in the kernel's buffers, when `looks` was called */
	size_t answered;
	double wait; /* as it is by default */
	struct custody_find moved;
} t;

static int waiting(int fd, unsigned long request)
{
	int bytes = -1;

	assert_int_equal(ioctl(fd, request, &bytes), 0);
	return bytes;
}

static void look(void)
{
	t.unread = t.answered = 0;
	for (size_t i = 0; i < SESSIONS; i++) {
		t.unread += waiting(t.peers[i], TIOCOUTQ) > 0;
		t.answered += waiting(t.peers[i], FIONREAD) > 0;
	}
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time); /* not by the reactor, which would know then */
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void spend(double seconds)
{
	double end = now() + seconds;

	while (now() < end)
		;
}

static void on_end(void *user, struct session *s)
{
	(void)user;
	t.calls[strlen(t.calls)] = ENDED;
	for (size_t i = 0; i < SESSIONS; i++)
		if (t.sessions[i] == s)
			t.sessions[i] = NULL;
}

static void on_call(void *user, struct session *s, const struct msg *msg)
{
	const char letter = (char)msg->id;

	(void)user;
	t.calls[strlen(t.calls)] = letter;
	if (letter == t.looks)
		look();
	if (letter == t.slow)
		spend(LONG);
	if (letter == t.opens)
		t.room = SESSION_BATCH + 4;
	if (letter == t.abandons)
		for (size_t i = 0; i < 3; i++)
			session_abandon_now(t.sessions[i]);
	if (letter == t.releases) {
		session_release(s, &t.moved);
		return;
	}
	if (letter == t.aborts)
		session_abort(t.sessions[t.victim]);
	if (letter == t.kills) {
		session_destroy(t.sessions[t.victim]);
		t.sessions[t.victim] = NULL;
	}
	assert_int_equal(session_answer(s, &(struct msg){.type = MSG_RESULT, .id = msg->id}, NULL),
			 0);
}

static void stop(void *user)
{
	(void)user;
	reactor_stop(t.reactor);
}

/* Until nothing more comes of the loop. */
static void run(void)
{
	struct reactor_timer *timer = reactor_timer_create(t.reactor, stop, NULL);
	size_t calls;

	assert_non_null(timer);
	do {
		calls = strlen(t.calls);
		for (int turns = 0; turns < 2; turns++) {
			reactor_timer_start(timer, 0, 0);
			reactor_run(t.reactor);
		}
	} while (strlen(t.calls) > calls);
	reactor_timer_destroy(timer);
}

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.reactor = reactor_create();
	t.env = (struct session_env){
		.reactor = t.reactor,
		.codecs = letters_alone,
		.limits = {1024, 8},
		.takes_turns = true,
		.linger = 1000,
		.handler = {.on_call = on_call, .on_end = on_end},
	};
	letters_connect(&t.env, t.sessions, t.peers, SESSIONS);
	t.wait = t.env.batch.wait;
	t.env.batch.wait = EVER;
	run(); /* the loop knows them now, so who speaks first is first */
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	letters_end(&t.env, t.sessions, t.peers, SESSIONS);
	return 0;
}

static void say(size_t i, const char *words)
{
	ssize_t n = (ssize_t)strlen(words);

	assert_int_equal(send(t.peers[i], words, (size_t)n, MSG_NOSIGNAL), n);
}

static void assert_answered(size_t i, const char *words)
{
	char got[8] = {0};

	assert_true(recv(t.peers[i], got, sizeof(got) - 1, 0) >= 0);
	assert_string_equal(got, words);
}

static void three_speak(void)
{
	say(0, "a");
	say(1, "b");
	say(2, "c");
	run();
}

static void all_are_read_before_one_is_handled(void **state)
{
	(void)state;
	t.looks = 'a';
	three_speak();
	assert_string_equal(t.calls, "abc");
	assert_int_equal(t.unread, 0);
}

static void all_are_handled_before_one_is_answered(void **state)
{
	(void)state;
	t.looks = 'c';
	three_speak();
	assert_int_equal(t.answered, 0);
	assert_answered(0, "a");
	assert_answered(1, "b");
	assert_answered(2, "c");
}

static void an_answer_waits_for_one_slow_neighbour_and_no_more(void **state)
{
	(void)state;
	t.env.batch.wait = t.wait;
	t.slow = 'b';
	t.looks = 'c';
	three_speak();
	assert_int_equal(t.answered, 2);
	assert_answered(2, "c");
}

static void who_comes_when_a_batch_is_full_is_in_the_next_one(void **state)
{
	(void)state;
	t.looks = 'z';
	for (size_t i = 0; i < SESSIONS; i++)
		say(i, i == SESSION_BATCH ? "z" : "a");
	run();
	assert_int_equal(t.answered, SESSION_BATCH);
	assert_int_equal(t.unread, SESSIONS - 2 * SESSION_BATCH);
	assert_int_equal(strlen(t.calls), SESSIONS);
	for (size_t i = 0; i < SESSIONS; i++)
		assert_answered(i, i == SESSION_BATCH ? "z" : "a");
}

static void sessions_that_end_fill_a_batch_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < SESSIONS; i++)
		assert_int_equal(shutdown(t.peers[i], SHUT_WR), 0);
	run();
	for (size_t i = 0; i < SESSIONS; i++)
		assert_null(t.sessions[i]);
}

static void a_second_call_waits_for_other_batches(void **state)
{
	(void)state;
	say(0, "xy");
	for (size_t i = 1; i < SESSIONS; i++)
		say(i, "a");
	run();
	assert_int_equal(t.calls[0], 'x');
	assert_int_equal(strlen(t.calls), SESSIONS + 1);
	assert_int_equal(t.calls[SESSIONS], 'y');
	assert_answered(0, "xy");
}

static void a_neighbour_that_was_handled_may_be_freed(void **state)
{
	(void)state;
	t.kills = 'b';
	t.victim = 0;
	three_speak();
	assert_string_equal(t.calls, "abc");
	assert_answered(0, "");
	assert_answered(1, "b");
	assert_answered(2, "c");
}

static void a_neighbour_that_is_yet_to_be_handled_may_be_freed(void **state)
{
	(void)state;
	t.kills = 'b';
	t.victim = 2;
	three_speak();
	assert_string_equal(t.calls, "ab");
	assert_answered(0, "a");
	assert_answered(1, "b");
	assert_answered(2, "");
}

static void a_neighbour_may_be_aborted(void **state)
{
	(void)state;
	t.aborts = 'b';
	three_speak();
	assert_string_equal(t.calls, "abc");
	assert_answered(0, "a");
	assert_answered(1, "b");
	assert_answered(2, "c");
	assert_true(session_is_lingering(t.sessions[0]));
}

/* Whoever is to get it is told before another one is handled. */
static void a_session_that_is_released_ends_at_once(void **state)
{
	(void)state;
	t.releases = 'b';
	three_speak();
	assert_string_equal(t.calls, "ab.c");
	assert_answered(0, "a");
	assert_answered(2, "c");
	custody_find_fini(&t.moved);
}

/* What was composed is not written over this protocol; the batch goes on here, as the process would not. */
static void a_process_that_ends_says_so_to_those_that_wait(void **state)
{
	(void)state;
	t.abandons = 'b';
	three_speak();
	assert_answered(0, "\x94"
			   "a");
	assert_answered(1, "\x94"
			   "b");
	assert_answered(2, "\x94"
			   "c");
}

static size_t room(void *user)
{
	(void)user;
	return t.room;
}

static void more_events_than_a_batch_begin_together(void **state)
{
	(void)state;
	t.env.queue.room = room;
	t.opens = 'r';
	for (size_t i = 0; i < SESSIONS; i++)
		say(i, i + 1 < SESSIONS ? "A" : "r");
	run();
	assert_int_equal(strlen(t.calls), SESSIONS);
	assert_int_equal(t.calls[0], 'r');
	for (size_t i = 0; i < SESSIONS; i++)
		assert_answered(i, i + 1 < SESSIONS ? "A" : "r");
}

static void an_environment_ends_with_sessions_that_are_ready(void **state)
{
	struct reactor_timer *timer = reactor_timer_create(t.reactor, stop, NULL);

	(void)state;
	assert_non_null(timer);
	for (size_t i = 0; i < 3; i++)
		say(i, "a");
	for (int turns = 0; turns < 10 && t.env.batch.n == 0; turns++) {
		reactor_timer_start(timer, 0, 0);
		reactor_run(t.reactor);
	}
	reactor_timer_destroy(timer);
	assert_int_equal(t.env.batch.n, 3);
	assert_string_equal(t.calls, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_are_read_before_one_is_handled),
		TEST(all_are_handled_before_one_is_answered),
		TEST(an_answer_waits_for_one_slow_neighbour_and_no_more),
		TEST(who_comes_when_a_batch_is_full_is_in_the_next_one),
		TEST(sessions_that_end_fill_a_batch_too),
		TEST(a_second_call_waits_for_other_batches),
		TEST(a_neighbour_that_was_handled_may_be_freed),
		TEST(a_neighbour_that_is_yet_to_be_handled_may_be_freed),
		TEST(a_neighbour_may_be_aborted),
		TEST(a_session_that_is_released_ends_at_once),
		TEST(a_process_that_ends_says_so_to_those_that_wait),
		TEST(more_events_than_a_batch_begin_together),
		TEST(an_environment_ends_with_sessions_that_are_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
