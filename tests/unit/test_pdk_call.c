/* test_pdk_call.c - what is sent, what comes back, what ends the event. */
#include <string.h>
#include "protocol/err.h"
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
	pdk_fake_fini(&fake);
	return 0;
}

static void run(enum phase phase, const struct pdk_fake_answer *answers,
		void (*handler)(struct pdk_fake *fake))
{
	fake.answers = answers;
	pdk_fake_run(&fake, phase, handler);
}

/* ---- plain calls ---- */

static void call_plain(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_scheme", "[]", "[\"https\"]");
	pdk_expect(f, "kong.nginx.get_var", "[\"no\"]", "[null]");
	pdk_expect(f, "kong.response.set_header", "[\"a\", [\"1\", \"2\"]]", "[]");
	pdk_expect(f, "kong.client.get_ip", "[1, 2, 3]", "[\"::1\"]"); /* more than it takes */
}

static void call_is_sent_and_answered(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.request.get_scheme []", "\"https\""},
		{"kong.client.get_ip []", "\"::1\""},
		{"kong.response.set_header [\"a\",[\"1\",\"2\"]]", "\"ignored\""},
		{NULL, NULL}};

	(void)state;
	run(PHASE_ACCESS, answers, call_plain);
	assert_true(fake.returned);
	assert_int_equal(fake.rq.calls, 4);
}

static void call_lost(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_scheme", "[]", "!kong.request.get_scheme: connection lost");
	pdk_expect(f, "kong.client.get_ip", "[]", "!no such variable");
}

static void lost_gateway_and_its_errors_are_errors(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.request.get_scheme []", "!"},
		{"kong.client.get_ip []", "!no such variable"},
		{NULL, NULL}};

	(void)state;
	run(PHASE_ACCESS, answers, call_lost);
}

static void authenticate(struct pdk_fake *f)
{
	pdk_expect(f, "kong.client.authenticate", "[null, {\"id\": \"c\"}]", "[]");
	pdk_expect(f, "kong.client.authenticate", "[{\"id\": \"u\"}, null]", "[]");
	pdk_expect(f, "kong.client.authenticate", "[null, null]",
		   "!either credential or consumer must be provided");
}

static void nil_before_a_credential_is_sent(void **state)
{
	(void)state;
	run(PHASE_ACCESS, NULL, authenticate);
	assert_string_equal(fake.sent, "kong.client.authenticate [null,{\"id\":\"c\"}]\n"
				       "kong.client.authenticate [{\"id\":\"u\"}]\n");
}

static void two_results(struct pdk_fake *f)
{
	pdk_expect(f, "kong.service.set_upstream", "[\"no\"]",
		   "[null,\"could not find an Upstream named 'no'\"]");
	pdk_expect(f, "kong.service.set_upstream", "[\"yes\"]", "[true]");
	pdk_expect(f, "kong.client.get_protocol", "[]", "[null,\"No active route found\"]");
	pdk_expect(f, "kong.service.request.set_header", "[\":Authority\", \"h\"]",
		   "[null,\"cannot set :authority pseudo-header on non-grpc requests\"]");
	pdk_expect(f, "kong.service.request.set_header", "[\":authority\", \"g\"]", "[true]");
	pdk_expect(f, "kong.telemetry.log", "[1]", "[null,\"plugin_name must be a string\"]");
	pdk_expect(f, "kong.telemetry.log", "[\"p\", {}, \"t\", null, {\"a\": 1}]", "[true]");
}

static void second_results_are_made_here(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.service.set_upstream [\"yes\"]", "true"},
		{"kong.service.request.set_header [\":authority\",\"g\"]", "true"},
		{"kong.telemetry.log [\"p\",{},\"t\",false,{\"a\":1}]", "true"},
		{NULL, NULL}};

	(void)state;
	run(PHASE_ACCESS, answers, two_results);
}

/* ---- the end of an event ---- */

static void exit_twice(struct pdk_fake *f)
{
	pdk_fake_call(f, "kong.response.exit", "[401, {\"message\": \"no\"}, {\"x\": \"1\"}]");
	pdk_fake_call(f, "kong.response.exit", "[200]");
}

