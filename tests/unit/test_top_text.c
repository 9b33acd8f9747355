/* test_top_text.c - the page of `outrigger top`. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/admin/top_text.h"
#include "server/metrics/metrics.h"

/* One busy plugin and an idle one, after `count` events of which all but `slow` took at most 100 us. */
static json_t *make_status(double uptime, int count, int slow, double seconds)
{
	json_t *buckets = json_array();

	for (int i = 0; i <= METRICS_BUCKETS; i++)
		json_array_append_new(buckets, json_integer(i == 1                 ? count - slow
							    : i == METRICS_BUCKETS ? slow
										   : 0));
	return json_pack(
		"{s:s, s:i, s:f, s:[{s:s, s:[{s:i, s:s, s:i, s:I, s:i, s:i, s:i}], s:[{s:s}, {s:s, s:i, "
		"s:{s:i, s:f, s:o}}]}]}",
		"version", "1.0", "pid", 7, "uptime", uptime, "groups", "name", "auth", "workers",
		"number", 0, "state", "ready", "pid", 8, "memory", (json_int_t)3 << 20, "events", 4,
		"connections", 5, "restarts", 6, "plugins", "name", "idle", "name", "busy",
		"answered", 9, "ended", "count", count, "seconds", seconds, "buckets", buckets);
}

static void expect(const char *page, const char *part)
{
	assert_non_null(page);
	if (strstr(page, part) == NULL)
		fail_msg("no '%s' in\n%s", part, page);
}

static void expect_columns(char *page)
{
	char *save = NULL;

	for (char *line = strtok_r(page, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		assert_true(strlen(line) <= 80);
}

static void rates_are_of_the_time_between(void **state)
{
	json_t *before = make_status(10, 1000, 0, 1), *now = make_status(12, 3000, 0, 1.2);
	char *page = top_to_text(before, now);

	(void)state;
	expect(page, "outrigger 1.0, pid 7, up 12s, 1000.0 events/s\n");
	expect(page,
	       "busy                         1000.0      0.1ms      0.1ms       0.0         9");
	expect(page,
	       "idle                            0.0          -          -       0.0         0");
	assert_true(strstr(page, "\nbusy") < strstr(page, "\nidle"));
	expect(page,
	       "auth                      0 ready             8       3.0     4     5        6");
	expect_columns(page);
	free(page);
	json_decref(before);
	json_decref(now);
}

static void the_slowest_are_seen_in_p99(void **state)
{
	json_t *now = make_status(1, 100, 2, 50);
	char *page = top_to_text(NULL, now);

	(void)state;
	expect(page, "500ms       >10s");
	free(page);
	json_decref(now);
}

/* Counts that have shrunk, a plugin that was not there, and no status at all. */
static void nothing_that_is_told_breaks_the_page(void **state)
{
	json_t *more = make_status(10, 1000, 0, 1), *less = make_status(9, 1, 0, 0.1);
	json_t *odd = json_loads("{\"groups\":[1,{\"workers\":7,\"plugins\":[{\"name\":3,"
				 "\"ended\":{\"buckets\":\"x\",\"count\":\"y\"}}]}]}",
				 0, NULL);
	char *page = top_to_text(more, less);

	(void)state;
	expect(page, "busy                            0.0");
	free(page);
	page = top_to_text(more, odd);
	expect(page, "PLUGIN");
	free(page);
	assert_null(top_to_text(NULL, NULL));
	json_decref(more);
	json_decref(less);
	json_decref(odd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_of_the_time_between),
		cmocka_unit_test(the_slowest_are_seen_in_p99),
		cmocka_unit_test(nothing_that_is_told_breaks_the_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
