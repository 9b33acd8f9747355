/* test_pdk_cache.c - what the gateway is asked only once, and what makes it ask again. */
#include <stdio.h>
#include <string.h>
#include "pdk-bridge/pdk_counters.h"
#include "tests/lib/pdk_fake.h"
#include "tests/lib/unit.h"

static struct pdk_fake fake;

static int set_up(void **state)
{
	(void)state;
	pdk_fake_init(&fake);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pdk_constants_destroy(fake.env.constants);
	pdk_fake_fini(&fake);
	return 0;
}

static void run(enum phase phase, const struct pdk_fake_answer *answers,
		void (*handler)(struct pdk_fake *fake))
{
	fake.answers = answers;
	pdk_fake_run(&fake, phase, handler);
}

/* ---- values ---- */

static void ask_twice(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_method", "[]", "[\"GET\"]");
	pdk_expect(f, "kong.request.get_method", "[]", "[\"GET\"]");
	pdk_expect(f, "kong.service.request.set_method", "[\"POST\"]", "[]");
	pdk_expect(f, "kong.request.get_method", "[]", "[\"GET\"]");
	pdk_expect(f, "kong.client.get_consumer", "[]", "[null]");
	pdk_expect(f, "kong.client.get_consumer", "[]", "[null]");
	pdk_expect(f, "kong.ip.is_trusted", "[\"::1\"]", "[true]");
	pdk_expect(f, "kong.ip.is_trusted", "[\"::2\"]", "[null]");
	pdk_expect(f, "kong.ip.is_trusted", "[\"::1\"]", "[true]");
}

static const struct pdk_fake_answer ask_answers[] = {{"kong.request.get_method []", "\"GET\""},
						     {"kong.ip.is_trusted [\"::1\"]", "true"},
						     {NULL, NULL}};

static void value_is_asked_once_until_it_is_set(void **state)
{
	(void)state;
	run(PHASE_ACCESS, ask_answers, ask_twice);
	assert_string_equal(fake.sent, "kong.request.get_method []\n"
				       "kong.service.request.set_method [\"POST\"]\n"
				       "kong.request.get_method []\n"
				       "kong.client.get_consumer []\n"
				       "kong.ip.is_trusted [\"::1\"]\n"
				       "kong.ip.is_trusted [\"::2\"]\n");
	assert_int_equal(fake.rq.calls, 6);
	assert_int_equal(fake.rq.saved, 3);
}

static void next_event_asks_again(void **state)
{
	(void)state;
	run(PHASE_ACCESS, ask_answers, ask_twice);
	run(PHASE_ACCESS, ask_answers, ask_twice);
	assert_int_equal(fake.rq.calls, 6);
}

static void set_context(struct pdk_fake *f)
{
	pdk_fake_call(f, "kong.router.get_route", "[]");
	pdk_fake_call(f, "kong.nginx.get_ctx", "[\"a\"]");
	pdk_fake_call(f, "kong.nginx.set_ctx", "[\"route\", 1]");
	pdk_fake_call(f, "kong.router.get_route", "[]");
	pdk_fake_call(f, "kong.nginx.get_ctx", "[\"a\"]");
	pdk_fake_call(f, "kong.ctx.shared.get", "[\"a\"]");
	pdk_fake_call(f, "kong.ctx.shared.get", "[\"a\"]");
}

static void setting_ngx_ctx_clears_all_and_shared_values_are_never_kept(void **state)
{
	(void)state;
	run(PHASE_ACCESS, NULL, set_context);
	assert_int_equal(fake.rq.calls, 7);
}

static void set_own_key(struct pdk_fake *f)
{
	pdk_fake_call(f, "kong.router.get_route", "[]");
	pdk_fake_call(f, "kong.nginx.get_ctx", "[\"a\"]");
	pdk_fake_call(f, "kong.nginx.set_ctx", "[\"outrigger:test\", 1]");
	pdk_fake_call(f, "kong.router.get_route", "[]");
	pdk_fake_call(f, "kong.nginx.get_ctx", "[\"a\"]");
}

static void setting_a_key_of_our_own_clears_only_ngx_ctx(void **state)
{
	(void)state;
	run(PHASE_ACCESS, NULL, set_own_key);
	assert_int_equal(fake.rq.calls, 4);
	assert_int_equal(fake.rq.saved, 1);
}

