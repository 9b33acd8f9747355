/* test_codec_write.c - our answers, byte by byte, and what we refuse to send. */
#include "tests/unit/mp_bytes.h"

static void assert_written(const struct msg *msg, const unsigned char *bytes, size_t n)
{
	struct buf out = {0};
	struct err err = {""};

	if (codec_msgpack.write(&out, msg, &err) != 0)
		fail_msg("%s", err.text);
	assert_bytes(&out, bytes, n);
	buf_fini(&out);
}

static void assert_refused(const struct msg *msg, int code, const char *text)
{
	struct buf out = {0};
	struct err err = {""};

	assert_int_equal(buf_append_str(&out, "before"), 0);
	assert_int_equal(codec_msgpack.write(&out, msg, &err), -code);
	assert_contains(err.text, text);
	assert_bytes(&out, BYTES("before"));
	buf_fini(&out);
}

static void an_instance_answers_with_id_and_name(void **state)
{
	const struct msg msg = {
		.type = MSG_INSTANCE, .id = 1, .instance_id = 7, .name = value_strn("p", 1)};

	(void)state;
	assert_written(&msg, BYTES("\x94\x01\x01\xc0\x82\xa2Id\x07\xa4Name\xa1p"));
}

static struct msg pdk_call(struct value *args, uint32_t n)
{
	return (struct msg){
		.type = MSG_PDK_CALL,
		.id = 3,
		.event_id = 5,
		.name = value_str("kong.request.get_header"),
		.data = {.type = VALUE_ARRAY, .len = n, .items = args},
	};
}

#define PDK_CALL                                            \
	"\x94\x01\x03\xc0\x82\xa7"                          \
	"EventId\x05\xa4"                                   \
	"Data\x82\xa6Method\xb7kong.request.get_header\xa4" \
	"Args"

static void a_pdk_call(void **state)
{
	struct value args[] = {value_str("a")};
	struct msg msg = pdk_call(args, 1);

	(void)state;
	assert_written(&msg, BYTES(PDK_CALL "\x91\xa1"
					    "a"));
}

static void a_pdk_call_without_arguments_has_an_empty_array(void **state)
{
	struct msg msg = pdk_call(NULL, 0);

	(void)state;
	assert_written(&msg, BYTES(PDK_CALL "\x90"));
	msg.data = value_nil();
	assert_written(&msg, BYTES(PDK_CALL "\x90"));
}

static void trailing_nils_are_left_out(void **state)
{
	struct value args[] = {value_int(1), value_nil(), value_nil()};
	struct msg msg = pdk_call(args, 3);

	(void)state;
	assert_written(&msg, BYTES(PDK_CALL "\x91\x01"));
	msg = pdk_call(args + 1, 2);
	assert_written(&msg, BYTES(PDK_CALL "\x90"));
	assert_int_equal(msg.data.len, 2);
}

static void nils_that_the_gateway_keeps_are_sent(void **state)
{
	struct value two[] = {value_nil(), value_int(1)};
	struct value four[] = {value_int(1), value_int(2), value_nil(), value_int(4)};
	struct msg msg = pdk_call(two, 2);

	(void)state;
	assert_written(&msg, BYTES(PDK_CALL "\x92\xc0\x01"));
	msg = pdk_call(four, 4);
	assert_written(&msg, BYTES(PDK_CALL "\x94\x01\x02\xc0\x04"));
}

static void nils_that_the_gateway_would_lose_are_refused(void **state)
{
	struct value nil = value_nil(), x = value_int(1);
	struct value rows[][4] = {{x, nil, x},      {nil, nil, x},  {nil, nil, x, x},
				  {nil, x, nil, x}, {x, nil, x, x}, {nil, x, x}};
	static const uint32_t lens[] = {3, 3, 4, 4, 4, 3};

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct msg msg = pdk_call(rows[i], lens[i]);

		assert_refused(&msg, E_UNSUPPORTED, "of kong.request.get_header is nil");
	}
}

static void nils_within_an_argument_are_its_own_matter(void **state)
{
	struct value items[] = {value_int(1), value_nil(), value_int(2)};
	struct value args[] = {{.type = VALUE_ARRAY, .len = 3, .items = items}};
	struct msg msg = pdk_call(args, 1);

	(void)state;
	assert_written(&msg, BYTES(PDK_CALL "\x91\x93\x01\xc0\x02"));
}

static void empty_tables_keep_their_kind(void **state)
{
	struct value args[] = {{.type = VALUE_ARRAY}, {.type = VALUE_MAP}};
	struct msg msg = pdk_call(args, 2);

	(void)state;
	assert_written(&msg, BYTES(PDK_CALL "\x92\x90\x80"));
}