static void exit_ends_the_handler(void **state)
{
	(void)state;
	run(PHASE_ACCESS, NULL, exit_twice);
	assert_false(fake.returned);
	assert_int_equal(fake.rq.state, PDK_RQ_ENDED);
	assert_string_equal(fake.sent,
			    "kong.response.exit [401,{\"message\":\"no\"},{\"x\":\"1\"}]\n");
}

static void exit_without_body(struct pdk_fake *f)
{
	pdk_fake_call(f, "kong.response.exit", "[302, null, {\"Location\": \"/\"}]");
}

static void headers_without_a_body_are_set_before(void **state)
{
	(void)state;
	run(PHASE_ACCESS, NULL, exit_without_body);
	assert_false(fake.returned);
	assert_string_equal(fake.sent, "kong.response.set_headers [{\"Location\":\"/\"}]\n"
				       "kong.response.exit [302]\n");
	fake.env.raw_calls = true;
	run(PHASE_PREREAD, NULL, exit_without_body);
	assert_true(fake.returned); /* 302 is no code of a stream */
	assert_string_equal(fake.sent, "");
}

static void exit_with_null(struct pdk_fake *f)
{
	pdk_fake_call(f, "kong.response.exit",
		      "[200, {\"a\": null, \"b\": [1.5, \"\\u00e9\"]}, {\"x\": \"1\"}]");
}

static void body_with_null_is_encoded_here(void **state)
{
	(void)state;
	run(PHASE_ACCESS, NULL, exit_with_null);
	assert_string_equal(
		fake.sent, "kong.response.exit [200,\"{\\\"a\\\":null,\\\"b\\\":[1.5,\\\"é\\\"]}\","
			   "{\"x\":\"1\",\"Content-Type\":\"application/json; charset=utf-8\"}]\n");
}

static void error_without_message(struct pdk_fake *f)
{
	pdk_fake_call(f, "kong.response.error", "[503, null, {\"Retry-After\": \"1\"}]");
}

static void error_without_message_gets_the_gateways(void **state)
{
	(void)state;
	run(PHASE_ACCESS, NULL, error_without_message);
	assert_string_equal(fake.sent,
			    "kong.response.error [503,\"The upstream server is currently "
			    "unavailable\",{\"Retry-After\":\"1\"}]\n");
}

static void exit_wrongly(struct pdk_fake *f)
{
	pdk_expect(f, "kong.response.exit", "[99]", "!code must be a number between 100 and 599");
	pdk_expect(f, "kong.response.exit", "[\"200\"]", "!code must be a number");
	pdk_expect(f, "kong.response.exit", "[200, true]", "!body must be a nil, string or table");
	pdk_expect(f, "kong.response.exit", "[200, \"\", 1]", "!headers must be a nil or table");
	pdk_expect(f, "kong.response.error", "[399]", "!code must be a number between 400 and 599");
}

static void refused_exit_goes_on(void **state)
{
	(void)state;
	run(PHASE_ACCESS, NULL, exit_wrongly);
	assert_true(fake.returned);
	assert_string_equal(fake.sent, "");
}

static void exit_of_stream(struct pdk_fake *f)
{
	pdk_expect(f, "kong.response.exit", "[404]",
		   "!unacceptable code, only 200, 400, 403, 500, 502 and 503 are accepted");
	pdk_fake_call(f, "kong.response.exit", "[403, null, {\"x\": \"1\"}]");
}

static void streams_have_other_codes_and_no_headers(void **state)
{
	(void)state;
	run(PHASE_PREREAD, NULL, exit_of_stream);
	assert_string_equal(fake.sent, "kong.response.exit [403]\n");
}

/* ---- state of a request ---- */

static void answer_to_nobody_is_ignored(void **state)
{
	struct pdk_rq rq = {0};
	struct value v = value_bool(true);

	(void)state;
	pdk_rq_init(&rq, &fake.env, 7, PHASE_ACCESS);
	assert_true(pdk_rq_deliver(&rq, &v, 0));
	assert_int_equal(rq.state, PDK_RQ_RUNNING);
	pdk_rq_fini(&rq);
	pdk_rq_fini(NULL);
}

