/* test_body_copies.c - a body costs a number of copied bytes that grows as the body does, in however small
 * pieces it comes and goes.
 *
 * Counted are the bytes that buffers move when they grow, those of memcpy and memmove in our own code
 * (the linker puts ours in their place), and all that is taken from arenas, into which libraries copy. */
#include "tests/lib/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "pdk-bridge/pdk.h"
#include "pdk-bridge/pdk_pb.h"
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/codec.h"
#include "protocol/err.h"
#include "server/reactor.h"
#include "server/session/session.h"

#define PIECE ((size_t)8 << 10)
#define MIB ((size_t)1 << 20)

static struct {
	struct reactor *reactor;
	struct session_env env;
	struct session *session;
	int peer;
	size_t copied;
	size_t frames; /* calls of the codec's frame */
	size_t got;    /* bytes of the body that came */
	uint64_t id;   /* of the call that waits */
} t;

/* The names that the linker's --wrap asks for. */
void *real_memcpy(void *to, const void *from, size_t n) __asm__("__real_memcpy");
void *real_memmove(void *to, const void *from, size_t n) __asm__("__real_memmove");
void *counting_memcpy(void *to, const void *from, size_t n) __asm__("__wrap_memcpy");
void *counting_memmove(void *to, const void *from, size_t n) __asm__("__wrap_memmove");

void *counting_memcpy(void *to, const void *from, size_t n)
{
	t.copied += n;
	return real_memcpy(to, from, n);
}

void *counting_memmove(void *to, const void *from, size_t n)
{
	t.copied += n;
	return real_memmove(to, from, n);
}

static void *count_resize(void *user, void *old, size_t old_size, size_t new_size)
{
	(void)user;
	t.copied += old_size < new_size ? old_size : new_size;
	if (new_size != 0)
		return realloc(old, new_size);
	free(old);
	return NULL;
}

static int count_mp_frame(void *scan, const struct limits *limits, const unsigned char *bytes,
			  size_t n, size_t *ret_size, struct err *err)
{
	t.frames++;
	return codec_msgpack.frame(scan, limits, bytes, n, ret_size, err);
}

static int count_pb_frame(void *scan, const struct limits *limits, const unsigned char *bytes,
			  size_t n, size_t *ret_size, struct err *err)
{
	t.frames++;
	return codec_protobuf.frame(scan, limits, bytes, n, ret_size, err);
}

static const struct pdk_fn *row(const char *name)
{
	return pdk_find(name, strlen(name));
}

/* What a body is to a plugin's runtime, which then copies it once. */
static void take_body(const struct value *data)
{
	struct arena arena;
	struct value body = *data;

	arena_init(&arena, 0);
	if (codec_is_bound(session_codec(t.session)))
		assert_int_equal(
			pdk_pb_decode(&arena, row("kong.request.get_raw_body"), data, &body, NULL),
			0);
	t.got = body.len;
	t.copied += arena.total;
	arena_fini(&arena);
}

static void on_call(void *user, struct session *s, const struct msg *msg)
{
	(void)user;
	(void)s;
	t.id = msg->id;
	if (msg->type == MSG_STEP)
		take_body(&msg->data);
}

static void on_bad_call(void *user, struct session *s, const struct msg *msg, int rc,
			const struct err *err)
{
	(void)user;
	(void)s;
	(void)msg;
	fail_msg("%d: %s", rc, err->text);
}

static void on_end(void *user, struct session *s)
{
	(void)user;
	(void)s;
	t.session = NULL;
}

static void stop(void *user)
{
	(void)user;
	reactor_stop(t.reactor);
}

static void spin(void)
{
	struct reactor_timer *timer = reactor_timer_create(t.reactor, stop, NULL);

	assert_non_null(timer);
	for (int i = 0; i < 2; i++) {
		reactor_timer_start(timer, 0, 0);
		reactor_run(t.reactor);
	}
	reactor_timer_destroy(timer);
}

