/* test_pb_wire.c - what of ProtoBuf:1 is read and written by hand is what protobuf-c makes of it: with the
 * usual bytes, each of them replaced by any other, and cut anywhere. */
#include <pluginsocket.pb-c.h>
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk.h"
#include "pdk-bridge/pdk_pb.h"
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/codec.h"
#include "protocol/err.h"
#include "protocol/pb.h"
#include "tests/lib/quick.h"
#include "tests/lib/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct limits limits = {LIMIT_MESSAGE_SIZE, LIMIT_MESSAGE_DEPTH};
static struct arena arena;

static const struct pdk_fn *row(const char *name)
{
	return pdk_find(name, strlen(name));
}

static ProtobufCBinaryData data_of(const struct value *text)
{
	return (ProtobufCBinaryData){text->len, (uint8_t *)text->s};
}

/* ---- what is read ---- */

/* Calls `check` with the n bytes as they are, with each of the first 64 replaced by any other, and cut. */
static void vary(const unsigned char *bytes, size_t n, void (*check)(const unsigned char *, size_t))
{
	unsigned char *copy = malloc(n + 1);

	assert_non_null(copy);
	for (size_t i = 0; i < n && i < 64; i++)
		for (unsigned other = 0; other < 256; other++) {
			memcpy(copy, bytes, n);
			copy[i] = (unsigned char)other;
			check(copy, n);
			arena_reset(&arena);
		}
	free(copy);
	for (size_t cut = 0; cut <= n; cut++) {
		copy = malloc(cut + 1); /* so that reading behind the end is seen */
		assert_non_null(copy);
		memcpy(copy + 1, bytes, cut);
		check(copy + 1, cut);
		free(copy);
		arena_reset(&arena);
	}
}

/* A frame's content, as a call. */
static void call_is_read_as_protobuf_c_does(const unsigned char *bytes, size_t n)
{
	uint32_t length = (uint32_t)n;
	unsigned char *frame = malloc(PB_LENGTH_SIZE + n);
	size_t size;

	assert_non_null(frame);
	memcpy(frame, &length, PB_LENGTH_SIZE);
	memcpy(frame + PB_LENGTH_SIZE, bytes, n);
	assert_true(quick_is_right(&codec_protobuf, &limits, frame, PB_LENGTH_SIZE + n, &size));
	free(frame);
}

static void event_is_read(int64_t sequence, int32_t instance_id, size_t name_len)
{
	static unsigned char name[300];
	unsigned char *copy;
	Pb__RpcCall call = PB__RPC_CALL__INIT;
	Pb__CmdHandleEvent event = PB__CMD_HANDLE_EVENT__INIT;
	ProtobufCBinaryData bytes;

	memset(name, 'a', sizeof(name));
	event.instance_id = instance_id;
	event.event_name = (ProtobufCBinaryData){name_len, name};
	call.sequence = sequence;
	call.call_case = PB__RPC_CALL__CALL_CMD_HANDLE_EVENT;
	call.cmd_handle_event = &event;
	assert_int_equal(pb_pack(&arena, &call.base, &bytes), 0);
	copy = malloc(bytes.len + 1); /* since the arena is reset */
	assert_non_null(copy);
	memcpy(copy, bytes.data, bytes.len);
	vary(copy, bytes.len, call_is_read_as_protobuf_c_does);
	free(copy);
}

/* Of a field that is there twice the last one counts; messages are merged. */
static void an_event_in_two_is_one(void **state)
{
	static const unsigned char calls[] = "\xa2\x02\x02\x08\x07\x08\x02\xa2\x02\x08\x12\x06"
					     "access";
	static const unsigned char numbers[] = "\x08\x03\xa2\x02\x0c\x08\x07\x12\x06"
					       "access\x08\x05\x08\x04";

	(void)state;
	vary(calls, sizeof(calls) - 1, call_is_read_as_protobuf_c_does);
	vary(numbers, sizeof(numbers) - 1, call_is_read_as_protobuf_c_does);
}

