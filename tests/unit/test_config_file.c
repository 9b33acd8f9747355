/* The grammar of kong.conf, line by line as Kong's own reader takes it. */
#include <stdio.h>
#include <string.h>
#include "protocol/err.h"
#include "server/config/config_file.h"
#include "tests/lib/unit.h"

/* Collects "key=value;" for settings and "!line;" for lines that are none. */
struct seen {
	char text[1024];
	unsigned last_line;
};

static int collect(void *user, const struct config_line *line, struct err *err)
{
	struct seen *seen = user;
	size_t n = strlen(seen->text);

	(void)err;
	if (line->key != NULL)
		snprintf(seen->text + n, sizeof(seen->text) - n, "%s=%s;", line->key, line->value);
	else
		snprintf(seen->text + n, sizeof(seen->text) - n, "!%s;", line->value);
	seen->last_line = line->number;
	return 0;
}

static struct seen parse(const char *text)
{
	struct seen seen = {0};

	assert_int_equal(config_file_parse(text, strlen(text), collect, &seen, NULL), 0);
	return seen;
}

#define assert_parses(lines, expected) assert_string_equal(parse(lines).text, expected)

static void a_setting_is_key_equals_value(void **state)
{
	(void)state;
	assert_parses("prefix = /usr/local/kong/\n", "prefix=/usr/local/kong/;");
	assert_parses("prefix=/x", "prefix=/x;");
	assert_parses("  \t prefix \t=\t /x y \t\r\n", "prefix=/x y;");
	assert_parses("a = b = c\n", "a=b = c;");
	assert_parses("a =\n", "a=;");
}

static void comments_and_blank_lines_are_passed_over(void **state)
{
	(void)state;
	assert_parses("", "");
	assert_parses("\n  \n# a = b\n  ; a = b\n\t#\n", "");
}

static void a_hash_ends_the_value(void **state)
{
	(void)state;
	assert_parses("a = b # c\n", "a=b;");
	assert_parses("a = b#c\n", "a=b;");
	assert_parses("a = # c\n", "a=;");
	assert_parses("a = b ; c\n", "a=b ; c;");
}

static void an_escaped_hash_belongs_to_the_value(void **state)
{
	(void)state;
	assert_parses("pg_password = a\\#b # c\n", "pg_password=a#b;");
	assert_parses("a = \\#\n", "a=#;");
	assert_parses("a = \\\\#x\n", "a=\\#x;");
	assert_parses("a = \\n\n", "a=\\n;");
}

static void quotes_have_no_meaning(void **state)
{
	(void)state;
	assert_parses("a = \"b c\"\n", "a=\"b c\";");
	assert_parses("a = 'b # c'\n", "a='b;");
}

static void a_backslash_at_the_end_goes_on_in_the_next_line(void **state)
{
	(void)state;
	assert_parses("a = b,\\\nc\n", "a=b,c;");
	assert_parses("a = b, \\  \n# comment\n\n  c\nx = e\n", "a=b,   c;x=e;");
	assert_int_equal(parse("a = b\\\nc\n").last_line, 2);
}

static void a_last_line_that_goes_on_is_no_setting(void **state)
{
	(void)state;
	assert_parses("a = b\nc = d\\\n", "a=b;!c = d\\;");
}

static void keys_are_made_of_letters_digits_and_underscores(void **state)
{
	(void)state;
	assert_parses("log-level = info\n", "log_level=info;");
	assert_parses("a.b c = 1\n", "a_b_c=1;");
}

static void a_line_without_a_key_is_reported(void **state)
{
	(void)state;
	assert_parses("plugins\n", "!plugins;");
	assert_parses("= b\n", "!= b;");
	assert_parses("[section]\n", "![section];");
}

static void each_time_that_a_key_comes_is_reported_in_order(void **state)
{
	(void)state;
	assert_parses("a = 1\nb = 2\na = 3\n", "a=1;b=2;a=3;");
}

static void a_zero_byte_is_refused(void **state)
{
	static const char text[] = "a = b\0c";
	struct seen seen = {0};

	(void)state;
	assert_int_equal(config_file_parse(text, sizeof(text) - 1, collect, &seen, NULL), -E_CONF);
}

static void a_file_that_is_not_there_is_an_error_with_its_name(void **state)
{
	struct seen seen = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(config_file_read("/nonexistent/kong.conf", collect, &seen, &err), -E_IO);
	assert_non_null(strstr(err.text, "/nonexistent/kong.conf: No such file"));
}

static int stop(void *user, const struct config_line *line, struct err *err)
{
	(void)user;
	return err_set(err, E_CONF, "line %u", line->number);
}

static void the_reading_ends_with_the_first_error(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(config_file_parse("\na = b\nc = d\n", 13, stop, NULL, &err), -E_CONF);
	assert_string_equal(err.text, "line 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_setting_is_key_equals_value),
		cmocka_unit_test(comments_and_blank_lines_are_passed_over),
		cmocka_unit_test(a_hash_ends_the_value),
		cmocka_unit_test(an_escaped_hash_belongs_to_the_value),
		cmocka_unit_test(quotes_have_no_meaning),
		cmocka_unit_test(a_backslash_at_the_end_goes_on_in_the_next_line),
		cmocka_unit_test(a_last_line_that_goes_on_is_no_setting),
		cmocka_unit_test(keys_are_made_of_letters_digits_and_underscores),
		cmocka_unit_test(a_line_without_a_key_is_reported),
		cmocka_unit_test(each_time_that_a_key_comes_is_reported_in_order),
		cmocka_unit_test(a_zero_byte_is_refused),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error_with_its_name),
		cmocka_unit_test(the_reading_ends_with_the_first_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
