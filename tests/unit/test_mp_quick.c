/* test_mp_quick.c - the usual calls in one pass: which they are, and that all else is left to the two passes. */
#include <stdbool.h>
#include <stdio.h>
#include "tests/lib/quick.h"
#include "tests/unit/mp_bytes.h"

static const struct limits limits = {LIMIT_MESSAGE_SIZE, LIMIT_MESSAGE_DEPTH};

/* As quick() has it, in memory of exactly that size. */
static size_t quick_size(const struct limits *l, const unsigned char *bytes, size_t n)
{
	unsigned char *copy = exactly(bytes, n);
	size_t size;

	assert_true(quick_is_right(&codec_msgpack, l, copy, n, &size));
	free(copy);
	return size;
}

/* Is read quickly with anything behind it, and left alone when any of it is missing or too much. */
static void assert_quick(const unsigned char *bytes, size_t n)
{
	struct limits tight = limits;
	unsigned char more[512];

	assert_true(n < sizeof(more));
	memcpy(more, bytes, n);
	more[n] = 0x94;
	for (size_t part = 0; part < n; part++)
		assert_int_equal(quick_size(&limits, bytes, part), 0);
	assert_int_equal(quick_size(&limits, bytes, n), n);
	assert_int_equal(quick_size(&limits, more, n + 1), n);
	tight.message_size = n;
	assert_int_equal(quick_size(&tight, more, n + 1), n);
	tight.message_size = n - 1;
	assert_int_equal(quick_size(&tight, bytes, n), 0);
}

static void assert_left_alone(const unsigned char *bytes, size_t n)
{
	assert_int_equal(quick_size(&limits, bytes, n), 0);
}

#define STEP "\x94\x00\x04\xabplugin.Step\x91"
#define EVENT "\x94\x00\x03\xb2plugin.HandleEvent\x91"
#define STEP_OF_5              \
	STEP "\x82\xa7"        \
	     "EventId\x05\xa4" \
	     "Data"

static void events(void **state)
{
	(void)state;
	assert_quick(BYTES(EVENT "\x82\xa9"
				 "EventName\xa6"
				 "access\xaaInstanceId\x07"));
	assert_quick(BYTES(EVENT "\x82\xaaInstanceId\xce\x7f\xff\xff\xff\xa9"
				 "EventName\xa3"
				 "log"));
	assert_quick(
		BYTES("\x94\x00\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xb2plugin.HandleEvent\x91\x82"
		      "\xa9"
		      "EventName\xa0\xaaInstanceId\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"));
}

static void steps_in_any_order_and_without_data(void **state)
{
	(void)state;
	assert_quick(BYTES(STEP "\x82\xa7"
				"EventId\xcf\x00\x1f\xff\xff\xff\xff\xff\xff\xa4"
				"Data\xa1"
				"b"));
	assert_quick(BYTES(STEP "\x82\xa4"
				"Data\xa1"
				"b\xa7"
				"EventId\xcd\x01\x02"));
	assert_quick(BYTES(STEP "\x81\xa7"
				"EventId\x05"));
	assert_quick(BYTES("\x94\x00\x04\xb0plugin.StepRoute\x91\x81\xa7"
			   "EventId\x05"));
}

static void steps_with_any_data_but_tables(void **state)
{
	unsigned char text[400] = STEP_OF_5 "\xda\x01\x00";
	const size_t head = sizeof(STEP_OF_5 "\xda\x01\x00") - 1;

	(void)state;
	assert_quick(BYTES(STEP_OF_5 "\xc0"));
	assert_quick(BYTES(STEP_OF_5 "\xc2"));
	assert_quick(BYTES(STEP_OF_5 "\xc3"));
	assert_quick(BYTES(STEP_OF_5 "\x7f"));
	assert_quick(BYTES(STEP_OF_5 "\xcc\xc8"));
	assert_quick(BYTES(STEP_OF_5 "\xcd\x12\x34"));
	assert_quick(BYTES(STEP_OF_5 "\xce\x12\x34\x56\x78"));
	assert_quick(BYTES(STEP_OF_5 "\xcf\xff\x34\x56\x78\x9a\xbc\xde\xf0"));
	assert_quick(BYTES(STEP_OF_5 "\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"));
	assert_quick(BYTES(STEP_OF_5 "\xcb\x7f\xf0\x00\x00\x00\x00\x00\x01"));
	assert_quick(BYTES(STEP_OF_5 "\xa0"));
	assert_quick(BYTES(STEP_OF_5 "\xd9\x02xy"));
	assert_quick(BYTES(STEP_OF_5 "\xdb\x00\x00\x00\x02xy"));
	assert_quick(BYTES(STEP_OF_5 "\xc4\x02\x00\xff"));
	assert_quick(BYTES(STEP_OF_5 "\xc5\x00\x02\x00\xff"));
	assert_quick(BYTES(STEP_OF_5 "\xc6\x00\x00\x00\x02\x00\xff"));
	assert_quick(text, head + 256);
}

