/* test_codec_read.c - the gateway's calls: PROTOCOL.md's bytes, every oddity, every error. */
#include <stdbool.h>
#include "tests/unit/mp_bytes.h"

#define STEP_EVENT_5      \
	"\x82\xa7"        \
	"EventId\x05\xa4" \
	"Data"

struct fixture {
	struct arena arena;
	struct msg msg;
	struct err err;
	bool id_known;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state == NULL;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_fini(&f->arena);
	free(f);
	return 0;
}

static const struct msg *read_call(void **state, const unsigned char *bytes, size_t n)
{
	struct fixture *f = *state;
	int rc = codec_msgpack.read(bytes, n, &f->arena, &f->msg, &f->id_known, &f->err);

	if (rc != 0)
		fail_msg("%s", f->err.text);
	assert_true(f->id_known);
	return &f->msg;
}

static void start_instance(void **state)
{
	const struct msg *m = read_call(state, BYTES("\x94\x00\x01\xb4plugin.StartInstance\x91\x82"
						     "\xa4Name\xa1p\xa6"
						     "Config\xb3{\"a\":1,\"__seq__\":3}"));

	assert_int_equal(m->type, MSG_START_INSTANCE);
	assert_int_equal(m->id, 1);
	assert_text(&m->method, "plugin.StartInstance");
	assert_text(&m->name, "p");
	assert_text(&m->text, "{\"a\":1,\"__seq__\":3}");
}

static void close_instance(void **state)
{
	const struct msg *m =
		read_call(state, BYTES("\x94\x00\x02\xb4plugin.CloseInstance\x91\x07"));

	assert_int_equal(m->type, MSG_CLOSE_INSTANCE);
	assert_int_equal(m->id, 2);
	assert_int_equal(m->instance_id, 7);
}

static void handle_event(void **state)
{
	const struct msg *m = read_call(state, BYTES("\x94\x00\x03\xb2plugin.HandleEvent\x91\x82"
						     "\xa9"
						     "EventName\xa6"
						     "access\xaaInstanceId\x07"));

	assert_int_equal(m->type, MSG_HANDLE_EVENT);
	assert_int_equal(m->id, 3);
	assert_int_equal(m->instance_id, 7);
	assert_text(&m->name, "access");
}

static void step_with_a_text(void **state)
{
	const struct msg *m =
		read_call(state, BYTES("\x94\x00\x04\xabplugin.Step\x91" STEP_EVENT_5 "\xa1"
				       "b"));

	assert_int_equal(m->type, MSG_STEP);
	assert_int_equal(m->id, 4);
	assert_int_equal(m->event_id, 5);
	assert_text(&m->data, "b");
}

static void step_without_data_is_nil(void **state)
{
	const struct msg *m = read_call(state, BYTES("\x94\x00\x04\xabplugin.Step\x91\x81\xa7"
						     "EventId\x05"));

	assert_int_equal(m->type, MSG_STEP);
	assert_int_equal(m->event_id, 5);
	assert_int_equal(m->data.type, VALUE_NIL);
}

static void step_multi_map(void **state)
{
	const struct msg *m =
		read_call(state, BYTES("\x94\x00\x04\xb3plugin.StepMultiMap\x91" STEP_EVENT_5
				       "\x82\xa4host\x91\xa1x\xa5multi\x92\xa1"
				       "1\xa1"
				       "2"));

	assert_int_equal(m->type, MSG_STEP);
	assert_text(&m->method, "plugin.StepMultiMap");
	assert_text(&value_map_get(&m->data, "host")->items[0], "x");
	assert_text(&value_map_get(&m->data, "multi")->items[1], "2");
}

/* "[0, 4, method, [{EventId = 5, Data = true}]]" */
static struct buf make_step(const char *method)
{
	struct value_pair fields[] = {{value_str("EventId"), value_int(5)},
				      {value_str("Data"), value_bool(true)}};
	struct value param = {.type = VALUE_MAP, .len = 2, .pairs = fields};
	struct value params = {.type = VALUE_ARRAY, .len = 1, .items = &param};
	struct value items[] = {value_int(0), value_int(4), value_str(method), params};
	struct value message = {.type = VALUE_ARRAY, .len = 4, .items = items};
	struct buf b = {0};

	assert_int_equal(mp_write_value(&b, &message), 0);
	return b;
}

static void all_step_methods_are_steps(void **state)
{
	static const char *const names[] = {"plugin.Step",           "plugin.StepMultiMap",
					    "plugin.StepCredential", "plugin.StepConsumer",
					    "plugin.StepRoute",      "plugin.StepService",
					    "plugin.StepMemoryStats"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct buf b = make_step(names[i]);
		const struct msg *m = read_call(state, buf_head(&b), buf_len(&b));

		assert_int_equal(m->type, MSG_STEP);
		assert_int_equal(m->event_id, 5);
		assert_true(m->data.b);
		buf_fini(&b);
	}
}