static void the_end_of_an_event(void **state)
{
	const struct msg msg = {.type = MSG_EVENT_END, .id = 4, .event_id = 5};

	(void)state;
	assert_written(&msg, BYTES("\x94\x01\x04\xc0\x82\xa7"
				   "EventId\x05\xa4"
				   "Data\xa3ret"));
}

static void an_error_is_a_string(void **state)
{
	struct msg msg = {.type = MSG_ERROR, .id = 3, .text = value_str("no plugin instance 7")};

	(void)state;
	assert_written(&msg, BYTES("\x94\x01\x03\xb4no plugin instance 7\xc0"));
	msg.text = (struct value){.type = VALUE_BIN, .len = 1, .s = "x"};
	assert_written(&msg, BYTES("\x94\x01\x03\xa1x\xc0"));
	msg.text = value_nil();
	assert_written(&msg, BYTES("\x94\x01\x03\xaeinternal error\xc0"));
}

static void a_result_is_never_nil(void **state)
{
	struct msg msg = {.type = MSG_RESULT, .id = 2};

	(void)state;
	assert_written(&msg, BYTES("\x94\x01\x02\xc0\x80"));
	msg.data = value_str("ok");
	assert_written(&msg, BYTES("\x94\x01\x02\xc0\xa2ok"));
}

static void the_generation_is_a_notice(void **state)
{
	const struct msg msg = {.type = MSG_SERVER_PID, .number = 300};

	(void)state;
	assert_written(&msg, BYTES("\x93\x02\xa9serverPid\xcd\x01\x2c"));
}

static void ids_are_echoed_in_full(void **state)
{
	const struct msg msg = {
		.type = MSG_EVENT_END, .id = UINT64_MAX, .event_id = (1ULL << 53) - 1};

	(void)state;
	assert_written(&msg, BYTES("\x94\x01\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xc0\x82\xa7"
				   "EventId\xcf\x00\x1f\xff\xff\xff\xff\xff\xff\xa4"
				   "Data\xa3ret"));
}

static void calls_are_not_ours_to_send(void **state)
{
	(void)state;
	for (int type = MSG_START_INSTANCE; type <= MSG_OTHER; type++) {
		const struct msg msg = {.type = (enum msg_type)type};

		assert_refused(&msg, E_UNSUPPORTED, "sends no calls");
	}
}

static void arguments_must_be_an_array(void **state)
{
	struct msg msg = pdk_call(NULL, 0);

	(void)state;
	msg.data.type = VALUE_MAP;
	assert_refused(&msg, E_UNSUPPORTED, "no array");
}

static void values_nested_too_deeply_are_refused(void **state)
{
	struct value nested[LIMIT_MESSAGE_DEPTH_MAX];
	struct msg msg;

	(void)state;
	for (size_t i = 0; i < LIMIT_MESSAGE_DEPTH_MAX; i++)
		nested[i] = (struct value){.type = VALUE_ARRAY, .len = 1, .items = &nested[i + 1]};
	nested[LIMIT_MESSAGE_DEPTH_MAX - 1].len = 0;
	msg = pdk_call(nested, 1);
	assert_refused(&msg, E_TOO_DEEP, "in one another");
}

static void *no_room(void *user, void *old, size_t old_size, size_t new_size)
{
	(void)user;
	(void)old;
	(void)old_size;
	(void)new_size;
	return NULL;
}

static void lack_of_memory_is_told(void **state)
{
	const struct buf_mem mem = {.resize = no_room};
	const struct msg msg = {.type = MSG_EVENT_END};
	struct buf out;

	(void)state;
	buf_init(&out, &mem);
	assert_error(codec_msgpack.write(&out, &msg, NULL), NOMEM);
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_instance_answers_with_id_and_name),
		cmocka_unit_test(a_pdk_call),
		cmocka_unit_test(a_pdk_call_without_arguments_has_an_empty_array),
		cmocka_unit_test(trailing_nils_are_left_out),
		cmocka_unit_test(nils_that_the_gateway_keeps_are_sent),
		cmocka_unit_test(nils_that_the_gateway_would_lose_are_refused),
		cmocka_unit_test(nils_within_an_argument_are_its_own_matter),
		cmocka_unit_test(empty_tables_keep_their_kind),
		cmocka_unit_test(the_end_of_an_event),
		cmocka_unit_test(an_error_is_a_string),
		cmocka_unit_test(a_result_is_never_nil),
		cmocka_unit_test(the_generation_is_a_notice),
		cmocka_unit_test(ids_are_echoed_in_full),
		cmocka_unit_test(calls_are_not_ours_to_send),
		cmocka_unit_test(arguments_must_be_an_array),
		cmocka_unit_test(values_nested_too_deeply_are_refused),
		cmocka_unit_test(lack_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
