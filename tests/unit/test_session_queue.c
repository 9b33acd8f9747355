/* test_session_queue.c - events that wait for those under way, on socket pairs; calls are a codec's of the test's own. */
#include "tests/lib/unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/reactor.h"
#include "server/session/session.h"
#include "tests/unit/letters.h"

#define SESSIONS 4
#define LATER 'L' /* in what was called: the end of the loop's turn */

static struct {
	struct reactor *reactor;
	struct session_env env;
	struct session *sessions[SESSIONS]; /* NULL when it has ended */
	int peers[SESSIONS];
	size_t room;                      /* what is said of it, whatever runs */
	char calls[64];                   /* in their order */
	struct session *victim, *aborted; /* by the next call; NULL = none */
} t;

static void note(char letter)
{
	const char text[] = {letter, '\0'};

	strcat(t.calls, text);
}

static void on_end(void *user, struct session *s)
{
	(void)user;
	for (size_t i = 0; i < SESSIONS; i++)
		if (t.sessions[i] == s)
			t.sessions[i] = NULL;
}

static void on_call(void *user, struct session *s, const struct msg *msg)
{
	(void)user;
	note((char)msg->id);
	if (msg->id == 'r')
		t.room = 1;
	if (t.victim != NULL) {
		on_end(NULL, t.victim);
		session_destroy(t.victim);
		t.victim = NULL;
	}
	if (t.aborted != NULL)
		session_abort(t.aborted);
	t.aborted = NULL;
	assert_int_equal(session_answer(s, &(struct msg){.type = MSG_RESULT, .id = msg->id}, NULL),
			 0);
}

static size_t room(void *user)
{
	(void)user;
	return t.room;
}

static void stop(void *user)
{
	(void)user;
	reactor_stop(t.reactor);
}

/* Until all that waits for nothing but a turn of the loop has had it. */
static void run(void)
{
	struct reactor_timer *timer = reactor_timer_create(t.reactor, stop, NULL);

	assert_non_null(timer);
	do {
		reactor_timer_start(timer, 0, 0);
		reactor_run(t.reactor);
	} while (t.env.queue.first != NULL || t.env.batch.n > 0);
	reactor_timer_start(timer, 0, 0);
	reactor_run(t.reactor);
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
		.linger = 1000,
		.handler = {.on_call = on_call, .on_end = on_end},
		.queue = {.room = room},
	};
	letters_connect(&t.env, t.sessions, t.peers, SESSIONS);
	run(); /* the loop knows them now, so who speaks first is first */
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	letters_end(&t.env, t.sessions, t.peers, SESSIONS);
	return 0;
}

static void say(size_t i, const char *letter)
{
	assert_int_equal(send(t.peers[i], letter, 1, MSG_NOSIGNAL), 1);
}

static void assert_answered(size_t i, char letter)
{
	char got[8];

	assert_int_equal(recv(t.peers[i], got, sizeof(got), 0), 1);
	assert_int_equal(got[0], letter);
}

static void events_begin_as_they_come_where_there_is_room(void **state)
{
	(void)state;
	t.room = 1;
	say(2, "A");
	say(0, "b");
	say(1, "C");
	run();
	assert_string_equal(t.calls, "AbC");
}

static void what_is_under_way_goes_first_where_there_is_none(void **state)
{
	(void)state;
	say(2, "A");
	say(0, "b");
	say(1, "C");
	say(3, "d");
	run();
	assert_string_equal(t.calls, "bdAC");
	assert_answered(2, 'A');
	assert_answered(1, 'C');
}

/* The turns of the loop are noted among the calls. */
static void run_by_turns(void)
{
	struct reactor_timer *timer = reactor_timer_create(t.reactor, stop, NULL);

	assert_non_null(timer);
	for (size_t i = 0; t.env.queue.first != NULL || i < 2; i++) {
		reactor_timer_start(timer, 0, 0);
		reactor_run(t.reactor);
		note(LATER);
	}
	reactor_timer_destroy(timer);
}

static void one_begins_in_each_turn_though_there_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < SESSIONS; i++)
		say(i, &"ABCD"[i]);
	run_by_turns();
	assert_string_equal(t.calls, "LALBLCLDL");
}

static void who_comes_behind_others_that_wait_waits_though_there_is_room(void **state)
{
	(void)state;
	say(0, "A");
	say(1, "B");
	say(2, "r"); /* there is room from here on */
	say(3, "D");
	run();
	assert_string_equal(t.calls, "rABD");
}

static void a_session_that_ends_while_it_waits_is_waited_for_no_more(void **state)
{
	(void)state;
	for (size_t victim = 0; victim + 1 < SESSIONS; victim++) {
		static const char *const wanted[] = {"xBC", "xAC", "xAB"};

		t.calls[0] = '\0';
		for (size_t i = 0; i + 1 < SESSIONS; i++)
			say(i, &"ABC"[i]);
		say(SESSIONS - 1, "x");
		t.victim = t.sessions[victim];
		run();
		assert_string_equal(t.calls, wanted[victim]);
		tear_down(NULL);
		set_up(NULL);
	}
}

static void where_all_that_wait_end_nothing_begins(void **state)
{
	(void)state;
	say(0, "A");
	say(1, "x");
	t.victim = t.sessions[0];
	run();
	assert_string_equal(t.calls, "x");
	say(2, "B");
	run();
	assert_string_equal(t.calls, "xB");
}

/* Others begin before it, one in each turn, so its end is known while it waits. */
static void a_peer_that_says_no_more_is_answered(void **state)
{
	(void)state;
	for (size_t i = 0; i < SESSIONS; i++)
		say(i, &"ABCD"[i]);
	assert_int_equal(shutdown(t.peers[SESSIONS - 1], SHUT_WR), 0);
	run();
	assert_answered(SESSIONS - 1, 'D');
	assert_null(t.sessions[SESSIONS - 1]);
}

static void a_session_that_is_aborted_takes_nobodys_turn(void **state)
{
	(void)state;
	say(0, "A");
	say(1, "B");
	say(2, "x");
	t.aborted = t.sessions[0];
	run_by_turns();
	assert_string_equal(t.calls, "LxBL");
}

static void an_environment_ends_with_sessions_that_wait(void **state)
{
	struct reactor_timer *timer = reactor_timer_create(t.reactor, stop, NULL);

	(void)state;
	for (size_t i = 0; i < SESSIONS; i++)
		say(i, "A");
	while (t.env.queue.first == NULL) {
		reactor_timer_start(timer, 0, 0);
		reactor_run(t.reactor);
	}
	reactor_timer_destroy(timer);
	assert_true(strlen(t.calls) < SESSIONS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_begin_as_they_come_where_there_is_room),
		TEST(what_is_under_way_goes_first_where_there_is_none),
		TEST(one_begins_in_each_turn_though_there_is_none),
		TEST(who_comes_behind_others_that_wait_waits_though_there_is_room),
		TEST(a_session_that_ends_while_it_waits_is_waited_for_no_more),
		TEST(where_all_that_wait_end_nothing_begins),
		TEST(a_peer_that_says_no_more_is_answered),
		TEST(a_session_that_is_aborted_takes_nobodys_turn),
		TEST(an_environment_ends_with_sessions_that_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
