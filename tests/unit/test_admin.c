/* test_admin.c - the admin socket: what it tells, and what may be asked of it. */
#include "tests/unit/admin_fixture.h"

/* ---- status ---- */

static json_t *get_status(struct fixture *f)
{
	struct client *c = begin_call(f, GET_STATUS);
	json_t *json;
	int status;

	wait_answer(c);
	json = read_answer(c, &status);
	assert_int_equal(status, 200);
	assert_non_null(json);
	end_client(c);
	return json;
}

static void status_tells_all_that_is_known(void **state)
{
	json_t *json = get_status(*state), *expected,
	       *groups_json = json_object_get(json, "groups"),
	       *group = json_array_get(groups_json, 0);
	json_t *ended;

	/* Whether there is a process of that number is not known. */
	json_object_del(json_array_get(json_object_get(group, "workers"), 0), "memory");
	ended = json_object_get(json_array_get(json_object_get(group, "plugins"), 0), "ended");
	assert_int_equal(json_integer_value(json_object_get(ended, "count")), 13);
	assert_true(json_real_value(json_object_get(ended, "seconds")) == 1.5);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(ended, "buckets"), 2)),
			 10);
	json_object_del(json_array_get(json_object_get(group, "plugins"), 0), "ended");

	expected = json_pack("{s:i,s:s,s:i,s:f,s:i,s:i,s:i}", "number", 0, "state", "ready", "pid",
			     77, "age", 61.0, "restarts", 2, "connections", 3, "events", 1);
	assert_true(json_equal(
		json_array_get(json_object_get(json_array_get(groups_json, 0), "workers"), 0),
		expected));
	json_decref(expected);
	expected = json_pack("{s:i,s:s,s:f,s:i,s:i,s:i}", "number", 1, "state", "waiting",
			     "starts_in", 2.5, "restarts", 9, "connections", 0, "events", 0);
	assert_true(json_equal(
		json_array_get(json_object_get(json_array_get(groups_json, 0), "workers"), 1),
		expected));
	json_decref(expected);
	expected = json_pack("{s:s,s:s,s:s,s:i,s:[s,s],s:s,s:i,s:i,s:i}", "name", "hello",
			     "protocol", "MsgPack:1", "version", "1.2", "priority", 7, "phases",
			     "access", "log", "run_kong_reload", "its phases have changed",
			     "crashes", 4, "stalls", 5, "answered", 6);
	assert_true(json_equal(
		json_array_get(json_object_get(json_array_get(groups_json, 0), "plugins"), 0),
		expected));
	json_decref(expected);
	expected = json_pack("{s:s, s:f}", "reason", "it crashed five times", "left", 290.0);
	assert_true(json_equal(json_object_get(json_array_get(groups_json, 1), "quarantine"),
			       expected));
	json_decref(expected);
	assert_string_equal(json_string_value(json_object_get(json, "version")), OUTRIGGER_VERSION);
	assert_string_equal(json_string_value(json_object_get(json, "reload")), "done");
	assert_int_equal(json_integer_value(json_object_get(json, "pid")), getpid());
	json_decref(json);
}

/* ---- other views ---- */

static void expect_page(struct fixture *f, const char *request, int wanted,
			const char *const *parts)
{
	struct client *c = begin_call(f, request);
	int status;

	wait_answer(c);
	json_decref(read_answer(c, &status));
	assert_int_equal(status, wanted);
	for (; *parts != NULL; parts++)
		if (strstr(c->answer, *parts) == NULL)
			fail_msg("no '%s' in\n%s", *parts, c->answer);
	end_client(c);
}

#define GET(url) "GET " url " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void what_is_not_served_is_not_ready_but_healthy(void **state)
{
	expect_page(*state, GET("/health"), 200, (const char *[]){"\"ok\"", NULL});
	expect_page(*state, GET("/ready"), 503,
		    (const char *[]){"\"ready\":false", "\"not_served\":[\"bad\"]", NULL});
}