static void begin(const struct codec *const *codecs)
{
	static const struct buf_mem mem = {.resize = count_resize};
	int fds[2];

	memset(&t, 0, sizeof(t));
	t.reactor = reactor_create();
	t.env = (struct session_env){
		.reactor = t.reactor,
		.codecs = codecs,
		.limits = {64 * MIB, 128},
		.mem = &mem,
		.linger = 1000,
		.handler = {.on_call = on_call, .on_bad_call = on_bad_call, .on_end = on_end}};
	assert_int_equal(session_env_init(&t.env), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	t.session = session_create(&t.env, fds[0], 1, 0);
	t.peer = fds[1];
	assert_non_null(t.session);
}

static void end(void)
{
	session_destroy(t.session);
	close(t.peer);
	session_env_fini(&t.env);
	reactor_destroy(t.reactor);
}

static void say(const void *bytes, size_t n)
{
	for (size_t at = 0; at < n; at += PIECE) {
		size_t piece = n - at < PIECE ? n - at : PIECE;

		assert_int_equal(send(t.peer, (const char *)bytes + at, piece, MSG_NOSIGNAL),
				 piece);
		spin();
	}
}

/* Reads `n` bytes, in pieces. */
static void hear(size_t n)
{
	static char piece[PIECE];

	while (n > 0) {
		ssize_t one = recv(t.peer, piece, n < PIECE ? n : PIECE, 0);

		if (one > 0)
			n -= (size_t)one;
		else
			spin();
	}
}

static void say_body(const char *head, size_t head_size, size_t body)
{
	char *bytes = calloc(1, head_size + body);

	assert_non_null(bytes);
	memcpy(bytes, head, head_size);
	t.copied = t.frames = 0;
	say(bytes, head_size + body);
	assert_int_equal(t.got, body);
	free(bytes);
}

static void answer(const struct msg *msg)
{
	struct err err = {""};

	if (session_answer(t.session, msg, &err) != 0)
		fail_msg("%s", err.text);
}

/* Each byte may be copied so many times, however many there are. */
static void assert_copied(size_t body, size_t times)
{
	assert_true(t.copied >= body);
	if (t.copied > times * body + 64 * 1024)
		fail_msg("%zu bytes were copied for a body of %zu", t.copied, body);
	assert_true(t.frames <= body / PIECE + 8);
}

/* ---- MsgPack:1 ---- */

static void say_step(size_t body)
{
	char head[64];
	/* [0, 1, "plugin.Step", [{"EventId": 5, "Data": a bin of `body` bytes}]] */
	static const char fixed[] = "\x94\x00\x01\xabplugin.Step\x91\x82\xa7"
				    "EventId\x05\xa4"
				    "Data\xc6";
	const unsigned char length[4] = {(unsigned char)(body >> 24), (unsigned char)(body >> 16),
					 (unsigned char)(body >> 8), (unsigned char)body};

	memcpy(head, fixed, sizeof(fixed) - 1);
	memcpy(head + sizeof(fixed) - 1, length, sizeof(length));
	say_body(head, sizeof(fixed) - 1 + sizeof(length), body);
}

static void msgpack_copies_a_body_a_bounded_number_of_times(void **state)
{
	static struct codec counting;
	static const struct codec *const codecs[] = {&counting, NULL};

	(void)state;
	counting = codec_msgpack;
	counting.frame = count_mp_frame;
	for (size_t body = MIB; body <= 16 * MIB; body *= 4) {
		char *bytes = calloc(1, body);
		struct value arg = value_strn(bytes, body);
		struct msg msg = {.type = MSG_PDK_CALL,
				  .id = 1,
				  .event_id = 5,
				  .name = value_str("kong.service.request.set_raw_body"),
				  .data = {.type = VALUE_ARRAY, .len = 1, .items = &arg}};

		begin(codecs);
		say_step(body);
		assert_copied(body, 2);
		t.copied = 0;
		answer(&msg);
		hear(body);
		assert_copied(body, 3);
		end();
		free(bytes);
	}
}

/* ---- ProtoBuf:1 ---- */

static void say_event(void)
{
	/* sequence 2, an event of instance 1 in access */
	static const char call[] = "\x0f\0\0\0\x08\x02\xa2\x02\x0a\x08\x01\x12\x06"
				   "access";

	say(call, sizeof(call) - 1);
	assert_int_equal(t.id, 2);
}

/* A frame with RawBodyResult{content} of `body` bytes (below 2^28). */
static void say_result(size_t body)
{
	char head[9] = {0};
	uint32_t size = (uint32_t)body + 5;

	memcpy(head, &size, sizeof(size));
	head[4] = 0x0a;
	for (int i = 0; i < 4; i++)
		head[5 + i] = (char)((body >> (7 * i) & 0x7f) | (i < 3 ? 0x80 : 0));
	say_body(head, sizeof(head), body);
}

static void ask(const char *name, struct value data)
{
	answer(&(struct msg){.type = MSG_PDK_CALL,
			     .id = 2,
			     .event_id = 5,
			     .follow = MSG_FOLLOW_RESULT,
			     .name = value_str(name),
			     .data = data});
}

static void set_body(size_t body)
{
	static const char name[] = "kong.service.request.set_raw_body";
	char *bytes = calloc(1, body);
	struct value arg = value_strn(bytes, body), message;
	struct arena arena;

	arena_init(&arena, 0);
	t.copied = 0;
	assert_int_equal(pdk_pb_encode(&arena, row(name), &arg, 1, &message, NULL), 0);
	t.copied += arena.total;
	ask(name, message);
	hear(body);
	arena_fini(&arena);
	free(bytes);
}

static void protobuf_copies_a_body_a_bounded_number_of_times(void **state)
{
	static struct codec counting;
	static const struct codec *const codecs[] = {&counting, NULL};

	(void)state;
	counting = codec_protobuf;
	counting.frame = count_pb_frame;
	for (size_t body = 2 * MIB; body <= 16 * MIB; body *= 2) {
		begin(codecs);
		say_event();
		ask("kong.request.get_raw_body", value_nil());
		say_result(body);
		assert_copied(body, 3);
		set_body(body);
		assert_copied(body, 4);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(msgpack_copies_a_body_a_bounded_number_of_times),
		cmocka_unit_test(protobuf_copies_a_body_a_bounded_number_of_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