static void step_error(void **state)
{
	const struct msg *m =
		read_call(state, BYTES("\x94\x00\x04\xb0plugin.StepError\x91" STEP_EVENT_5 "\xa3"
				       "bad"));

	assert_int_equal(m->type, MSG_STEP_ERROR);
	assert_int_equal(m->event_id, 5);
	assert_text(&m->text, "bad");
}

static void methods_of_other_servers_are_passed_on(void **state)
{
	const struct msg *m =
		read_call(state, BYTES("\x94\x00\x09\xb4plugin.GetPluginInfo\x91\xa1p"));

	assert_int_equal(m->type, MSG_OTHER);
	assert_int_equal(m->id, 9);
	assert_text(&m->method, "plugin.GetPluginInfo");
	assert_text(&m->data, "p");
	m = read_call(state, BYTES("\x94\x00\x09\xb0plugin.GetStatus\x90"));
	assert_int_equal(m->type, MSG_OTHER);
	assert_int_equal(m->data.type, VALUE_NIL);
	m = read_call(state, BYTES("\x94\x00\x09\xa0\x90"));
	assert_int_equal(m->type, MSG_OTHER);
}

static void bin_does_for_any_text(void **state)
{
	const struct msg *m = read_call(state, BYTES("\x94\x00\x01\xc4\x14plugin.StartInstance\x91"
						     "\x82\xc4\x04Name\xc4\x01p\xc4\x06"
						     "Config\xc4\x02{}"));

	assert_int_equal(m->type, MSG_START_INSTANCE);
	assert_text(&m->method, "plugin.StartInstance");
	assert_text(&m->name, "p");
	assert_text(&m->text, "{}");
}

static void fields_in_any_order_and_unknown_ones(void **state)
{
	const struct msg *m = read_call(
		state, BYTES("\x94\x00\x03\xb2plugin.HandleEvent\x91\x85\xaaInstanceId\x07\xa1x\x91"
			     "\x80\x01\x02\xc0\xc0\xa9"
			     "EventName\xa3log"));

	assert_int_equal(m->type, MSG_HANDLE_EVENT);
	assert_int_equal(m->instance_id, 7);
	assert_text(&m->name, "log");
}

static void ids_of_any_integer_form(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		uint64_t id;
	} rows[] = {
#define ID(literal, id) {"\x93\x00" literal "\xa1m", sizeof("\x93\x00" literal "\xa1m") - 1, id}
		ID("\x00", 0),
		ID("\x05", 5),
		ID("\xcc\x05", 5),
		ID("\xcd\x01\x00", 256),
		ID("\xce\x00\x01\x00\x00", 65536),
		ID("\xcf\xff\xff\xff\xff\xff\xff\xff\xff", UINT64_MAX),
		ID("\xd0\x05", 5),
		ID("\xd3\x00\x00\x00\x00\x00\x00\x00\x05", 5),
		ID("\xca\x40\xa0\x00\x00", 5),
		ID("\xcb\x40\x14\x00\x00\x00\x00\x00\x00", 5),
		ID("\xcb\x43\x40\x00\x00\x00\x00\x00\x00", (uint64_t)1 << 53),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const unsigned char *bytes = (const unsigned char *)rows[i].bytes;

		assert_true(read_call(state, bytes, rows[i].n)->id == rows[i].id);
	}
}

static void instance_and_event_ids_as_doubles(void **state)
{
	const struct msg *m = read_call(
		state, BYTES("\x94\x00\x01\xb4plugin.CloseInstance\x91\xcb\x40\x1c\0\0\0\0\0\0"));

	assert_int_equal(m->instance_id, 7);
	m = read_call(state, BYTES("\x94\x00\x04\xabplugin.Step\x91\x81\xa7"
				   "EventId\xcb\x43\x3f\xff\xff\xff\xff\xff\xff"));
	assert_true(m->event_id == 9007199254740991U);
}

static void parameters_may_be_missing_or_several(void **state)
{
	static const char none[] = "\x93\x00\x01\xa1m", nil[] = "\x94\x00\x01\xa1m\xc0";
	static const char map[] = "\x94\x00\x01\xa1m\x80",
			  more[] = "\x95\x00\x01\xa1m\x92\x07\x08\x09";

	assert_int_equal(read_call(state, BYTES(none))->data.type, VALUE_NIL);
	assert_int_equal(read_call(state, BYTES(nil))->data.type, VALUE_NIL);
	assert_int_equal(read_call(state, BYTES(map))->data.type, VALUE_NIL);
	assert_int_equal(read_call(state, BYTES(more))->data.i, 7);
}