static void other_values_are_left_alone(void **state)
{
	(void)state;
	assert_left_alone(BYTES(STEP_OF_5 "\x90"));
	assert_left_alone(BYTES(STEP_OF_5 "\x80"));
	assert_left_alone(BYTES(STEP_OF_5 "\xdc\x00\x00"));
	assert_left_alone(BYTES(STEP_OF_5 "\xff"));
	assert_left_alone(BYTES(STEP_OF_5 "\xd0\x80"));
	assert_left_alone(BYTES(STEP_OF_5 "\xca\x3f\xc0\x00\x00"));
	assert_left_alone(BYTES(STEP_OF_5 "\xc1"));
	assert_left_alone(BYTES(STEP_OF_5 "\xd4\x00\x00"));
}

static void other_calls_are_left_alone(void **state)
{
	(void)state;
	assert_left_alone(BYTES("\x94\x00\x02\xb4plugin.CloseInstance\x91\x07"));
	assert_left_alone(BYTES("\x94\x00\x01\xb4plugin.StartInstance\x91\x82\xa4Name\xa1p\xa6"
				"Config\xa2{}"));
	assert_left_alone(BYTES("\x94\x00\x04\xb0plugin.StepError\x91\x82\xa7"
				"EventId\x05\xa4"
				"Data\xa1"
				"b"));
	assert_left_alone(BYTES("\x94\x00\x04\xabplugin.Stop\x91\x81\xa7"
				"EventId\x05"));
	assert_left_alone(BYTES("\x94\x01\x04\xabplugin.Step\x91\x81\xa7"
				"EventId\x05"));
	assert_left_alone(BYTES("\x94\x00\xff\xabplugin.Step\x91\x81\xa7"
				"EventId\x05"));
	assert_left_alone(BYTES("\x94\xcc\x00\x04\xabplugin.Step\x91\x81\xa7"
				"EventId\x05"));
	assert_left_alone(BYTES("\x93\x00\x04\xabplugin.Step"));
}

/* An id twice, none at all, one that is too large, and Data whose text is what another field is called. */
static void odd_fields_are_left_alone(void **state)
{
	(void)state;
	assert_left_alone(BYTES(STEP "\x82\xa7"
				     "EventId\x05\xa7"
				     "EventId\x06"));
	assert_left_alone(BYTES(STEP "\x82\xa4"
				     "Data\x05\xa4"
				     "Data\x06"));
	assert_left_alone(BYTES(STEP "\x81\xa4"
				     "Data\x05"));
	assert_left_alone(BYTES(STEP "\x80"));
	assert_left_alone(BYTES(STEP "\x83\xa7"
				     "EventId\x05\xa4"
				     "Data\x06\xa1x\x07"));
	assert_left_alone(BYTES(STEP "\x81\xa7"
				     "EventId\xcf\x80\x00\x00\x00\x00\x00\x00\x00"));
	assert_left_alone(BYTES(STEP "\x82\xa7"
				     "EventId\xa4"
				     "Data\x05\xa7"
				     "EventId\x06"));
	assert_left_alone(BYTES(EVENT "\x82\xa9"
				      "EventName\xaaInstanceId\x07\xa9"
				      "EventName\xa1x"));
	assert_left_alone(BYTES(EVENT "\x82\xa9"
				      "EventName\xc4\x06"
				      "access\xaaInstanceId\x07"));
	assert_left_alone(BYTES(EVENT "\x82\xa9"
				      "EventName\xa6"
				      "access\xaaInstanceId\xff"));
	assert_left_alone(BYTES(EVENT "\x82\xa9"
				      "EventName\xa6"
				      "access\xa9"
				      "EventName\xa6"
				      "access"));
}

static void what_is_too_deep_is_left_alone(void **state)
{
	struct limits shallow = {LIMIT_MESSAGE_SIZE, 3};

	(void)state;
	assert_true(quick_size(&shallow, BYTES(STEP_OF_5 "\x01")) > 0);
	shallow.message_depth = 2;
	assert_int_equal(quick_size(&shallow, BYTES(STEP_OF_5 "\x01")), 0);
}

/* Each byte of a call changed to each other one: a second opinion on what a fuzzer looks for. */
static void whatever_a_byte_is_changed_to_the_two_passes_agree(void **state)
{
	static const char *const calls[] = {
		EVENT "\x82\xa9"
		      "EventName\xa6"
		      "access\xaaInstanceId\x07",
		STEP "\x82\xa4"
		     "Data\xa1"
		     "b\xa7"
		     "EventId\x05",
		STEP_OF_5 "\xa4"
			  "text",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		size_t n = 2 + strlen(calls[i] + 2); /* the type is a 0 */
		unsigned char *copy = exactly((const unsigned char *)calls[i], n);
		size_t size;

		for (size_t at = 0; at < n; at++) {
			for (unsigned byte = 0; byte <= 0xff; byte++) {
				copy[at] = (unsigned char)byte;
				assert_true(
					quick_is_right(&codec_msgpack, &limits, copy, n, &size));
			}
			copy[at] = (unsigned char)calls[i][at];
		}
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),
		cmocka_unit_test(steps_in_any_order_and_without_data),
		cmocka_unit_test(steps_with_any_data_but_tables),
		cmocka_unit_test(other_values_are_left_alone),
		cmocka_unit_test(other_calls_are_left_alone),
		cmocka_unit_test(odd_fields_are_left_alone),
		cmocka_unit_test(what_is_too_deep_is_left_alone),
		cmocka_unit_test(whatever_a_byte_is_changed_to_the_two_passes_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