static void an_event_is_read_as_protobuf_c_reads_it(void **state)
{
	static const int64_t sequences[] = {
		0, 2, 127, 128, INT32_MAX, INT64_MAX, INT64_MIN, ((int64_t)1 << 35) - 1};
	static const int32_t ids[] = {7, 0, 128, INT32_MAX, -1, INT32_MIN};
	static const size_t lens[] = {6, 0, 127, 128, 300};

	(void)state;
	for (size_t i = 0; i < COUNT(sequences); i++)
		event_is_read(sequences[i], 7, 6);
	for (size_t i = 0; i < COUNT(ids); i++)
		event_is_read(2, ids[i], 6);
	for (size_t i = 0; i < COUNT(lens); i++)
		event_is_read(2, 7, lens[i]);
}

static void assert_quick(const unsigned char *frame, size_t n)
{
	struct limits tight = limits;
	unsigned char more[64];
	size_t size;

	memcpy(more, frame, n);
	more[n] = 1;
	for (size_t part = 0; part < n; part++) {
		assert_true(quick_is_right(&codec_protobuf, &limits, frame, part, &size));
		assert_int_equal(size, 0);
	}
	assert_true(quick_is_right(&codec_protobuf, &limits, more, n + 1, &size));
	assert_int_equal(size, n);
	tight.message_size = n - PB_LENGTH_SIZE - 1;
	assert_true(quick_is_right(&codec_protobuf, &tight, frame, n, &size));
	assert_int_equal(size, 0);
}

#define ASSERT_QUICK(frame) assert_quick((const unsigned char *)(frame), sizeof(frame) - 1)

static void usual_events_are_read_quickly_when_they_are_whole(void **state)
{
	(void)state;
	ASSERT_QUICK("\x0f\0\0\0\x08\x03\xa2\x02\x0a\x08\x07\x12\x06"
		     "access");
	ASSERT_QUICK("\x10\0\0\0\xa2\x02\x0a\x12\x06"
		     "access\x08\x07\x08\x83\x01");
	ASSERT_QUICK("\x13\0\0\0\x08\xff\xff\xff\xff\x0f\xa2\x02\x0a\x08\xff\xff\xff\x07\x12\x03"
		     "log");
}

static void other_calls_are_left_alone(void **state)
{
	static const unsigned char close[] = "\x07\0\0\0\x08\x02\x9a\x02\x02\x08\x09";
	size_t size;

	(void)state;
	assert_true(quick_is_right(&codec_protobuf, &limits, close, sizeof(close) - 1, &size));
	assert_int_equal(size, 0);
}

static void string_is_read_as_protobuf_c_does(const unsigned char *bytes, size_t n)
{
	static const char *const names[] = {"kong.request.get_header", "kong.request.get_raw_query",
					    "kong.service.response.get_raw_body"};
	const struct value in = {.type = VALUE_BIN, .len = (uint32_t)n, .s = (const char *)bytes};
	const Pb__String *string =
		(const Pb__String *)pb_read(&pb__string__descriptor, &arena, bytes, n);

	for (size_t i = 0; i < COUNT(names); i++) {
		struct value got, expected;
		int rc = pdk_pb_decode(&arena, row(names[i]), &in, &got, NULL);

		assert_int_equal(rc, string != NULL ? 0 : -E_MALFORMED);
		if (rc != 0)
			continue;
		expected = string->v.len > 0 || i > 0 ? pb_text(&string->v) : value_nil();
		assert_true(value_equal(&got, &expected));
	}
}

static void a_text_is_read_as_protobuf_c_reads_it(void **state)
{
	static const size_t lens[] = {1, 0, 60, 127, 128, 5000};

	(void)state;
	for (size_t i = 0; i < COUNT(lens); i++) {
		Pb__String string = PB__STRING__INIT;
		unsigned char *bytes;
		size_t n;

		string.v = (ProtobufCBinaryData){lens[i], calloc(1, lens[i] + 1)};
		n = pb__string__get_packed_size(&string);
		bytes = malloc(n + 1);
		assert_true(bytes != NULL && string.v.data != NULL);
		assert_int_equal(pb__string__pack(&string, bytes), n);
		vary(bytes, n, string_is_read_as_protobuf_c_does);
		free(string.v.data);
		free(bytes);
	}
	vary((const unsigned char *)"\x0a\x01"
				    "a\x0a\x01"
				    "b\x10\x05",
	     8, string_is_read_as_protobuf_c_does);
}