static void metrics_are_what_was_counted(void **state)
{
	static const char *const parts[] = {
		"Content-Type: text/plain; version=0.0.4",
		"\noutrigger_info{version=\"" OUTRIGGER_VERSION "\"} 1\n",
		"\noutrigger_uptime_seconds 3700\n",
		"\noutrigger_workers_ready{group=\"auth\"} 1\n",
		"\noutrigger_worker_restarts_total{group=\"auth\"} 11\n",
		"\noutrigger_quarantined{group=\"bad\"} 1\n",
		"\noutrigger_connections{group=\"auth\"} 12\n",
		"\noutrigger_events_running{group=\"auth\"} 13\n",
		"\noutrigger_instances{group=\"auth\"} 11\n",
		"\noutrigger_failures_answered_total{group=\"auth\"} 16\n",
		"\noutrigger_events_total{plugin=\"hello\",phase=\"access\",outcome=\"ok\"} 9\n",
		"\noutrigger_events_total{plugin=\"hello\",phase=\"log\",outcome=\"died\"} 2\n",
		"_seconds_bucket{plugin=\"hello\",phase=\"access\",le=\"0.0001\"} 3\n",
		"_seconds_bucket{plugin=\"hello\",phase=\"access\",le=\"+Inf\"} 13\n",
		"_seconds_sum{plugin=\"hello\",phase=\"access\"} 1.500000000\n",
		"_seconds_count{plugin=\"hello\",phase=\"access\"} 13\n",
		",le=\"10\"} 0\n",
		"how=\"saved\"} 8\n",
		"\noutrigger_instance_starts_total{plugin=\"hello\",result=\"started\"} 4\n",
		"\noutrigger_instance_starts_total{plugin=\"hello\",result=\"refused\"} 1\n",
		"\noutrigger_plugin_crashes_total{plugin=\"hello\"} 4\n",
		"\noutrigger_plugin_stalls_total{plugin=\"hello\"} 5\n",
		"\noutrigger_kong_reload_pending{plugin=\"hello\"} 1\n",
		NULL};

	expect_page(*state, GET("/metrics"), 200, parts);
}

static void labels_hold_anything(void **state)
{
	static const struct status_group odd[] = {
		{.name = "a\"b\\c\n1"}, {.name = "\\"}, {.name = ""}};
	const struct status status = {.groups = odd, .group_count = 3};
	struct buf page = {0};

	(void)state;
	assert_int_equal(metrics_text_write(&status, &page), 0);
	assert_int_equal(buf_append(&page, "", 1), 0);
	assert_non_null(strstr((const char *)buf_head(&page),
			       "_connections{group=\"a\\\"b\\\\c\\n1\"} 0\n"
			       "outrigger_connections{group=\"\\\\\"} 0\n"
			       "outrigger_connections{group=\"\"} 0\n"));
	buf_fini(&page);
}

/* ---- the page ---- */

