/* test_session_custody.c - a connection that moves from one process to another, played in one: a worker with a
 * segment, and a supervisor that has the sessions on the heap. Over MsgPack:1, as the gateway speaks it. */
#include "tests/lib/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "protocol/codec.h"
#include "protocol/err.h"
#include "server/custody/custody_file.h"
#include "server/reactor.h"
#include "server/session/session.h"
#include "server/session/session_custody.h"

#define SLOT 3
#define PEER 5
#define CALL(id)             \
	"\x94\x00" id "\xae" \
	"plugin.Unknown"     \
	"\x91\x01"
#define ANSWER(id)               \
	"\x94\x01" id "\xc0\xa1" \
	"r"
#define GREETING       \
	"\x93\x02\xa9" \
	"serverPid"    \
	"\x01"
#define LARGE ((size_t)3 << 20)

static const struct codec *const codecs[] = {&codec_msgpack, &codec_protobuf, NULL};
static const struct custody_layout layout = {.slots = 4, .events = 64, .region = 16 << 20};

static struct {
	struct reactor *reactor;
	struct session_env worker, supervisor;
	int segment;
	int fd;   /* the supervisor's duplicate of the server's end */
	int peer; /* the gateway's end */
	struct session *session;
	bool hold, give_back;
	int calls, lost, ends, rests;
	bool was_released;
	struct custody_find find; /* of give_back */
} t;

static void run_once(void *user)
{
	(void)user;
	reactor_stop(t.reactor);
}

static void spin(void)
{
	struct reactor_timer *timer = reactor_timer_create(t.reactor, run_once, NULL);

	for (int i = 0; i < 3; i++) {
		reactor_timer_start(timer, 0, 0);
		reactor_run(t.reactor);
	}
	reactor_timer_destroy(timer);
}

static void answer(struct session *s, uint64_t id)
{
	const struct msg msg = {.type = MSG_RESULT, .id = id, .data = value_str("r")};

	assert_int_equal(session_answer(s, &msg, NULL), 0);
}

static void on_call(void *user, struct session *s, const struct msg *msg)
{
	(void)user;
	t.calls++;
	if (t.give_back)
		session_release(s, session_has_slot(s, &(uint32_t){0}) ? NULL : &t.find);
	else if (!t.hold)
		answer(s, msg->id);
}

static void on_bad_call(void *user, struct session *s, const struct msg *msg, int rc,
			const struct err *err)
{
	(void)user;
	(void)s;
	(void)msg;
	(void)err;
	fail_msg("a bad call: %d", rc);
}

static void on_end(void *user, struct session *s)
{
	(void)user;
	t.was_released = session_is_released(s);
	t.session = NULL;
	t.ends++;
}

static void on_lost(void *user, struct session *s, const struct msg *msg)
{
	(void)user;
	t.lost++;
	assert_int_equal(msg->type, MSG_OTHER);
	answer(s, msg->id);
}

static void on_rest(void *user, struct session *s)
{
	(void)user;
	assert_true(session_may_move(s));
	t.rests++;
}

static struct session_env make_env(void)
{
	return (struct session_env){
		.reactor = t.reactor,
		.codecs = codecs,
		.limits = {LIMIT_MESSAGE_SIZE, LIMIT_MESSAGE_DEPTH},
		.generation = 1,
		.linger = 1000,
		.handler = {.on_call = on_call, .on_bad_call = on_bad_call, .on_end = on_end},
	};
}

/* ---- moves ---- */

static void to_worker(void)
{
	t.session = session_adopt(&t.worker, dup(t.fd), 1, SLOT, PEER);
	assert_non_null(t.session);
	assert_int_equal(session_peer(t.session), PEER);
	session_go_on(t.session);
}

/* As after a death nothing is left but the slot. In this process the session must be freed, and must not end
 * the connection in that. */
static void to_supervisor(void)
{
	struct session *dead = t.session;
	struct custody_find find;

	t.hold = false;
	assert_int_equal(custody_file_read(t.segment, &layout, SLOT, &find), 0);
	session_release(dead, NULL);
	t.session = session_restore(&t.supervisor, dup(t.fd), 2, &find);
	assert_non_null(t.session);
	session_recover(t.session);
}

static void back_to_worker(void)
{
	struct custody_find find;

	session_release(t.session, &find);
	assert_null(t.session);
	assert_true(t.was_released);
	assert_int_equal(custody_file_clear(t.segment, &layout, SLOT), 0);
	assert_int_equal(custody_file_write(t.segment, &layout, SLOT, &find), 0);
	custody_find_fini(&find);
	to_worker();
}

