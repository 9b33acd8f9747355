/* test_err.c - codes have texts, details are cut and prefixed. */
#include "tests/unit/mp_bytes.h"

static void every_code_has_a_text(void **state)
{
	(void)state;
	for (int code = 0; code < E_COUNT; code++) {
		assert_true(strlen(err_text(code)) > 0);
		assert_ptr_equal(err_text(code), err_text(-code));
	}
	assert_string_equal(err_text(E_COUNT), "unknown error");
	assert_string_equal(err_text(INT32_MIN), "unknown error");
}

/* kong/runloop/plugin_servers/init.lua looks for these words. */
static void the_gateway_finds_its_words_in_an_unknown_instance(void **state)
{
	(void)state;
	assert_string_equal(err_text(-E_NO_INSTANCE), "no plugin instance");
}

static void set_writes_the_detail_and_returns_the_code(void **state)
{
	struct err err = {""};

	(void)state;
	assert_error(err_set(&err, E_CONF, "line %d", 7), CONF);
	assert_string_equal(err.text, "line 7");
	assert_error(err_set(NULL, E_CONF, "line %d", 7), CONF);
}

static void a_long_detail_is_cut(void **state)
{
	char text[3000];
	struct err err;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, E_CONF, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_prefix(&err, -E_CONF, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void the_old_detail_can_be_an_argument(void **state)
{
	struct err err = {"inner"};

	(void)state;
	err_set(&err, E_CONF, "outer (%s)", err.text);
	assert_string_equal(err.text, "outer (inner)");
	assert_error(err_prefix(&err, -E_CONF, "was '%s'", err.text), CONF);
	assert_string_equal(err.text, "was 'outer (inner)': outer (inner)");
}

static void a_prefix_without_detail_stands_before_the_fixed_text(void **state)
{
	struct err err = {""};

	(void)state;
	assert_error(err_prefix(&err, -E_CLOSED, "socket %d", 3), CLOSED);
	assert_string_equal(err.text, "socket 3: connection lost");
	assert_error(err_prefix(NULL, -E_CLOSED, "x"), CLOSED);
}

static void a_message_is_the_detail_or_the_fixed_text(void **state)
{
	struct err err = {""};

	(void)state;
	assert_string_equal(err_message(&err, -E_NOMEM), "out of memory");
	assert_string_equal(err_message(NULL, -E_NOMEM), "out of memory");
	err_set(&err, E_NOMEM, "no room");
	assert_string_equal(err_message(&err, -E_NOMEM), "no room");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_text),
		cmocka_unit_test(the_gateway_finds_its_words_in_an_unknown_instance),
		cmocka_unit_test(set_writes_the_detail_and_returns_the_code),
		cmocka_unit_test(a_long_detail_is_cut),
		cmocka_unit_test(the_old_detail_can_be_an_argument),
		cmocka_unit_test(a_prefix_without_detail_stands_before_the_fixed_text),
		cmocka_unit_test(a_message_is_the_detail_or_the_fixed_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