static void call_outside_of_a_fiber_is_refused(void **state)
{
	struct pdk_ret ret;
	struct err err = {0};
	struct pdk_rq rq = {0};

	(void)state;
	pdk_rq_init(&rq, &fake.env, 0, PHASE_ACCESS);
	assert_int_equal(pdk_call(&rq, PDK_ID_client_get_ip, NULL, 0, &ret, &err), -E_UNSUPPORTED);
	assert_string_equal(err.text, "kong.client.get_ip can't be called outside of a request");
	assert_int_equal(rq.state, PDK_RQ_RUNNING);
	pdk_rq_fini(&rq);
}

static int refuse_to_send(struct pdk_rq *rq, const struct pdk_fn *fn, const struct value *argv,
			  size_t argc, struct err *err)
{
	(void)rq;
	(void)fn;
	(void)argv;
	(void)argc;
	return err_set(err, E_CLOSED, "no gateway waits");
}

static void call_unsent(struct pdk_fake *f)
{
	pdk_expect(f, "kong.client.get_ip", "[]", "!no gateway waits");
	pdk_expect(f, "kong.response.exit", "[200]", "!no gateway waits");
}

static void call_that_cant_be_sent_is_an_error(void **state)
{
	(void)state;
	fake.port.send = refuse_to_send;
	run(PHASE_ACCESS, NULL, call_unsent);
	assert_true(fake.returned);
}

/* ---- logging ---- */

static void log_levels(struct pdk_fake *f)
{
	pdk_expect(f, "kong.log.debug", "[\"below\"]", "[]");
	pdk_expect(f, "kong.log.info", "[\"below\"]", "[]");
	pdk_expect(f, "kong.log", "[\"at\"]", "[]");
	pdk_expect(f, "kong.log.err", "[\"a\", 1, true, null, 0.5, {\"x\": 1}]", "[]");
	f->rq.log_source = "handler.lua:7";
	pdk_expect(f, "kong.log.emerg", "[\"text\"]", "[]");
	pdk_expect(f, "kong.log.warn", "[]", "[]");
}

static void log_calls_below_the_level_are_never_sent(void **state)
{
	(void)state;
	fake.env.log_level = LOG_LEVEL_NOTICE;
	run(PHASE_ACCESS, NULL, log_levels);
	assert_string_equal(fake.sent, "kong.log [\"at\"]\n"
				       "kong.log.err [\"a1truenil0.5table\"]\n"
				       "kong.log.emerg [\"handler.lua:7 text\"]\n"
				       "kong.log.warn [\"handler.lua:7 \"]\n");
}

static void log_outside(struct pdk_fake *f)
{
	pdk_expect(f, "kong.log.err", "[\"a\", 1]", "[]");
	pdk_expect(f, "kong.log.debug", "[\"below\"]", "[]");
	pdk_expect(f, "kong.log.inspect", "[[1]]", "[]");
}

static void log_calls_outside_of_events_go_to_our_log(void **state)
{
	(void)state;
	fake.env.log_level = LOG_LEVEL_NOTICE;
	run(PHASE_INIT_WORKER, NULL, log_outside);
	assert_string_equal(fake.sent, "");
	assert_string_equal(fake.log, "4 a1\n6 { 1 }\n");
}

static void log_others(struct pdk_fake *f)
{
	pdk_expect(f, "kong.log.deprecation",
		   "[\"old \", 1, {\"after\": \"2.8\", \"removal\": \"4.0\"}]", "[]");
	pdk_expect(f, "kong.log.deprecation", "[\"old\"]", "[]");
	pdk_expect(f, "kong.log.inspect", "[{\"b\": [1, \"x\"], \"a b\": {\"c\": true}}, \"t\\n\"]",
		   "[]");
	pdk_expect(f, "kong.log.inspect.off", "[]", "[]");
	pdk_expect(f, "kong.log.inspect", "[1]", "[]");
	pdk_expect(f, "kong.log.inspect.on", "[]", "[]");
	pdk_expect(f, "kong.log.inspect", "[]", "[]");
}

