/* The types of values, and the nearest word. */
#include <string.h>
#include "protocol/err.h"
#include "server/config/config_value.h"
#include "server/config/suggest.h"
#include "tests/lib/unit.h"

static void a_duration_has_a_unit_or_is_seconds(void **state)
{
	static const struct {
		const char *text;
		double seconds;
	} rows[] = {{"1", 1}, {"250ms", 0.25}, {"1.5s", 1.5}, {"2m", 120},
		    {"0", 0}, {"3 s", 3},      {"10S", 10},   {".5", 0.5}};
	double seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(value_parse_duration(rows[i].text, &seconds, NULL), 0);
		assert_true(seconds > rows[i].seconds - 1e-9 && seconds < rows[i].seconds + 1e-9);
	}
}

static void a_wrong_duration_is_refused_with_examples(void **state)
{
	static const char *const texts[] = {"",    "s",   "-1",  "1h",    "1,5s", "1 2",  "0x10",
					    "1e3", "inf", "nan", "1.2.3", ".",    "10ss", " 1"};
	double seconds = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err err = {0};

		assert_int_equal(value_parse_duration(texts[i], &seconds, &err), -E_CONF);
		assert_non_null(strstr(err.text, "250ms"));
	}
}

static void a_size_has_a_unit_or_is_bytes(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(value_parse_size("512", &n, NULL), 0);
	assert_int_equal(n, 512);
	assert_int_equal(value_parse_size("64k", &n, NULL), 0);
	assert_int_equal(n, 65536);
	assert_int_equal(value_parse_size("16M", &n, NULL), 0);
	assert_int_equal(n, 16777216);
	assert_int_equal(value_parse_size("1g", &n, NULL), 0);
	assert_int_equal(n, 1073741824);
	assert_int_equal(value_parse_size("0.5k", &n, NULL), 0);
	assert_int_equal(n, 512);
	assert_int_equal(value_parse_size("1.5", &n, NULL), -E_CONF);
	assert_int_equal(value_parse_size("1t", &n, NULL), -E_CONF);
	assert_int_equal(value_parse_size("99999999999g", &n, NULL), -E_CONF);
}

static void a_count_is_a_whole_number(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(value_parse_count("4096", &n, NULL), 0);
	assert_int_equal(n, 4096);
	assert_int_equal(value_parse_count("4k", &n, NULL), -E_CONF);
	assert_int_equal(value_parse_count("1.5", &n, NULL), -E_CONF);
	assert_int_equal(value_parse_count("-1", &n, NULL), -E_CONF);
	assert_int_equal(value_parse_count("", &n, NULL), -E_CONF);
}

static void a_mode_is_octal(void **state)
{
	unsigned mode;

	(void)state;
	assert_int_equal(value_parse_mode("0660", &mode, NULL), 0);
	assert_int_equal(mode, 0660);
	assert_int_equal(value_parse_mode("777", &mode, NULL), 0);
	assert_int_equal(mode, 0777);
	assert_int_equal(value_parse_mode("0668", &mode, NULL), -E_CONF);
	assert_int_equal(value_parse_mode("rw-rw----", &mode, NULL), -E_CONF);
	assert_int_equal(value_parse_mode("", &mode, NULL), -E_CONF);
}

static void a_bool_is_written_as_kong_writes_it(void **state)
{
	bool flag = false;

	(void)state;
	assert_int_equal(value_parse_bool("on", &flag, NULL), 0);
	assert_true(flag);
	assert_int_equal(value_parse_bool("false", &flag, NULL), 0);
	assert_false(flag);
	assert_int_equal(value_parse_bool("true", &flag, NULL), 0);
	assert_true(flag);
	assert_int_equal(value_parse_bool("off", &flag, NULL), 0);
	assert_false(flag);
	assert_int_equal(value_parse_bool("yes", &flag, NULL), -E_CONF);
	assert_int_equal(value_parse_bool("1", &flag, NULL), -E_CONF);
}

static void a_version_keeps_its_first_two_numbers(void **state)
{
	unsigned version;

	(void)state;
	assert_int_equal(value_parse_version("3.9", &version, NULL), 0);
	assert_int_equal(version, 309);
	assert_int_equal(value_parse_version("3.10.0.1", &version, NULL), 0);
	assert_int_equal(version, 310);
	assert_int_equal(value_parse_version("2.8.5", &version, NULL), 0);
	assert_int_equal(version, 208);
	assert_int_equal(value_parse_version("2.7", &version, NULL), -E_CONF);
	assert_int_equal(value_parse_version("3", &version, NULL), -E_CONF);
	assert_int_equal(value_parse_version("3.9-beta", &version, NULL), -E_CONF);
	assert_int_equal(value_parse_version("", &version, NULL), -E_CONF);
}