static void check_page(const json_t *json, const char *const *parts)
{
	char *page = status_to_text(json), *line, *save = NULL;

	assert_non_null(page);
	for (; *parts != NULL; parts++)
		if (strstr(page, *parts) == NULL)
			fail_msg("no '%s' in\n%s", *parts, page);
	for (line = strtok_r(page, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		assert_true(strlen(line) <= 80);
		for (const char *c = line; *c != '\0'; c++)
			assert_true((unsigned char)*c >= 32);
	}
	free(page);
}

static void the_page_is_readable_at_80_columns(void **state)
{
	static const char *const parts[] = {
		"up 1h1m",
		"instances 11, connections 12, events in flight 13",
		"last reload: done",
		"starts in 2s",
		"in quarantine for another 4m50s: it crashed five times",
		"run `kong reload`: its phases have changed",
		"phases: access,log",
		NULL};
	json_t *json = get_status(*state);

	check_page(json, parts);
	json_decref(json);
}

/* What a plugin may call itself, and what a server of another kind may say. */
static void nothing_that_is_told_breaks_the_page(void **state)
{
	static const char *const parts[] = {"GROUP", NULL};
	static const char *const odd[] = {
		"{\"groups\":[]}",
		"{\"groups\":[1,\"x\",{\"workers\":7,\"plugins\":[{\"phases\":{},\"name\":3}]}]}",
		"{\"groups\":[{\"name\":\"\\u001b[31mred\\n\\n\\n\",\"workers\":[{\"state\":\"a "
		"very long state "
		"that has no end\",\"starts_in\":1e300,\"age\":-5}],\"plugins\":[{\"phases\":[\"a\\u0007\","
		"\"b\"],\"version\":\"1.2.3.4.5.6.7.8.9.10.11\",\"run_kong_reload\":\"\\u001b[2J\"}],"
		"\"quarantine\":{\"reason\":\"x\\u0000y\"}}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		json_t *json = json_loads(odd[i], JSON_ALLOW_NUL, NULL);

		assert_non_null(json);
		check_page(json, parts);
		json_decref(json);
	}
	assert_null(status_to_text(NULL));
}

/* ---- reload ---- */

static void wait_reloads(struct fixture *f, unsigned n)
{
	while (f->reloads < n)
		reactor_run(f->reactor);
}

static void a_reload_is_answered_when_it_has_ended(void **state)
{
	struct fixture *f = *state;
	struct client *c = begin_call(f, POST_RELOAD);

	wait_reloads(f, 1);
	expect_served(f);
	assert_int_equal(c->n, 0);
	admin_reload_ended(f->admin, 0, NULL);
	expect(c, 200, NULL);
}

static void a_reload_that_fails_says_why(void **state)
{
	static const struct {
		int rc, status;
	} cases[] = {{-E_PLUGIN, 422}, {-E_CONF, 422}, {-E_IO, 500}, {-E_TIMEOUT, 504}};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client *c = begin_call(f, POST_RELOAD);
		struct err err = {"handler.lua:3: \"oops\"\n"};

		wait_reloads(f, i + 1);
		admin_reload_ended(f->admin, cases[i].rc, &err);
		expect(c, cases[i].status, "handler.lua:3: \"oops\"\n");
	}
}

static void a_reload_that_can_not_begin_is_answered_at_once(void **state)
{
	struct fixture *f = *state;

	f->reload_rc = -E_UNSUPPORTED;
	expect(begin_call(f, POST_RELOAD), 501, "no \"reload\" now");
	f->reload_rc = -E_EXISTS;
	expect(begin_call(f, POST_RELOAD), 409, "no \"reload\" now");
}

static void all_who_wait_are_answered_and_who_has_gone_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct client *a = begin_call(f, POST_RELOAD), *b, *c;

	wait_reloads(f, 1);
	b = begin_call(f, POST_RELOAD);
	wait_reloads(f, 2);
	c = begin_call(f, POST_RELOAD);
	wait_reloads(f, 3);
	end_client(b);
	expect_served(f);
	admin_reload_ended(f->admin, 0, NULL);
	expect(a, 200, NULL);
	expect(c, 200, NULL);
	admin_reload_ended(f->admin, 0, NULL);
	expect_served(f);
}

static void who_waits_is_told_when_the_server_leaves(void **state)
{
	struct fixture *f = *state;
	struct client *c = begin_call(f, POST_RELOAD);

	wait_reloads(f, 1);
	admin_destroy(f->admin);
	f->admin = NULL;
	expect(c, 503, "leaves");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(status_tells_all_that_is_known),
		TEST(what_is_not_served_is_not_ready_but_healthy),
		TEST(metrics_are_what_was_counted),
		TEST(labels_hold_anything),
		TEST(the_page_is_readable_at_80_columns),
		TEST(nothing_that_is_told_breaks_the_page),
		TEST(a_reload_is_answered_when_it_has_ended),
		TEST(a_reload_that_fails_says_why),
		TEST(a_reload_that_can_not_begin_is_answered_at_once),
		TEST(all_who_wait_are_answered_and_who_has_gone_is_forgotten),
		TEST(who_waits_is_told_when_the_server_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
