/* test_control.c - messages between two ends in one process, and bytes that are none. */
#include "tests/lib/unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/reactor.h"
#include "server/supervisor/control.h"

static struct {
	struct reactor *reactor;
	struct reactor_timer *timer;
	struct control *a, *b; /* b notes what it gets */
	int raw;               /* the other end of b where it is not a */
	size_t count;
	struct control_msg last;
	char text[CONTROL_TEXT_MAX];
	int ended;
	bool broken;
	int destroy_at; /* at that many messages the handler destroys b */
} t;

static void on_message(void *user, const struct control_msg *msg)
{
	(void)user;
	t.count++;
	t.last = *msg;
	memcpy(t.text, msg->text, msg->text_len);
	if (t.destroy_at != 0 && t.count == (size_t)t.destroy_at) {
		control_destroy(t.b);
		t.b = NULL;
	}
}

static void on_end(void *user, bool broken)
{
	(void)user;
	t.ended++;
	t.broken = broken;
}

static void ignore_message(void *user, const struct control_msg *msg)
{
	(void)user;
	(void)msg;
}

static void ignore_end(void *user, bool broken)
{
	(void)user;
	(void)broken;
}

static void stop(void *user)
{
	(void)user;
	reactor_stop(t.reactor);
}

/* Lets the loop handle what is there. */
static void spin(void)
{
	for (int i = 0; i < 4; i++) {
		reactor_timer_start(t.timer, 0, 0);
		reactor_run(t.reactor);
	}
}

static int setup(void **state)
{
	const struct control_handler quiet = {ignore_message, ignore_end, NULL};
	const struct control_handler noting = {on_message, on_end, NULL};
	int fds[2];

	(void)state;
	memset(&t, 0, sizeof(t));
	t.raw = -1;
	t.reactor = reactor_create();
	t.timer = reactor_timer_create(t.reactor, stop, NULL);
	assert_int_equal(control_pair(fds, NULL), 0);
	t.a = control_create(t.reactor, fds[0], &quiet);
	t.b = control_create(t.reactor, fds[1], &noting);
	return t.a != NULL && t.b != NULL ? 0 : -1;
}

static int setup_raw(void **state)
{
	const struct control_handler noting = {on_message, on_end, NULL};
	int fds[2];

	if (setup(state) != 0 || control_pair(fds, NULL) != 0)
		return -1;
	control_destroy(t.b);
	t.raw = fds[0];
	t.b = control_create(t.reactor, fds[1], &noting);
	return t.b != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	control_destroy(t.a);
	control_destroy(t.b);
	if (t.raw >= 0)
		close(t.raw);
	reactor_timer_destroy(t.timer);
	reactor_destroy(t.reactor);
	return 0;
}

static void a_message_arrives_as_it_was_sent(void **state)
{
	const struct control_msg msg = {CONTROL_FAILED, 7, UINT64_MAX - 1, -1, "why", 3};

	(void)state;
	assert_int_equal(control_send(t.a, &msg), 0);
	spin();
	assert_int_equal(t.count, 1);
	assert_int_equal(t.last.type, CONTROL_FAILED);
	assert_int_equal(t.last.slot, 7);
	assert_true(t.last.number == UINT64_MAX - 1);
	assert_int_equal(t.last.fd, -1);
	assert_int_equal(t.last.text_len, 3);
	assert_memory_equal(t.text, "why", 3);
}

static void a_descriptor_is_passed(void **state)
{
	int fds[2];
	char c = 0;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(
		control_send(t.a, &(struct control_msg){.type = CONTROL_CONNECTION, .fd = fds[1]}),
		0);
	close(fds[1]);
	spin();
	assert_true(t.last.fd >= 0);
	assert_int_equal(write(t.last.fd, "x", 1), 1);
	close(t.last.fd);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_int_equal(read(fds[0], &c, 1), 0); /* nobody else holds it */
	close(fds[0]);
}

static void what_does_not_fit_waits_in_its_order(void **state)
{
	static const char text[CONTROL_TEXT_MAX];
	const size_t n = 100;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct control_msg msg = {CONTROL_PLUGIN, 0, i, -1, text, sizeof(text)};

		assert_int_equal(control_send(t.a, &msg), 0);
	}
	while (t.count < n) {
		size_t before = t.count;

		spin();
		assert_true(t.count > before);
	}
	assert_true(t.last.number == n - 1);
	assert_int_equal(t.last.text_len, CONTROL_TEXT_MAX);
}