/* Each setter, and the getter that it makes stale. */
static const struct {
	const char *setter, *args, *getter, *getter_args;
	enum phase phase;
} stale[] = {
	{"kong.service.request.set_header", "[\"a\", \"1\"]", "kong.request.get_header", "[\"b\"]",
	 PHASE_ACCESS},
	{"kong.service.request.add_header", "[\"a\", \"1\"]", "kong.request.get_headers", "[]",
	 PHASE_ACCESS},
	{"kong.service.request.clear_header", "[\"a\"]", "kong.request.get_host", "[]",
	 PHASE_ACCESS},
	{"kong.service.request.set_headers", "[{\"a\": \"1\"}]",
	 "kong.request.get_forwarded_scheme", "[]", PHASE_ACCESS},
	{"kong.service.request.set_query", "[{\"a\": 1}]", "kong.request.get_query", "[]",
	 PHASE_ACCESS},
	{"kong.service.request.set_raw_query", "[\"a\"]", "kong.request.get_query_arg", "[\"a\"]",
	 PHASE_ACCESS},
	{"kong.service.request.clear_query_arg", "[\"a\"]", "kong.request.get_raw_query", "[]",
	 PHASE_ACCESS},
	{"kong.service.request.set_raw_body", "[\"a\"]", "kong.request.get_raw_body", "[]",
	 PHASE_ACCESS},
	{"kong.service.request.set_raw_body", "[\"a\"]", "kong.request.get_header",
	 "[\"content-length\"]", PHASE_ACCESS},
	{"kong.service.request.set_body", "[{}, \"application/json\"]", "kong.request.get_raw_body",
	 "[]", PHASE_ACCESS},
	{"kong.client.authenticate", "[{}]", "kong.client.get_consumer", "[]", PHASE_ACCESS},
	{"kong.client.authenticate", "[{}]", "kong.client.get_credential", "[]", PHASE_ACCESS},
	{"kong.response.set_status", "[201]", "kong.response.get_status", "[]", PHASE_RESPONSE},
	{"kong.response.set_header", "[\"a\", \"1\"]", "kong.response.get_header", "[\"a\"]",
	 PHASE_RESPONSE},
	{"kong.response.add_header", "[\"a\", \"1\"]", "kong.response.get_headers", "[]",
	 PHASE_RESPONSE},
	{"kong.response.clear_header", "[\"a\"]", "kong.response.get_headers", "[7]",
	 PHASE_RESPONSE},
	{"kong.response.set_headers", "[{\"a\": \"1\"}]", "kong.response.get_header", "[\"b\"]",
	 PHASE_RESPONSE},
};

static size_t at;

static void make_stale(struct pdk_fake *f)
{
	pdk_fake_call(f, stale[at].getter, stale[at].getter_args);
	pdk_fake_call(f, stale[at].getter, stale[at].getter_args);
	pdk_fake_call(f, stale[at].setter, stale[at].args);
	pdk_fake_call(f, stale[at].getter, stale[at].getter_args);
}

static void setter_makes_its_getters_ask_again(void **state)
{
	(void)state;
	for (at = 0; at < sizeof(stale) / sizeof(stale[0]); at++) {
		run(stale[at].phase, NULL, make_stale);
		if (fake.rq.calls != 3 || fake.rq.saved != 1)
			fail_msg("%s and %s: %s", stale[at].setter, stale[at].getter, fake.sent);
	}
}

/* ---- constants ---- */

static void ask_node(struct pdk_fake *f)
{
	pdk_expect(f, "kong.node.get_id", "[]", "[\"n\"]");
	pdk_expect(f, "kong.node.get_id", "[]", "[\"n\"]");
	pdk_expect(f, "kong.cluster.get_id", "[]", "[null,\"the gateway gave no cluster id\"]");
}

static void ask_as_another_gateway(struct pdk_fake *f)
{
	f->rq.gateway = 2;
	ask_node(f);
}

static void ask_as_unknown_gateway(struct pdk_fake *f)
{
	f->rq.gateway = 0;
	ask_node(f);
}

static void constant_is_asked_once_per_gateway_process(void **state)
{
	static const struct pdk_fake_answer answers[] = {{"kong.node.get_id []", "\"n\""},
							 {NULL, NULL}};

	(void)state;
	fake.env.constants = pdk_constants_create();
	assert_non_null(fake.env.constants);
	run(PHASE_ACCESS, answers, ask_node);
	assert_int_equal(fake.rq.calls, 2);
	run(PHASE_LOG, answers, ask_node);
	assert_string_equal(fake.sent, "kong.cluster.get_id []\n"); /* a failure isn't kept */
	run(PHASE_ACCESS, answers, ask_as_another_gateway);
	assert_int_equal(fake.rq.calls, 2);
	run(PHASE_ACCESS, answers, ask_as_unknown_gateway);
	assert_int_equal(fake.rq.calls, 2); /* once per event */
	pdk_constants_destroy(NULL);
}