static void texts_borrow_the_frame(void **state)
{
	static const char bytes[] = "\x94\x00\x04\xabplugin.Step\x91" STEP_EVENT_5 "\xc4\x01x";
	const struct msg *m = read_call(state, BYTES(bytes));

	assert_int_equal(m->data.type, VALUE_BIN);
	assert_ptr_equal(m->data.s, bytes + sizeof(bytes) - 2);
}

static void assert_refused(void **state, bool id_known, const char *text,
			   const unsigned char *bytes, size_t n)
{
	struct fixture *f = *state;
	unsigned char *copy = exactly(bytes, n);

	f->msg = (struct msg){.id = 99};
	f->id_known = !id_known;
	assert_error(codec_msgpack.read(copy, n, &f->arena, &f->msg, &f->id_known, &f->err),
		     MALFORMED);
	assert_contains(f->err.text, text);
	assert_int_equal(f->id_known, id_known);
	assert_int_equal(f->msg.id, id_known ? 1 : 99);
	free(copy);
}

static void what_is_no_call_is_refused(void **state)
{
	assert_refused(state, false, "an answer", BYTES("\x94\x01\x01\xc0\xc0"));
	assert_refused(state, false, "a notification", BYTES("\x93\x02\xa9serverPid\x05"));
	assert_refused(state, false, "unknown type 3", BYTES("\x94\x03\x01\xc0\xc0"));
	assert_refused(state, false, "no type", BYTES("\x90"));
	assert_refused(state, false, "no type", BYTES("\x94\xc0\x01\xa1m\x90"));
	assert_refused(state, false, "integer instead of an array", BYTES("G"));
	assert_refused(state, false, "map instead of an array", BYTES("\x80"));
	assert_refused(state, false, "announces more", BYTES("\x94\x00\x01"));
	assert_refused(state, false, "cut short", BYTES("\x92\x00\xcd\x01"));
	assert_refused(state, false, "0xc1", BYTES("\x92\x00\xc1"));
	assert_refused(state, false, "left over", BYTES("\x93\x00\x01\xa1m\x00"));
}

static void calls_without_a_usable_id_are_refused(void **state)
{
	assert_refused(state, false, "its id", BYTES("\x91\x00"));
	assert_refused(state, false, "its id", BYTES("\x93\x00\xc0\xa1m"));
	assert_refused(state, false, "its id", BYTES("\x93\x00\xff\xa1m"));
	assert_refused(state, false, "its id",
		       BYTES("\x93\x00\xa1"
			     "1\xa1m"));
	assert_refused(state, false, "its id", BYTES("\x93\x00\xcb\x3f\xf8\0\0\0\0\0\0\xa1m"));
}

static void calls_with_a_wrong_shape_can_be_answered(void **state)
{
	assert_refused(state, true, "no method", BYTES("\x92\x00\x01"));
	assert_refused(state, true, "the method is nil", BYTES("\x93\x00\x01\xc0"));
	assert_refused(state, true, "the method is integer", BYTES("\x94\x00\x01\x05\x90"));
	assert_refused(state, true, "the parameters are integer", BYTES("\x94\x00\x01\xa1m\x05"));
	assert_refused(state, true, "the parameters are map",
		       BYTES("\x94\x00\x01\xa1m\x81\x01\x02"));
}

static void missing_and_wrong_fields_are_named(void **state)
{
	assert_refused(state, true, "Name of plugin.StartInstance is missing",
		       BYTES("\x94\x00\x01\xb4plugin.StartInstance\x90"));
	assert_refused(state, true, "Name of plugin.StartInstance is missing",
		       BYTES("\x94\x00\x01\xb4plugin.StartInstance\x91\x90"));
	assert_refused(state, true, "Config of plugin.StartInstance is array instead of a text",
		       BYTES("\x94\x00\x01\xb4plugin.StartInstance\x91\x82\xa4Name\xa1p\xa6"
			     "Config\x90"));
	assert_refused(state, true, "the parameter of plugin.CloseInstance is missing",
		       BYTES("\x94\x00\x01\xb4plugin.CloseInstance\x90"));
	assert_refused(state, true, "InstanceId of plugin.HandleEvent is string",
		       BYTES("\x94\x00\x01\xb2plugin.HandleEvent\x91\x81\xaaInstanceId\xa1x"));
	assert_refused(state, true, "EventName of plugin.HandleEvent is missing",
		       BYTES("\x94\x00\x01\xb2plugin.HandleEvent\x91\x81\xaaInstanceId\x01"));
	assert_refused(state, true, "EventId of plugin.Step is missing",
		       BYTES("\x94\x00\x01\xabplugin.Step\x91\x80"));
	assert_refused(state, true, "EventId of plugin.Step is integer instead of a whole number",
		       BYTES("\x94\x00\x01\xabplugin.Step\x91\x81\xa7"
			     "EventId\xff"));
	assert_refused(state, true, "Data of plugin.StepError is missing",
		       BYTES("\x94\x00\x01\xb0plugin.StepError\x91\x81\xa7"
			     "EventId\x05"));
}