static int setup(void **state)
{
	const struct custody_find blank = {.state.tag = 1};
	int fds[2];

	(void)state;
	memset(&t, 0, sizeof(t));
	t.reactor = reactor_create();
	assert_int_equal(custody_file_create(&layout, &t.segment, NULL), 0);
	assert_int_equal(custody_file_write(t.segment, &layout, SLOT, &blank), 0);
	t.worker = make_env();
	t.supervisor = make_env();
	t.supervisor.handler.on_lost = on_lost;
	t.worker.handler.on_rest = on_rest;
	assert_int_equal(custody_create(dup(t.segment), &t.worker.custody, NULL), 0);
	assert_int_equal(session_env_init(&t.worker), 0);
	assert_int_equal(session_env_init(&t.supervisor), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	t.fd = fds[0];
	t.peer = fds[1];
	to_worker();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	session_destroy(t.session);
	custody_find_fini(&t.find);
	close(t.fd);
	close(t.peer);
	session_env_fini(&t.worker);
	session_env_fini(&t.supervisor);
	custody_destroy(t.worker.custody);
	close(t.segment);
	reactor_destroy(t.reactor);
	return 0;
}

static void say(const void *bytes, size_t n)
{
	assert_int_equal(send(t.peer, bytes, n, MSG_NOSIGNAL), n);
	spin();
}

#define SAY(literal) say(literal, sizeof(literal) - 1)

static void hear(const void *wanted, size_t n)
{
	unsigned char got[256];

	spin();
	assert_int_equal(recv(t.peer, got, sizeof(got), 0), n);
	assert_memory_equal(got, wanted, n);
}

#define HEAR(literal) hear(literal, sizeof(literal) - 1)

static void hear_nothing(void)
{
	char got;

	spin();
	assert_int_equal(recv(t.peer, &got, 1, 0), -1);
}

/* ---- what goes on ---- */

static void test_a_connection_goes_on_elsewhere_and_is_greeted_once(void **state)
{
	(void)state;
	SAY(CALL("\x01"));
	HEAR(GREETING ANSWER("\x01"));
	assert_int_equal(session_tag(t.session), 1);
	to_supervisor();
	back_to_worker();
	SAY(CALL("\x02"));
	HEAR(ANSWER("\x02"));
	assert_int_equal(session_tag(t.session), 1);
	assert_int_equal(t.lost, 0);
}

static void test_a_half_read_call_is_read_on(void **state)
{
	(void)state;
	SAY("\x94\x00\x07\xae"
	    "plugin");
	to_supervisor();
	assert_true(session_may_move(t.session));
	back_to_worker();
	SAY(".Unknown\x91\x01");
	HEAR(GREETING ANSWER("\x07"));
	assert_int_equal(t.calls, 1);
}

static void test_a_call_that_waits_is_answered_and_not_run_again(void **state)
{
	(void)state;
	t.hold = true;
	SAY(CALL("\x05"));
	to_supervisor();
	HEAR(GREETING ANSWER("\x05"));
	assert_int_equal(t.calls, 1);
	assert_int_equal(t.lost, 1);
}

static void test_calls_behind_one_that_waits_are_handled_where_it_goes_on(void **state)
{
	(void)state;
	t.hold = true;
	SAY(CALL("\x05") CALL("\x06"));
	to_supervisor();
	HEAR(GREETING ANSWER("\x05"));
	assert_int_equal(t.calls, 1);
	back_to_worker();
	HEAR(ANSWER("\x06"));
	assert_int_equal(t.calls, 2);
}

static void test_nothing_is_read_where_a_connection_only_waits(void **state)
{
	(void)state;
	to_supervisor();
	SAY(CALL("\x01"));
	assert_int_equal(t.calls, 0);
	back_to_worker();
	HEAR(GREETING ANSWER("\x01"));
}

static void test_a_call_is_given_back_from_within_its_handler(void **state)
{
	struct custody_find find;

	(void)state;
	t.give_back = true;
	SAY(CALL("\x04"));
	assert_null(t.session);
	assert_true(t.was_released);
	hear_nothing();
	t.give_back = false;
	assert_int_equal(custody_file_read(t.segment, &layout, SLOT, &find), 0);
	assert_int_equal(find.state.busy, 0);
	assert_int_equal(buf_len(&find.in), sizeof(CALL("\x04")) - 1);
	custody_find_fini(&find);
	to_worker();
	HEAR(GREETING ANSWER("\x04"));
	assert_int_equal(t.calls, 2);
}

static void test_the_supervisor_may_give_a_call_back_too(void **state)
{
	(void)state;
	to_supervisor();
	t.give_back = true;
	SAY(CALL("\x04"));
	session_go_on(t.session);
	spin();
	assert_null(t.session);
	t.give_back = false;
	assert_int_equal(custody_file_write(t.segment, &layout, SLOT, &t.find), 0);
	to_worker();
	HEAR(GREETING ANSWER("\x04"));
}

static void test_who_rests_is_told_so(void **state)
{
	int before;

	(void)state;
	t.hold = true;
	spin();
	before = t.rests;
	SAY(CALL("\x01"));
	assert_false(session_may_move(t.session));
	assert_int_equal(t.rests, before);
	answer(t.session, 1);
	assert_int_equal(t.rests, before + 1);
}

/* ---- large messages ---- */

static void test_a_half_written_answer_is_completed(void **state)
{
	const struct msg msg = {
		.type = MSG_RESULT,
		.id = 1,
		.data = {.type = VALUE_STR, .len = LARGE, .s = memset(malloc(LARGE), 'z', LARGE)}};
	size_t heard = 0, whole = sizeof(GREETING) - 1 + 4 + 5 + LARGE;
	unsigned char *got = malloc(whole + 1);
	ssize_t n;

	(void)state;
	t.hold = true;
	SAY(CALL("\x01"));
	assert_int_equal(session_answer(t.session, &msg, NULL), 0);
	n = recv(t.peer, got, 1000, 0);
	assert_int_equal(n, 1000);
	heard = (size_t)n;
	to_supervisor();
	while ((n = recv(t.peer, got + heard, whole + 1 - heard, 0)) > 0) {
		heard += (size_t)n;
		spin();
	}
	assert_int_equal(heard, whole);
	for (size_t i = whole - LARGE; i < whole; i++)
		if (got[i] != 'z')
			fail_msg("a wrong byte at %zu", i);
	free((void *)msg.data.s);
	free(got);
}

static void test_a_large_call_comes_through_two_processes(void **state)
{
	static const unsigned char head[] = "\x94\x00\x01\xae"
					    "plugin.Unknown"
					    "\x91\xdb\x00\x30";
	size_t n = sizeof(head) - 1 + 2 + LARGE, said = 0;
	unsigned char *call = calloc(1, n);

	(void)state;
	memcpy(call, head, sizeof(head) - 1); /* a text of 3 MiB: 00 30 00 00 */
	for (int part = 0; said < n; part++) {
		ssize_t one = send(t.peer, call + said, n - said, MSG_NOSIGNAL);

		said += one > 0 ? (size_t)one : 0;
		spin();
		if (part == 3) {
			to_supervisor();
			back_to_worker();
		}
	}
	HEAR(GREETING ANSWER("\x01"));
	free(call);
}

/* A peer that never waits: what is not consumed must find a place each time. */
static void test_bytes_move_to_the_front_without_a_moment_of_doubt(void **state)
{
	static const char calls[] = CALL("\x01") CALL("\x02") "\x94\x00\x03";
	static const char rest[] = "\xae"
				   "plugin.Unknown"
				   "\x91\x01" CALL("\x01") CALL("\x02") "\x94\x00\x03";
	char got[4096];

	(void)state;
	SAY(calls);
	for (int i = 0; i < 500; i++) {
		struct custody_find find;

		SAY(rest);
		assert_int_equal(custody_file_read(t.segment, &layout, SLOT, &find), 0);
		assert_int_equal(buf_len(&find.in), 3);
		assert_memory_equal(buf_head(&find.in), "\x94\x00\x03", 3);
		custody_find_fini(&find);
		assert_true(recv(t.peer, got, sizeof(got), 0) > 0);
	}
	assert_int_equal(t.calls, 2 + 500 * 3);
}

/* ---- an answer of which it is not known whether it was sent ---- */

/* The worker dies as it sends: what is noted is older than what the gateway gets. */
static void die_in_sending(bool sent)
{
	struct custody_find find;

	t.hold = true;
	SAY(CALL("\x01"));
	assert_int_equal(custody_file_read(t.segment, &layout, SLOT, &find), 0);
	if (sent)
		answer(t.session, 1);
	find.doubt = CUSTODY_SENDING;
	find.state.busy = 0;
	find.state.greeted = sent;
	t.hold = false;
	session_release(t.session, NULL);
	t.session = session_restore(&t.supervisor, dup(t.fd), 2, &find);
	assert_non_null(t.session);
	session_recover(t.session);
	if (t.session != NULL)
		session_go_on(t.session);
}

static void wait_for_the_end(void)
{
	time_t end = time(NULL) + 30;

	while (!session_is_lingering(t.session) && time(NULL) < end)
		spin();
	assert_true(session_is_lingering(t.session));
}

static void test_an_answer_that_may_not_have_been_sent_ends_the_connection(void **state)
{
	(void)state;
	die_in_sending(false);
	HEAR("\x94");
	assert_true(session_is_lingering(t.session));
}

static void test_nothing_is_said_behind_an_answer_that_is_not_read_yet(void **state)
{
	(void)state;
	die_in_sending(true);
	assert_false(session_may_move(t.session));
	HEAR(GREETING ANSWER("\x01"));
	wait_for_the_end();
	HEAR("\x94");
}

static void test_who_calls_again_has_read_the_answer_and_the_connection_goes_on(void **state)
{
	(void)state;
	die_in_sending(true);
	SAY(CALL("\x02")); /* before it reads, so that the supervisor can't be faster */
	HEAR(GREETING ANSWER("\x01"));
	assert_true(session_may_move(t.session));
	back_to_worker();
	HEAR(ANSWER("\x02"));
}

/* ---- ends ---- */

static void test_an_end_that_was_begun_is_gone_through_with(void **state)
{
	(void)state;
	t.hold = true;
	SAY(CALL("\x01"));
	session_abort(t.session);
	to_supervisor();
	HEAR("\x94");
	assert_true(session_is_lingering(t.session));
	close(t.peer);
	spin();
	assert_null(t.session);
	t.peer = dup(t.fd);
}

static void test_a_slot_that_makes_no_sense_is_not_adopted(void **state)
{
	struct session_state lie = {.busy = 1};
	char byte;

	(void)state;
	session_release(t.session, NULL);
	t.session = NULL;
	*custody_compose(t.worker.custody, SLOT) = lie;
	custody_commit(t.worker.custody, SLOT, CUSTODY_SURE);
	assert_null(session_adopt(&t.worker, dup(t.fd), 1, SLOT, PEER));
	assert_null(session_adopt(&t.worker, dup(t.fd), 1, 99, PEER));
	assert_int_equal(recv(t.peer, &byte, 1, MSG_DONTWAIT), -1); /* who gave it has to end it */
}

/* A connection that is noted to be busy with a call of so many bytes. */
static void recover_call(uint8_t codec, uint64_t handling)
{
	static const unsigned char bytes[8] = {0x7a, 0x80, 0x80, 0x80, 0x60};
	struct custody_find find = {
		.state = {.in_end = sizeof(bytes), .handling = handling, .codec = codec}};
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(buf_append(&find.in, bytes, sizeof(bytes)), 0);
	t.session = session_restore(&t.supervisor, fds[0], 3, &find);
	assert_non_null(t.session);
	session_recover(t.session);
	session_destroy(t.session);
	t.session = NULL;
	close(fds[1]);
}

/* Plugin code may have written into the segment: whatever it says, nothing is read beyond its bytes. */
static void test_a_call_that_is_no_whole_frame_is_not_decoded(void **state)
{
	(void)state;
	session_destroy(t.session);
	for (uint8_t codec = 1; codec <= 2; codec++)
		for (uint64_t handling = 1; handling <= 8; handling++)
			recover_call(codec, handling);
	assert_int_equal(t.lost, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_connection_goes_on_elsewhere_and_is_greeted_once),
		TEST(test_a_half_read_call_is_read_on),
		TEST(test_a_call_that_waits_is_answered_and_not_run_again),
		TEST(test_calls_behind_one_that_waits_are_handled_where_it_goes_on),
		TEST(test_nothing_is_read_where_a_connection_only_waits),
		TEST(test_a_call_is_given_back_from_within_its_handler),
		TEST(test_the_supervisor_may_give_a_call_back_too),
		TEST(test_who_rests_is_told_so),
		TEST(test_a_half_written_answer_is_completed),
		TEST(test_a_large_call_comes_through_two_processes),
		TEST(test_bytes_move_to_the_front_without_a_moment_of_doubt),
		TEST(test_an_answer_that_may_not_have_been_sent_ends_the_connection),
		TEST(test_nothing_is_said_behind_an_answer_that_is_not_read_yet),
		TEST(test_who_calls_again_has_read_the_answer_and_the_connection_goes_on),
		TEST(test_an_end_that_was_begun_is_gone_through_with),
		TEST(test_a_slot_that_makes_no_sense_is_not_adopted),
		TEST(test_a_call_that_is_no_whole_frame_is_not_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