static void a_usual_text_is_borrowed(void **state)
{
	static const struct value in = {.type = VALUE_BIN,
					.len = 3,
					.s = "\x0a\x01"
					     "a"};
	struct value got;

	(void)state;
	assert_int_equal(pdk_pb_decode(&arena, row("kong.request.get_header"), &in, &got, NULL), 0);
	assert_ptr_equal(got.s, in.s + 2);
	assert_int_equal(arena.total, 0);
}

/* ---- what is written ---- */

static const size_t lens[] = {0, 1, 63, 120, 125, 126, 127, 128, 129, 16383, 16384, 70000};

static struct value text_of(size_t n)
{
	char *text = arena_alloc(&arena, n + 1);

	assert_non_null(text);
	memset(text, 'x', n);
	return value_strn(text, n);
}

static void encodes(const char *name, const struct value *argv, size_t argc,
		    const ProtobufCMessage *message)
{
	ProtobufCBinaryData expected;
	struct value got;

	assert_int_equal(pb_pack(&arena, message, &expected), 0);
	assert_int_equal(pdk_pb_encode(&arena, row(name), argv, argc, &got, NULL), 0);
	assert_int_equal(got.len, expected.len);
	assert_memory_equal(got.s, expected.data, expected.len);
}

static void texts_are_written_as_protobuf_c_writes_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lens); i++) {
		const struct value text = text_of(lens[i]);
		Pb__String string = PB__STRING__INIT;

		string.v = data_of(&text);
		encodes("kong.request.get_header", &text, 1, &string.base);
		encodes("kong.service.request.set_raw_body", &text, 1, &string.base);
		arena_reset(&arena);
	}
}

static void a_pair_is_written(size_t key_len, size_t value_len)
{
	const struct value argv[2] = {text_of(key_len), text_of(value_len)};
	Pb__Value value = PB__VALUE__INIT;
	Pb__KV kv = PB__KV__INIT;

	value.kind_case = PB__VALUE__KIND_STRING_VALUE;
	value.string_value = data_of(&argv[1]);
	kv.k = data_of(&argv[0]);
	kv.v = &value;
	encodes("kong.response.set_header", argv, 2, &kv.base);
	encodes("kong.ctx.shared.set", argv, 2, &kv.base);
	arena_reset(&arena);
}

static void pairs_are_written_as_protobuf_c_writes_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lens); i++)
		for (size_t k = 0; k < COUNT(lens); k++)
			a_pair_is_written(lens[i], lens[k]);
}

static void a_return_is_written_as_protobuf_c_writes_it(void **state)
{
	static const uint64_t ids[] = {0, 1, 127, 128, 16383, UINT32_MAX, INT64_MAX, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		struct msg msg = {.type = MSG_RESULT, .id = ids[i]};
		struct buf expected = {0}, got = {0};
		Pb__RpcReturn answer = PB__RPC_RETURN__INIT;

		answer.sequence = (int64_t)ids[i];
		assert_int_equal(pb_write_message(&expected, &answer.base), 0);
		assert_int_equal(codec_protobuf.write(&got, &msg, NULL), 0);
		assert_int_equal(buf_len(&got), buf_len(&expected));
		assert_memory_equal(buf_head(&got), buf_head(&expected), buf_len(&got));
		buf_fini(&expected);
		buf_fini(&got);
	}
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
		TEST(an_event_is_read_as_protobuf_c_reads_it),
		TEST(an_event_in_two_is_one),
		TEST(usual_events_are_read_quickly_when_they_are_whole),
		TEST(other_calls_are_left_alone),
		TEST(a_text_is_read_as_protobuf_c_reads_it),
		TEST(a_usual_text_is_borrowed),
		TEST(texts_are_written_as_protobuf_c_writes_them),
		TEST(pairs_are_written_as_protobuf_c_writes_them),
		TEST(a_return_is_written_as_protobuf_c_writes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