static void many_gateway_processes_push_out_the_oldest(void **state)
{
	static const struct pdk_fake_answer answers[] = {{"kong.node.get_id []", "\"n\""},
							 {NULL, NULL}};
	int i;

	(void)state;
	fake.env.constants = pdk_constants_create();
	for (i = 0; i < 200; i++)
		run(PHASE_ACCESS, answers, i % 2 ? ask_node : ask_as_another_gateway);
	assert_int_equal(fake.rq.calls, 1);
}

/* ---- headers ---- */

static void ask_headers(struct pdk_fake *f)
{
	pdk_expect(
		f, "kong.request.get_headers", "[]",
		"[{\"host\":\"h\",\"x-a\":\"1\",\"x-b\":[\"1\",\"2\"],\"x_u\":\"u\",\"x-u\":\"v\"}]");
	pdk_expect(
		f, "kong.request.get_headers", "[50]",
		"[{\"host\":\"h\",\"x-a\":\"1\",\"x-b\":[\"1\",\"2\"],\"x_u\":\"u\",\"x-u\":\"v\"}]");
	pdk_expect(f, "kong.request.get_header", "[\"X_A\"]", "[\"1\"]");
	pdk_expect(f, "kong.request.get_header", "[\"none\"]", "[null]");
	pdk_expect(f, "kong.request.get_header", "[\"X-B\"]", "[\"1\"]");
	pdk_expect(f, "kong.request.get_header", "[\"x-b\"]", "[\"1\"]");
	pdk_expect(f, "kong.request.get_header", "[\"x-u\"]", "[\"v\"]");
}

static void complete_headers_answer_for_absent_and_single_names(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.request.get_headers [100]",
		 "{\"host\": [\"h\"], \"x-a\": [\"1\"], \"x-b\": [\"1\", \"2\"], \"x_u\": [\"u\"], "
		 "\"x-u\": [\"v\"]}"},
		{"kong.request.get_header [\"X-B\"]", "\"1\""},
		{"kong.request.get_header [\"x-u\"]", "\"v\""},
		{NULL, NULL}};

	(void)state;
	run(PHASE_ACCESS, answers, ask_headers);
	assert_string_equal(fake.sent, "kong.request.get_headers [100]\n"
				       "kong.request.get_header [\"X-B\"]\n"
				       "kong.request.get_header [\"x-u\"]\n");
	assert_int_equal(fake.rq.saved, 4);
}

static void ask_few_headers(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_headers", "[2]",
		   "[{\"a\":\"1\",\"b\":\"2\"},\"truncated\"]");
	pdk_expect(f, "kong.request.get_header", "[\"c\"]", "[\"3\"]");
	pdk_expect(f, "kong.request.get_headers", "[2]",
		   "[{\"a\":\"1\",\"b\":\"2\"},\"truncated\"]");
	pdk_expect(f, "kong.request.get_headers", "[3]", "[{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}]");
}

static void headers_that_are_left_out_are_told(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.request.get_headers [2]", "{\"a\": [\"1\"], \"b\": [\"2\"]}"},
		{"kong.request.get_headers [1000]",
		 "{\"a\": [\"1\"], \"b\": [\"2\"], \"c\": [\"3\"]}"},
		{NULL, NULL}};

	(void)state;
	run(PHASE_ACCESS, answers, ask_few_headers);
	assert_string_equal(fake.sent, "kong.request.get_headers [2]\n"
				       "kong.request.get_headers [1000]\n");
}

/* {"h0": ["v"], "h1": ["v"], ...} */
static const char *many_lines(char *buf, size_t size, int n)
{
	int i;

	snprintf(buf, size, "{");
	for (i = 0; i < n; i++)
		snprintf(buf + strlen(buf), size - strlen(buf), "%s\"h%d\": [\"v\"]", i ? "," : "",
			 i);
	snprintf(buf + strlen(buf), size - strlen(buf), "}");
	return buf;
}

