/* test_pb_codec.c - ProtoBuf:1: the contract's byte examples, frames, and what begins a call. */
#include <string.h>
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/codec.h"
#include "protocol/err.h"
#include "tests/lib/unit.h"

#define BYTES(text) (const unsigned char *)(text), sizeof(text) - 1

static const struct limits limits = {1000, LIMIT_MESSAGE_DEPTH};
static struct arena arena;

static int read_call(const unsigned char *bytes, size_t n, struct msg *ret)
{
	bool id_known;
	size_t size = 0;

	if (codec_protobuf.frame(NULL, &limits, bytes, n, &size, NULL) != 1)
		return -E_INTERNAL;
	assert_int_equal(size, n);
	return codec_protobuf.read(bytes, n, &arena, ret, &id_known, NULL);
}

static void a_start_is_read(void **state)
{
	struct msg msg;

	(void)state;
	assert_int_equal(read_call(BYTES("\x1d\0\0\0\x08\x02\x8a\x02\x18\x0a\x01p\x12\x13"
					 "{\"a\":1,\"__seq__\":3}"),
				   &msg),
			 0);
	assert_int_equal(msg.type, MSG_START_INSTANCE);
	assert_int_equal(msg.id, 2);
	assert_true(value_text_is(&msg.name, "p"));
	assert_true(value_text_is(&msg.text, "{\"a\":1,\"__seq__\":3}"));
}

static void an_event_is_read_with_its_fields_in_any_order(void **state)
{
	struct msg msg;

	(void)state;
	assert_int_equal(read_call(BYTES("\x0f\0\0\0\x08\x03\xa2\x02\x0a\x08\x07\x12\x06"
					 "access"),
				   &msg),
			 0);
	assert_int_equal(msg.type, MSG_HANDLE_EVENT);
	assert_int_equal(msg.instance_id, 7);
	assert_int_equal(read_call(BYTES("\x0f\0\0\0\xa2\x02\x0a\x12\x06"
					 "access\x08\x07\x08\x03"),
				   &msg),
			 0);
	assert_int_equal(msg.id, 3);
	assert_int_equal(msg.instance_id, 7);
	assert_true(value_text_is(&msg.name, "access"));
}

static void others_are_read_by_their_names(void **state)
{
	struct msg msg;

	(void)state;
	assert_int_equal(read_call(BYTES("\x07\0\0\0\x08\x02\x9a\x02\x02\x08\x09"), &msg), 0);
	assert_int_equal(msg.type, MSG_CLOSE_INSTANCE);
	assert_int_equal(msg.instance_id, 9);
	assert_int_equal(read_call(BYTES("\x05\0\0\0\x08\x02\xfa\x01\0"), &msg), 0);
	assert_int_equal(msg.type, MSG_OTHER);
	assert_true(value_text_is(&msg.method, "GetPluginNames"));
	assert_int_equal(read_call(BYTES("\x02\0\0\0\x08\x02"), &msg), 0);
	assert_int_equal(msg.type, MSG_OTHER);
}

static void what_is_no_call_is_malformed(void **state)
{
	struct msg msg;

	(void)state;
	assert_int_equal(read_call(BYTES("\0\0\0\0"), &msg), -E_MALFORMED);
	assert_int_equal(read_call(BYTES("\x01\0\0\0\x08"), &msg), -E_MALFORMED);
	assert_int_equal(read_call(BYTES("\x04\0\0\0\x8a\x02\x7f\x0a"), &msg), -E_MALFORMED);
}

static void a_frame_needs_all_its_bytes_and_has_a_limit(void **state)
{
	const unsigned char bytes[] = "\x03\0\0\0abc";
	size_t size = 0;
	struct err err = {""};

	(void)state;
	for (size_t n = 0; n < 7; n++)
		assert_int_equal(codec_protobuf.frame(NULL, &limits, bytes, n, &size, NULL), 0);
	assert_int_equal(codec_protobuf.frame(NULL, &limits, bytes, 7, &size, NULL), 1);
	assert_int_equal(size, 7);
	assert_int_equal(codec_protobuf.frame(NULL, &limits, BYTES("\xe9\x03\0\0"), &size, &err),
			 -E_TOO_LARGE);
	assert_non_null(strstr(err.text, "1001 bytes"));
}