static void a_wrong_choice_names_all_and_the_nearest(void **state)
{
	static const struct choice choices[] = {{"closed", 1}, {"open", 2}, {NULL, 0}};
	struct err err = {0};
	int value = 0;

	(void)state;
	assert_int_equal(value_parse_choice("open", choices, &value, NULL), 0);
	assert_int_equal(value, 2);
	assert_int_equal(value_parse_choice("close", choices, &value, &err), -E_CONF);
	assert_string_equal(err.text, "\"close\" is not one of closed, open; did you mean closed?");
	assert_int_equal(value_parse_choice("maybe", choices, &value, &err), -E_CONF);
	assert_string_equal(err.text, "\"maybe\" is not one of closed, open");
}

static void a_list_is_taken_apart_at_commas(void **state)
{
	const char *list = " a, b-c ,,d\t", *item;
	size_t n;

	(void)state;
	assert_true(value_next_item(&list, &item, &n));
	assert_memory_equal(item, "a", 1);
	assert_int_equal(n, 1);
	assert_true(value_next_item(&list, &item, &n));
	assert_int_equal(n, 3);
	assert_memory_equal(item, "b-c", 3);
	assert_true(value_next_item(&list, &item, &n));
	assert_int_equal(n, 1);
	assert_memory_equal(item, "d", 1);
	assert_false(value_next_item(&list, &item, &n));
	assert_true(value_list_has("a, b", "b"));
	assert_false(value_list_has("a, bc", "b"));
	assert_false(value_list_has(NULL, "b"));
}

static void the_nearest_word_is_suggested(void **state)
{
	struct suggest s;

	(void)state;
	suggest_init(&s, "evnet_timeout");
	suggest_offer(&s, "step_timeout");
	suggest_offer(&s, "event_timeout");
	suggest_offer(&s, "socket");
	assert_string_equal(s.best, "event_timeout");
	assert_int_equal(s.distance, 1);
}

static void a_word_that_is_cut_short_means_the_longer_one(void **state)
{
	struct suggest s;

	(void)state;
	suggest_init(&s, "plug");
	suggest_offer(&s, "log");
	suggest_offer(&s, "plugins_dir");
	assert_string_equal(s.best, "plugins_dir");
}

static void a_far_word_is_not_suggested(void **state)
{
	struct suggest s;
	size_t distance;

	(void)state;
	suggest_init(&s, "lua");
	suggest_offer(&s, "log");
	suggest_offer(&s, "prefix");
	suggest_offer(&s, "");
	assert_null(s.best);
	assert_true(suggest_is_near("kitten", "sitting", 4, &distance));
	assert_int_equal(distance, 3);
	assert_false(suggest_is_near("kitten", "sitting", 3, &distance));
}

static void a_word_of_any_length_can_be_looked_for(void **state)
{
	char word[5000];
	struct suggest s;

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	suggest_init(&s, word);
	suggest_offer(&s, "prefix");
	assert_null(s.best);
	suggest_init(&s, "prefix");
	suggest_offer(&s, word);
	assert_null(s.best);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duration_has_a_unit_or_is_seconds),
		cmocka_unit_test(a_wrong_duration_is_refused_with_examples),
		cmocka_unit_test(a_size_has_a_unit_or_is_bytes),
		cmocka_unit_test(a_count_is_a_whole_number),
		cmocka_unit_test(a_mode_is_octal),
		cmocka_unit_test(a_bool_is_written_as_kong_writes_it),
		cmocka_unit_test(a_version_keeps_its_first_two_numbers),
		cmocka_unit_test(a_wrong_choice_names_all_and_the_nearest),
		cmocka_unit_test(a_list_is_taken_apart_at_commas),
		cmocka_unit_test(the_nearest_word_is_suggested),
		cmocka_unit_test(a_word_that_is_cut_short_means_the_longer_one),
		cmocka_unit_test(a_far_word_is_not_suggested),
		cmocka_unit_test(a_word_of_any_length_can_be_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