static void ask_many_headers(struct pdk_fake *f)
{
	const char *got = pdk_fake_call(f, "kong.response.get_headers", "[]");

	if (strstr(got, "\"h149\"") == NULL || strstr(got, "truncated") != NULL)
		snprintf(f->failure, sizeof(f->failure), "%s", got);
}

static void gateway_with_a_larger_limit_is_asked_without_one(void **state)
{
	static char hundred[4096], more[8192];
	const struct pdk_fake_answer answers[] = {
		{"kong.response.get_headers [100]", many_lines(hundred, sizeof(hundred), 100)},
		{"kong.response.get_headers []", many_lines(more, sizeof(more), 150)},
		{"kong.response.get_headers [1000]", more},
		{NULL, NULL}};

	(void)state;
	run(PHASE_RESPONSE, answers, ask_many_headers);
	assert_string_equal(fake.sent, "kong.response.get_headers [100]\n"
				       "kong.response.get_headers []\n"
				       "kong.response.get_headers [1000]\n");
}

static void ask_in_log(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_headers", "[]", "[{\"a\":\"1\"}]");
	pdk_expect(f, "kong.request.get_headers", "[]", "[{\"a\":\"1\"}]");
	pdk_expect(f, "kong.request.get_header", "[\"b\"]", "[null]");
	pdk_expect(f, "kong.response.get_headers", "[5]", "[{}]");
}

static void log_phase_gets_the_plain_question(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.request.get_headers []", "{\"a\": [\"1\"]}"},
		{"kong.response.get_headers [5]", "{}"},
		{NULL, NULL}};

	(void)state;
	run(PHASE_LOG, answers, ask_in_log);
	assert_string_equal(fake.sent, "kong.request.get_headers []\n"
				       "kong.request.get_header [\"b\"]\n"
				       "kong.response.get_headers [5]\n");
}

/* ---- queries ---- */

static void ask_query(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_query", "[]",
		   "[{\"a\":\"1\",\"b\":[\"2\",\"3\"],\"flag\":true,\"e\":\"\"}]");
	pdk_expect(f, "kong.request.get_query_arg", "[\"a\"]", "[\"1\"]");
	pdk_expect(f, "kong.request.get_query_arg", "[\"b\"]", "[\"2\"]");
	pdk_expect(f, "kong.request.get_query_arg", "[\"flag\"]", "[true]");
	pdk_expect(f, "kong.request.get_query_arg", "[\"A\"]", "[null]");
	pdk_expect(f, "kong.request.get_query", "[100]",
		   "[{\"a\":\"1\",\"b\":[\"2\",\"3\"],\"flag\":true,\"e\":\"\"}]");
}

static void query_answers_for_its_arguments(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.request.get_query [100]",
		 "{\"a\": [\"1\"], \"b\": [\"2\", \"3\"], \"flag\": [], \"e\": [\"\"]}"},
		{NULL, NULL}};

	(void)state;
	run(PHASE_ACCESS, answers, ask_query);
	assert_string_equal(fake.sent, "kong.request.get_query [100]\n");
	assert_int_equal(fake.rq.saved, 5);
}

static void ask_short_query(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_query", "[1]", "[{\"a\":\"1\"},\"truncated\"]");
	pdk_expect(f, "kong.request.get_query", "[2]", "[{\"a\":\"1\",\"b\":\"2\"}]");
}

static void arguments_that_are_left_out_are_told(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.request.get_query [1]", "{\"a\": [\"1\"]}"},
		{"kong.request.get_query [2]", "{\"a\": [\"1\"], \"b\": [\"2\"]}"},
		{"kong.request.get_raw_query []", "\"a=1&b=2\""},
		{NULL, NULL}};

	(void)state;
	run(PHASE_ACCESS, answers, ask_short_query);
	assert_string_equal(fake.sent, "kong.request.get_query [1]\n"
				       "kong.request.get_raw_query []\n"
				       "kong.request.get_query [2]\n");
}

static void ask_flooded_query(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_query", "[2]", "[{\"a\":\"1\"}]");
	pdk_expect(f, "kong.request.get_query", "[]", "[{\"a\":\"1\"}]");
	pdk_expect(f, "kong.request.get_query_arg", "[\"a\"]", "[\"1\"]");
	pdk_expect(f, "kong.request.get_query_arg", "[\"b\"]", "[null]");
}

static void empty_pieces_of_a_query_take_no_place_in_its_table(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.request.get_query [2]", "{\"a\": [\"1\"]}"}, /* of "&&&a=1" */
		{NULL, NULL}};

	(void)state;
	run(PHASE_ACCESS, answers, ask_flooded_query);
	assert_string_equal(fake.sent, "kong.request.get_query [2]\n");
}

