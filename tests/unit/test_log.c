/* test_log.c - lines of our own log. */
#include "tests/lib/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/log.h"

static char dir[64], path[96];
static char content[4096];

static const char *read_file(const char *name)
{
	FILE *f = fopen(name, "r");
	size_t n;

	if (f == NULL)
		return NULL;
	n = fread(content, 1, sizeof(content) - 1, f);
	content[n] = '\0';
	fclose(f);
	return content;
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/outrigger-log-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	assert_int_equal(log_open(path, LOG_LEVEL_NOTICE, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	char moved[128];

	(void)state;
	log_close();
	log_set_format(LOG_TEXT);
	log_set_lookup(NULL, NULL);
	snprintf(moved, sizeof(moved), "%s.1", path);
	unlink(moved);
	unlink(path);
	rmdir(dir);
	return 0;
}

static void assert_ends(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	assert_true(n >= m);
	assert_string_equal(text + n - m, end);
}

static void test_a_line_has_time_level_and_process_as_the_gateways(void **state)
{
	char wanted[64];
	int year, month, day, hour, minute, second, at = 0;

	(void)state;
	log_line(LOG_LEVEL_ERR, "it is %d", 5);
	snprintf(wanted, sizeof(wanted), " [error] %d#0: it is 5\n", (int)getpid());
	assert_ends(read_file(path), wanted);
	assert_int_equal(sscanf(content, "%4d/%2d/%2d %2d:%2d:%2d%n", &year, &month, &day, &hour,
				&minute, &second, &at),
			 6);
	assert_string_equal(content + at, wanted);
}

static void test_event_and_plugin_are_named(void **state)
{
	(void)state;
	log_event(LOG_LEVEL_WARN, 77, "key-auth", "%s", "oh");
	assert_ends(read_file(path), "#0: *77 [key-auth] oh\n");
	assert_non_null(strstr(content, " [warn] "));
}

static void test_levels_beyond_the_set_one_are_dropped(void **state)
{
	(void)state;
	log_line(LOG_LEVEL_INFO, "info");
	log_line(LOG_LEVEL_DEBUG, "debug");
	assert_string_equal(read_file(path), "");
	log_line(LOG_LEVEL_NOTICE, "notice");
	assert_ends(read_file(path), "notice\n");
}

static void test_control_characters_are_written_out(void **state)
{
	(void)state;
	log_text(LOG_LEVEL_ERR, 0, NULL, "a\0b\x1b[c\n1\t2\x7f", 11);
	assert_ends(read_file(path), "#0: a\\x00b\\x1b[c\n\t1\t2\\x7f\n");
}

static void test_reopening_follows_a_file_that_was_moved(void **state)
{
	char moved[128];

	(void)state;
	snprintf(moved, sizeof(moved), "%s.1", path);
	log_line(LOG_LEVEL_ERR, "one");
	assert_int_equal(rename(path, moved), 0);
	log_line(LOG_LEVEL_ERR, "two");
	log_reopen();
	log_line(LOG_LEVEL_ERR, "three");
	assert_ends(read_file(path), "three\n");
	assert_null(strstr(content, "two"));
	assert_ends(read_file(moved), "two\n");
}

static void test_a_file_that_cannot_be_opened_is_an_error_and_the_old_log_stays(void **state)
{
	struct err err = {""};

	(void)state;
	assert_int_equal(log_open("/nonexistent/log", LOG_LEVEL_ERR, &err), -E_IO);
	assert_non_null(strstr(err.text, "/nonexistent/log"));
	log_line(LOG_LEVEL_NOTICE, "still here");
	assert_ends(read_file(path), "still here\n");
}

static void test_lines_that_peers_cause_are_bounded_and_the_rest_is_counted(void **state)
{
	struct log_limit limit = {0};
	size_t said = 0;

	(void)state;
	while (log_is_due(&limit))
		said++;
	assert_true(said >= 20);
	limit.since -= 2;
	assert_true(log_is_due(&limit));
	assert_ends(read_file(path), " 1 more lines like the next one were left out\n");
}

static void know_event_77(void *user, uint64_t event_id, struct log_context *ret)
{
	assert_ptr_equal(user, dir);
	if (event_id == 77)
		*ret = (struct log_context){"access", 5, "abcdef", 3};
}

static void test_as_text_a_line_ends_with_what_is_known_of_its_event(void **state)
{
	(void)state;
	log_set_lookup(know_event_77, dir);
	log_event(LOG_LEVEL_WARN, 77, "key-auth", "oh");
	assert_ends(read_file(path), "#0: *77 [key-auth] oh, phase: access, instance: 5, "
				     "request_id: \"abc\"\n");
	log_event(LOG_LEVEL_WARN, 78, "key-auth", "oh");
	assert_ends(read_file(path), "#0: *78 [key-auth] oh\n");
}

static void test_what_is_known_stands_in_the_first_line_of_many(void **state)
{
	(void)state;
	log_set_lookup(know_event_77, dir);
	log_event(LOG_LEVEL_WARN, 77, "p", "oh\nstack traceback:\n\t[C]: in a\n");
	assert_ends(read_file(path), "*77 [p] oh, phase: access, instance: 5, request_id: \"abc\"\n"
				     "\tstack traceback:\n\t[C]: in a\n\n");
}

static void test_no_line_of_a_text_looks_like_one_of_ours(void **state)
{
	(void)state;
	log_event(LOG_LEVEL_WARN, 0, "p", "a\n2026/01/01 00:00:00 [alert] 1#0: b\n\nc");
	assert_ends(read_file(path), "[p] a\n\t2026/01/01 00:00:00 [alert] 1#0: b\n\n\tc\n");
}

static void know_a_hostile_request(void *user, uint64_t event_id, struct log_context *ret)
{
	(void)user;
	(void)event_id;
	*ret = (struct log_context){"access", 5, "a\"\n[x]\x1b", 7};
}

static void test_a_request_id_cannot_end_the_line_or_its_quotes(void **state)
{
	(void)state;
	log_set_lookup(know_a_hostile_request, NULL);
	log_event(LOG_LEVEL_WARN, 1, "key-auth", "oh");
	assert_ends(read_file(path), ", request_id: \"a??[x]?\"\n");
}

static json_t *last_object(void)
{
	json_t *json;

	read_file(path);
	assert_ends(content, "}\n");
	json = json_loads(content, JSON_ALLOW_NUL, NULL);
	assert_non_null(json);
	unlink(path);
	log_reopen();
	return json;
}

static void expect_text(const json_t *json, const char *key, const char *wanted)
{
	assert_string_equal(json_string_value(json_object_get(json, key)), wanted);
}

static void test_as_json_a_line_tells_all_that_is_known(void **state)
{
	json_t *json;

	(void)state;
	log_set_format(LOG_JSON);
	log_set_lookup(know_event_77, dir);
	log_event(LOG_LEVEL_ERR, 77, "key-auth", "oh \"%s\"\n\tno", "é");
	json = last_object();
	expect_text(json, "level", "error");
	expect_text(json, "message", "oh \"é\"\n\tno");
	expect_text(json, "plugin", "key-auth");
	expect_text(json, "phase", "access");
	expect_text(json, "request", "abc");
	assert_int_equal(json_integer_value(json_object_get(json, "event")), 77);
	assert_int_equal(json_integer_value(json_object_get(json, "instance")), 5);
	assert_int_equal(json_integer_value(json_object_get(json, "pid")), getpid());
	assert_int_equal(strlen(json_string_value(json_object_get(json, "time"))), 24);
	json_decref(json);
}

static void test_as_json_any_bytes_are_one_valid_line(void **state)
{
	json_t *json;

	(void)state;
	log_set_format(LOG_JSON);
	log_text(LOG_LEVEL_ERR, 0, NULL, "a\0b\x1b\xff\xc3", 6);
	json = last_object();
	assert_int_equal(json_string_length(json_object_get(json, "message")), 12);
	assert_memory_equal(json_string_value(json_object_get(json, "message")),
			    "a\0b\x1b\\xff\\xc3", 12);
	assert_null(json_object_get(json, "event"));
	json_decref(json);
	log_urgent("x", "crashed");
	json = last_object();
	expect_text(json, "message", "crashed");
	json_decref(json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_line_has_time_level_and_process_as_the_gateways),
		TEST(test_event_and_plugin_are_named),
		TEST(test_levels_beyond_the_set_one_are_dropped),
		TEST(test_control_characters_are_written_out),
		TEST(test_as_json_a_line_tells_all_that_is_known),
		TEST(test_what_is_known_stands_in_the_first_line_of_many),
		TEST(test_no_line_of_a_text_looks_like_one_of_ours),
		TEST(test_as_text_a_line_ends_with_what_is_known_of_its_event),
		TEST(test_a_request_id_cannot_end_the_line_or_its_quotes),
		TEST(test_as_json_any_bytes_are_one_valid_line),
		TEST(test_reopening_follows_a_file_that_was_moved),
		TEST(test_lines_that_peers_cause_are_bounded_and_the_rest_is_counted),
		TEST(test_a_file_that_cannot_be_opened_is_an_error_and_the_old_log_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