static void writes(const struct msg *msg, const char *expected, size_t n)
{
	struct buf out = {0};

	assert_int_equal(codec_protobuf.write(&out, msg, NULL), 0);
	assert_int_equal(buf_len(&out), n);
	assert_memory_equal(buf_head(&out), expected, n);
	buf_fini(&out);
}

#define WRITES(msg, bytes) writes(&(msg), bytes, sizeof(bytes) - 1)

static void answers_are_the_examples(void **state)
{
	struct msg instance = {.type = MSG_INSTANCE, .id = 2, .instance_id = 7, .number = 1};
	struct msg call = {.type = MSG_PDK_CALL};
	struct msg end = {.type = MSG_EVENT_END, .id = 3};
	struct msg error = {.type = MSG_ERROR, .id = 3};

	(void)state;
	instance.name = value_str("p");
	WRITES(instance, "\x0c\0\0\0\x08\x02\x8a\x02\x07\x0a\x01p\x10\x07\x20\x01");
	call.name = value_str("kong.request.get_header");
	call.data = (struct value){.type = VALUE_BIN,
				   .len = 3,
				   .s = "\x0a\x01"
					"a"};
	WRITES(call, "\x17\0\0\0kong.request.get_header\x03\0\0\0\x0a\x01"
		     "a");
	WRITES(end, "\0\0\0\0\x02\0\0\0\x08\x03");
	end.type = MSG_RESULT;
	WRITES(end, "\x02\0\0\0\x08\x03");
	error.text = value_str("no plugin instance 7");
	WRITES(error, "\x14\0\0\0no plugin instance 7\0\0\0\0");
}

static void what_it_lacks_is_not_written(void **state)
{
	struct msg pid = {.type = MSG_SERVER_PID}, call = {.type = MSG_PDK_CALL};
	struct buf out = {0};

	(void)state;
	call.data.type = VALUE_ARRAY;
	assert_int_equal(codec_protobuf.write(&out, &pid, NULL), -E_UNSUPPORTED);
	assert_int_equal(codec_protobuf.write(&out, &call, NULL), -E_UNSUPPORTED);
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&out);
}

static void each_protocol_knows_its_own_calls(void **state)
{
	static const unsigned char mp[] = "\x94\0\x01\xb4plugin.StartInstance";
	static const unsigned char pb[] = "\x94\0\0\0\x8a\x02\x90\x01";

	(void)state;
	for (size_t n = 5; n < sizeof(pb); n++) {
		assert_true(codec_msgpack.probe(mp, n) && !codec_protobuf.probe(mp, n));
		assert_true(codec_protobuf.probe(pb, n) && !codec_msgpack.probe(pb, n));
	}
	assert_true(codec_protobuf.probe(pb, 1) && codec_msgpack.probe(pb, 1));
	assert_false(codec_protobuf.probe(BYTES("GET / HTTP/1.1")));
	assert_false(codec_protobuf.probe(BYTES("\0\0\0\0")));
	assert_false(codec_protobuf.probe(BYTES("\x05\0\0\0\x07")));
}

static int reset(void **state)
{
	(void)state;
	arena_fini(&arena);
	arena_init(&arena, 0);
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(a_start_is_read),
		TEST(an_event_is_read_with_its_fields_in_any_order),
		TEST(others_are_read_by_their_names),
		TEST(what_is_no_call_is_malformed),
		TEST(a_frame_needs_all_its_bytes_and_has_a_limit),
		TEST(answers_are_the_examples),
		TEST(what_it_lacks_is_not_written),
		TEST(each_protocol_knows_its_own_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