static void deprecations_and_inspections_are_texts(void **state)
{
	(void)state;
	run(PHASE_ACCESS, NULL, log_others);
	assert_string_equal(
		fake.sent,
		"kong.log.warn [\"old 1 (deprecated after 2.8, scheduled for removal in 4.0)\"]\n"
		"kong.log.warn [\"old\"]\n"
		"kong.log.notice [\"{\\n  [\\\"a b\\\"] = {\\n    c = true\\n  },\\n"
		"  b = { 1, \\\"x\\\" }\\n} \\\"t\\\\n\\\"\"]\n"
		"kong.log.notice [\"\"]\n");
}

static void serialize_values(struct pdk_fake *f)
{
	pdk_expect(f, "kong.log.set_serialize_value", "[\"k\", 1, {\"mode\": \"add\"}]", "[]");
	pdk_expect(f, "kong.log.set_serialize_value", "[\"k\", null, {\"mode\": \"add\"}]", "[]");
	pdk_expect(f, "kong.log.set_serialize_value", "[\"k\", null, {\"mode\": \"replace\"}]",
		   "[]");
	pdk_expect(f, "kong.log.set_serialize_value", "[\"k\", 1, {\"mode\": \"no\"}]",
		   "!mode must be 'set', 'add' or 'replace'");
	pdk_expect(f, "kong.log.set_serialize_value", "[1, 1]", "!key must be a string");
}

static void nil_is_never_sent_before_other_arguments(void **state)
{
	(void)state;
	run(PHASE_ACCESS, NULL, serialize_values);
	assert_string_equal(fake.sent, "kong.log.set_serialize_value [\"k\",1,{\"mode\":\"add\"}]\n"
				       "kong.log.set_serialize_value [\"k\"]\n");
}

/* ---- as the handler made them ---- */

static void call_raw(struct pdk_fake *f)
{
	pdk_fake_call(f, "kong.request.get_headers", "[]");
	pdk_fake_call(f, "kong.request.get_headers", "[]");
	pdk_fake_call(f, "kong.request.get_header", "[\"A\"]");
	pdk_fake_call(f, "kong.request.get_query", "[]");
	pdk_fake_call(f, "kong.request.get_raw_body", "[]");
	pdk_fake_call(f, "kong.request.get_body", "[]");
	pdk_fake_call(f, "kong.log.err", "[\"a\", 1]");
	pdk_fake_call(f, "kong.vault.get", "[\"x\"]");
	pdk_expect(f, "kong.request.get_header", "[1]", "!header name must be a string");
	pdk_expect(f, "kong.response.exit", "[403, null, {}]",
		   "!kong.response.exit: argument #2 can't be nil while others follow it");
}

static void raw_calls_are_left_alone(void **state)
{
	(void)state;
	fake.env.raw_calls = true;
	fake.env.read_cache = false;
	run(PHASE_ACCESS, NULL, call_raw);
	assert_string_equal(fake.sent, "kong.request.get_headers []\n"
				       "kong.request.get_headers []\n"
				       "kong.request.get_header [\"A\"]\n"
				       "kong.request.get_query []\n"
				       "kong.request.get_raw_body []\n"
				       "kong.request.get_body []\n"
				       "kong.log.err [\"a\",1]\n"
				       "kong.vault.get [\"x\"]\n");
	assert_int_equal(fake.rq.saved, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(call_is_sent_and_answered),
		TEST(lost_gateway_and_its_errors_are_errors),
		TEST(nil_before_a_credential_is_sent),
		TEST(second_results_are_made_here),
		TEST(exit_ends_the_handler),
		TEST(headers_without_a_body_are_set_before),
		TEST(body_with_null_is_encoded_here),
		TEST(error_without_message_gets_the_gateways),
		TEST(refused_exit_goes_on),
		TEST(streams_have_other_codes_and_no_headers),
		TEST(answer_to_nobody_is_ignored),
		TEST(call_outside_of_a_fiber_is_refused),
		TEST(call_that_cant_be_sent_is_an_error),
		TEST(log_calls_below_the_level_are_never_sent),
		TEST(log_calls_outside_of_events_go_to_our_log),
		TEST(deprecations_and_inspections_are_texts),
		TEST(nil_is_never_sent_before_other_arguments),
		TEST(raw_calls_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