static void a_refused_call_tells_what_it_would_have_been(void **state)
{
	static const char no_event[] = "\x94\x00\x01\xb2plugin.HandleEvent\x91\x80";
	static const char no_method[] = "\x92\x00\x01";
	struct fixture *f = *state;

	assert_error(codec_msgpack.read(BYTES(no_event), &f->arena, &f->msg, &f->id_known, NULL),
		     MALFORMED);
	assert_int_equal(f->msg.type, MSG_HANDLE_EVENT);
	assert_text(&f->msg.method, "plugin.HandleEvent");
	assert_error(codec_msgpack.read(BYTES(no_method), &f->arena, &f->msg, &f->id_known, NULL),
		     MALFORMED);
	assert_int_equal(f->msg.type, MSG_OTHER);
	assert_int_equal(f->msg.method.type, VALUE_NIL);
}

static void no_error_text_has_the_words_that_the_gateway_looks_for(void **state)
{
	struct fixture *f = *state;
	struct err err = {""};
	static const char *const calls[] = {"\x94\x00\x01\xb4no plugin instance 7\x05",
					    "\x94\x00\x01\xa6"
					    "closed\x05"};

	for (size_t i = 0; i < 2; i++) {
		const unsigned char *bytes = (const unsigned char *)calls[i];
		size_t n = i == 0 ? 25 : 11;

		assert_error(codec_msgpack.read(bytes, n, &f->arena, &f->msg, &f->id_known, &err),
			     MALFORMED);
		assert_null(strstr(err.text, "no plugin instance"));
		assert_null(strstr(err.text, "closed"));
	}
}

static void lack_of_memory_is_told(void **state)
{
	struct fixture *f = *state;

	arena_init(&f->arena, 16);
	assert_error(codec_msgpack.read(BYTES("\x93\x00\x01\xa1m"), &f->arena, &f->msg,
					&f->id_known, &f->err),
		     NOMEM);
	assert_false(f->id_known);
}

static void calls_are_told_from_other_formats_by_their_first_bytes(void **state)
{
	(void)state;
	assert_true(codec_msgpack.probe(BYTES("\x94")));
	assert_true(codec_msgpack.probe(BYTES("\x94\x00")));
	assert_true(codec_msgpack.probe(BYTES("\x94\x00\x01\xb4plugin")));
	assert_true(codec_msgpack.probe(BYTES("\x94\x00\xcd\x01\x00")));
	assert_true(codec_msgpack.probe(BYTES("\x93\x02\xa9serverPid")));
	assert_true(codec_msgpack.probe(BYTES("\x94\x00\xce\x00\x01\x00\x00\xb4")));
	/* ProtoBuf frames of 29, 148, 1172, 65,684 and 13,112,468 bytes */
	assert_false(codec_msgpack.probe(BYTES("\x1d\x00\x00\x00\x08")));
	assert_false(codec_msgpack.probe(BYTES("\x94\x00\x00\x00\x08")));
	assert_false(codec_msgpack.probe(BYTES("\x94\x04\x00\x00\x08")));
	assert_false(codec_msgpack.probe(BYTES("\x94\x00\x01\x00\x08")));
	assert_false(codec_msgpack.probe(BYTES("\x94\x14\xc8\x00\x08")));
	assert_false(codec_msgpack.probe(BYTES("GET / HTTP/1.1")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(start_instance),
		TEST(close_instance),
		TEST(handle_event),
		TEST(step_with_a_text),
		TEST(step_without_data_is_nil),
		TEST(step_multi_map),
		TEST(all_step_methods_are_steps),
		TEST(step_error),
		TEST(methods_of_other_servers_are_passed_on),
		TEST(bin_does_for_any_text),
		TEST(fields_in_any_order_and_unknown_ones),
		TEST(ids_of_any_integer_form),
		TEST(instance_and_event_ids_as_doubles),
		TEST(parameters_may_be_missing_or_several),
		TEST(texts_borrow_the_frame),
		TEST(what_is_no_call_is_refused),
		TEST(calls_without_a_usable_id_are_refused),
		TEST(calls_with_a_wrong_shape_can_be_answered),
		TEST(missing_and_wrong_fields_are_named),
		TEST(a_refused_call_tells_what_it_would_have_been),
		TEST(no_error_text_has_the_words_that_the_gateway_looks_for),
		TEST(lack_of_memory_is_told),
		TEST(calls_are_told_from_other_formats_by_their_first_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