static void ask_long_query(struct pdk_fake *f)
{
	pdk_fake_call(f, "kong.request.get_query", "[1000]");
	pdk_expect(f, "kong.request.get_query_arg", "[\"h149\"]", "[null]");
	pdk_fake_call(f, "kong.request.get_query", "[150]");
	pdk_fake_call(f, "kong.request.get_query", "[]");
}

/* The gateway's own functions look at 100 lines. */
static void complete_table_of_more_lines_answers_only_for_itself(void **state)
{
	static char more[8192];
	const struct pdk_fake_answer answers[] = {
		{"kong.request.get_query [1000]", many_lines(more, sizeof(more), 150)},
		{NULL, NULL}};

	(void)state;
	run(PHASE_ACCESS, answers, ask_long_query);
	assert_string_equal(fake.sent, "kong.request.get_query [1000]\n"
				       "kong.request.get_query_arg [\"h149\"]\n"
				       "kong.request.get_query [100]\n");
}

/* ---- more of headers ---- */

static void ask_underscored(struct pdk_fake *f)
{
	pdk_fake_call(f, "kong.request.get_headers", "[]");
	pdk_expect(f, "kong.request.get_header", "[\"x_u\"]", "[\"1\"]");
	pdk_expect(f, "kong.request.get_header", "[\"y_d\"]", "[\"2\"]");
	pdk_expect(f, "kong.request.get_header", "[\"x-u\"]", "[\"asked\"]");
	pdk_expect(f, "kong.request.get_header", "[\"X_U\"]", "[\"too\"]");
}

static void underscored_names_are_answered_where_the_table_finds_them(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.request.get_headers [100]", "{\"x_u\": [\"1\"], \"y-d\": [\"2\"]}"},
		{"kong.request.get_header [\"x-u\"]", "\"asked\""},
		{"kong.request.get_header [\"X_U\"]", "\"too\""},
		{NULL, NULL}};

	(void)state;
	run(PHASE_ACCESS, answers, ask_underscored);
	assert_string_equal(fake.sent, "kong.request.get_headers [100]\n"
				       "kong.request.get_header [\"x-u\"]\n"
				       "kong.request.get_header [\"X_U\"]\n");
}

static void ask_service(struct pdk_fake *f)
{
	pdk_fake_call(f, "kong.service.response.get_headers", "[]");
	pdk_expect(f, "kong.service.response.get_header", "[\"x_one\"]", "[\"1\"]");
	pdk_expect(f, "kong.service.response.get_header", "[\"none\"]", "[null]");
	pdk_expect(f, "kong.service.response.get_header", "[\"x-two\"]", "[\"asked\"]");
}

static void headers_of_the_service_answer_for_their_names(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.nginx.get_ctx [\"buffered_headers\"]",
		 "{\"X-One\": \"1\", \"X-Two\": [\"1\", \"2\"]}"},
		{"kong.service.response.get_header [\"x-two\"]", "\"asked\""},
		{NULL, NULL}};

	(void)state;
	run(PHASE_RESPONSE, answers, ask_service);
	assert_string_equal(fake.sent, "kong.nginx.get_ctx [\"buffered_headers\"]\n"
				       "kong.service.response.get_header [\"x-two\"]\n");
}

/* ---- without it, and its bounds ---- */

static void ask_uncached(struct pdk_fake *f)
{
	pdk_fake_call(f, "kong.node.get_id", "[]");
	pdk_fake_call(f, "kong.node.get_id", "[]");
	pdk_expect(f, "kong.request.get_headers", "[]", "[{\"a\":\"1\"}]");
	pdk_fake_call(f, "kong.request.get_header", "[\"a\"]");
	pdk_fake_call(f, "kong.log.err", "[\"a\", 1]");
	pdk_fake_call(f, "kong.response.exit", "[302, null, {\"Location\": \"/\"}]");
}

static void without_the_cache_all_is_asked_and_still_emulated(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.request.get_headers [100]", "{\"a\": [\"1\"]}"},
		{"kong.node.get_id []", "\"n\""},
		{NULL, NULL}};

	(void)state;
	fake.env.constants = pdk_constants_create();
	fake.env.read_cache = false;
	run(PHASE_ACCESS, answers, ask_uncached);
	assert_string_equal(fake.sent, "kong.node.get_id []\n"
				       "kong.node.get_id []\n"
				       "kong.request.get_headers [100]\n"
				       "kong.request.get_header [\"a\"]\n"
				       "kong.log.err [\"a1\"]\n"
				       "kong.response.set_headers [{\"Location\":\"/\"}]\n"
				       "kong.response.exit [302]\n");
	assert_int_equal(fake.rq.saved, 0);
}