static void who_does_not_read_does_not_keep_us(void **state)
{
	static const char text[CONTROL_TEXT_MAX];
	const struct control_msg msg = {CONTROL_PLUGIN, 0, 0, -1, text, sizeof(text)};

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(control_send(t.a, &msg), 0);
	control_flush(t.a, reactor_now() + 0.01);
	while (t.count < 100)
		spin();
	control_flush(t.a, 0);
}

static void a_text_that_is_too_long_is_refused(void **state)
{
	static const char text[CONTROL_TEXT_MAX + 1];
	const struct control_msg msg = {CONTROL_FAILED, 0, 0, -1, text, sizeof(text)};

	(void)state;
	assert_int_equal(control_send(t.a, &msg), -E_TOO_LARGE);
}

static void the_end_of_the_other_side_is_told_once(void **state)
{
	const struct control_msg msg = {.type = CONTROL_READY, .fd = -1};

	(void)state;
	assert_int_equal(control_send(t.a, &msg), 0);
	control_destroy(t.a);
	t.a = NULL;
	spin();
	spin();
	assert_int_equal(t.count, 1);
	assert_int_equal(t.ended, 1);
	assert_false(t.broken);
	assert_int_equal(control_send(t.b, &msg), -E_CLOSED);
}

static void the_handler_may_destroy_it(void **state)
{
	const struct control_msg msg = {.type = CONTROL_READY, .fd = -1};

	(void)state;
	t.destroy_at = 2;
	for (int i = 0; i < 5; i++)
		control_send(t.a, &msg);
	spin();
	assert_int_equal(t.count, 2);
	assert_int_equal(t.ended, 0);
}

static void assert_ends(const void *bytes, size_t n)
{
	assert_int_equal(send(t.raw, bytes, n, MSG_NOSIGNAL), n);
	spin();
	assert_int_equal(t.count, 0);
	assert_int_equal(t.ended, 1);
	assert_int_equal(t.broken, n > 0); /* else it looks like the end */
}

static void a_message_that_is_too_short_ends_it(void **state)
{
	(void)state;
	assert_ends("short", 5);
}

static void a_message_that_is_too_long_ends_it(void **state)
{
	static const char bytes[CONTROL_TEXT_MAX + 64];

	(void)state;
	assert_ends(bytes, sizeof(bytes));
}

static void a_type_that_there_is_not_ends_it(void **state)
{
	uint32_t bytes[4] = {CONTROL_TYPES, 0, 0, 0};

	(void)state;
	assert_ends(bytes, sizeof(bytes));
}

static void an_empty_message_ends_it(void **state)
{
	(void)state;
	assert_ends("", 0);
}

static void several_descriptors_at_once_end_it_and_none_is_left(void **state)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} room = {0};
	uint32_t bytes[4] = {CONTROL_READY, 0, 0, 0};
	struct iovec part = {bytes, sizeof(bytes)};
	struct msghdr packet = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = room.bytes,
				.msg_controllen = sizeof(room.bytes)};
	int fds[2];
	char c;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	room.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(2 * sizeof(int)),
				     .cmsg_level = SOL_SOCKET,
				     .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(&room.head), (int[]){fds[1], fds[1]}, 2 * sizeof(int));
	assert_int_equal(sendmsg(t.raw, &packet, 0), sizeof(bytes));
	close(fds[1]);
	spin();
	assert_int_equal(t.count, 0);
	assert_int_equal(t.ended, 1);
	assert_int_equal(read(fds[0], &c, 1), 0);
	close(fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_message_arrives_as_it_was_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(a_descriptor_is_passed, setup, teardown),
		cmocka_unit_test_setup_teardown(what_does_not_fit_waits_in_its_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(who_does_not_read_does_not_keep_us, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_text_that_is_too_long_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_end_of_the_other_side_is_told_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_handler_may_destroy_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_message_that_is_too_short_ends_it, setup_raw,
						teardown),
		cmocka_unit_test_setup_teardown(a_message_that_is_too_long_ends_it, setup_raw,
						teardown),
		cmocka_unit_test_setup_teardown(a_type_that_there_is_not_ends_it, setup_raw,
						teardown),
		cmocka_unit_test_setup_teardown(an_empty_message_ends_it, setup_raw, teardown),
		cmocka_unit_test_setup_teardown(several_descriptors_at_once_end_it_and_none_is_left,
						setup_raw, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