static void ask_for_ever_more(struct pdk_fake *f)
{
	char args[32];
	int i;

	for (i = 0; i < 2000; i++) {
		snprintf(args, sizeof(args), "[\"%d\"]", i);
		pdk_fake_call(f, "kong.ip.is_trusted", args);
		f->sent[0] = '\0';
	}
	pdk_fake_call(f, "kong.ip.is_trusted", "[\"0\"]");
	pdk_fake_call(f, "kong.ip.is_trusted", "[\"1999\"]");
}

static void handler_that_asks_for_ever_more_is_answered_by_the_gateway(void **state)
{
	(void)state;
	run(PHASE_ACCESS, NULL, ask_for_ever_more);
	assert_string_equal(fake.sent, "kong.ip.is_trusted [\"1999\"]\n");
}

/* ---- counters ---- */

static void cost_something(struct pdk_fake *f)
{
	pdk_fake_call(f, "kong.request.get_method", "[]");
	pdk_fake_call(f, "kong.request.get_method", "[]");
	pdk_fake_call(f, "kong.request.get_method", "[]");
	pdk_fake_call(f, "kong.service.request.set_method", "[\"PUT\"]");
	pdk_fake_call(f, "kong.log.debug", "[\"x\"]");
	pdk_fake_call(f, "kong.request.get_header", "[1]");
	pdk_fake_call(f, "kong.response.exit", "[200]");
}

static uint64_t counted(const uint64_t *counters, const char *name, enum pdk_counter counter)
{
	return counters[pdk_counter_at(pdk_find(name, strlen(name))->id, counter)];
}

static void counters_tell_what_each_row_has_cost(void **state)
{
	uint64_t counters[PDK_COUNTERS] = {0}, sum = 0;
	size_t i;

	(void)state;
	fake.env.counters = counters;
	fake.env.log_level = LOG_LEVEL_INFO;
	run(PHASE_ACCESS, NULL, cost_something);
	assert_int_equal(counted(counters, "kong.request.get_method", PDK_COUNT_ROUND_TRIPS), 1);
	assert_int_equal(counted(counters, "kong.request.get_method", PDK_COUNT_SAVED), 2);
	assert_int_equal(
		counted(counters, "kong.service.request.set_method", PDK_COUNT_ROUND_TRIPS), 1);
	assert_int_equal(counted(counters, "kong.log.debug", PDK_COUNT_FILTERED), 1);
	assert_int_equal(counted(counters, "kong.response.exit", PDK_COUNT_PIPELINED), 1);
	for (i = 0; i < PDK_COUNTERS; i++)
		sum += counters[i];
	assert_int_equal(sum, 6);
	run(PHASE_ACCESS, NULL, cost_something);
	assert_int_equal(counted(counters, "kong.request.get_method", PDK_COUNT_SAVED), 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(value_is_asked_once_until_it_is_set),
		TEST(next_event_asks_again),
		TEST(setting_ngx_ctx_clears_all_and_shared_values_are_never_kept),
		TEST(setter_makes_its_getters_ask_again),
		TEST(constant_is_asked_once_per_gateway_process),
		TEST(many_gateway_processes_push_out_the_oldest),
		TEST(complete_headers_answer_for_absent_and_single_names),
		TEST(headers_that_are_left_out_are_told),
		TEST(gateway_with_a_larger_limit_is_asked_without_one),
		TEST(log_phase_gets_the_plain_question),
		TEST(query_answers_for_its_arguments),
		TEST(arguments_that_are_left_out_are_told),
		TEST(empty_pieces_of_a_query_take_no_place_in_its_table),
		TEST(complete_table_of_more_lines_answers_only_for_itself),
		TEST(setting_a_key_of_our_own_clears_only_ngx_ctx),
		TEST(underscored_names_are_answered_where_the_table_finds_them),
		TEST(headers_of_the_service_answer_for_their_names),
		TEST(without_the_cache_all_is_asked_and_still_emulated),
		TEST(handler_that_asks_for_ever_more_is_answered_by_the_gateway),
		TEST(counters_tell_what_each_row_has_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
