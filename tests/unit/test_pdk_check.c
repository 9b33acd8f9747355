/* test_pdk_check.c - the gateway's own texts for what it would raise on; nothing is sent. */
#include <string.h>
#include "protocol/err.h"
#include "tests/lib/pdk_fake.h"
#include "tests/lib/unit.h"

struct refusal {
	const char *name, *args, *text;
};

static const struct refusal *refusals;

static void expect_refusals(struct pdk_fake *f)
{
	const struct refusal *r;

	for (r = refusals; r->name != NULL; r++)
		pdk_expect(f, r->name, r->args, r->text);
}

static void check(enum phase phase, const struct refusal *list)
{
	struct pdk_fake fake;

	pdk_fake_init(&fake);
	refusals = list;
	pdk_fake_run(&fake, phase, expect_refusals);
	assert_string_equal(fake.sent, "");
	pdk_fake_fini(&fake);
}

static void wrong_phase(void **state)
{
	static const struct refusal in_log[] = {
		{"kong.request.get_raw_body", "[]",
		 "!function cannot be called in log phase (only in: rewrite, access, response, error, "
		 "admin_api)"},
		{"kong.response.set_header", "[\"a\", \"b\"]",
		 "!function cannot be called in log phase (only in: rewrite, access, balancer, "
		 "response, header_filter, error, admin_api)"},
		{"kong.client.authenticate", "[]",
		 "!function cannot be called in log phase (only in: access)"},
		{NULL, NULL, NULL}};
	static const struct refusal in_certificate[] = {
		{"kong.request.get_host", "[]",
		 "!function cannot be called in certificate phase (only in: rewrite, access, balancer, "
		 "response, cluster_listener, header_filter, body_filter, log, error, admin_api)"},
		{"kong.response.exit", "[500]",
		 "!function cannot be called in certificate phase (only in: rewrite, access, balancer, "
		 "response, header_filter, error, admin_api)"},
		{NULL, NULL, NULL}};
	static const struct refusal in_init_worker[] = {
		{"kong.client.get_ip", "[]",
		 "!function cannot be called in init_worker phase (can be called in any phases except: "
		 "init_worker)"},
		{NULL, NULL, NULL}};

	(void)state;
	check(PHASE_LOG, in_log);
	check(PHASE_CERTIFICATE, in_certificate);
	check(PHASE_INIT_WORKER, in_init_worker);
}

static void headers(void **state)
{
	static const struct refusal list[] = {
		{"kong.request.get_header", "[1]", "!header name must be a string"},
		{"kong.request.get_headers", "[\"1\"]", "!max_headers must be a number"},
		{"kong.request.get_headers", "[0]", "!max_headers must be >= 1"},
		{"kong.request.get_headers", "[1001]", "!max_headers must be <= 1000"},
		{"kong.response.clear_header", "[]", "!header name must be a string"},
		{"kong.service.request.clear_header", "[]", "!header must be a string"},
		{"kong.response.set_header", "[null, \"b\"]",
		 "!invalid header name \"nil\": got nil, expected string"},
		{"kong.response.set_header", "[5, \"b\"]",
		 "!invalid header name \"5\": got number, expected string"},
		{"kong.response.set_header", "[\"a\"]",
		 "!invalid header value for \"a\": got nil, expected array of string, string, number "
		 "or boolean"},
		{"kong.response.add_header", "[\"a\\\"\", [\"1\", 2]]",
		 "!invalid header value in array \"a\\\"\": got number, expected string"},
		{"kong.response.set_headers", "[\"a\"]", "!headers must be a table"},
		{"kong.response.set_headers", "[[\"a\"]]",
		 "!invalid header name \"1\": got number, expected string"},
		{"kong.service.request.set_headers", "[{\"a\": {\"1\": 2}, \"b\": [true]}]",
		 "!invalid header value in array \"b\": got boolean, expected string"},
		{"kong.service.request.set_header", "[\":authority\", 1]",
		 "!value of :authority must be a string"},
		{NULL, NULL, NULL}};
	static const struct refusal of_response[] = {
		{"kong.response.get_header", "[]", "!header name must be a string"},
		{"kong.service.response.get_header", "[]", "!name must be a string"},
		{"kong.response.get_headers", "[1000.5]", "!max_headers must be <= 1000"},
		{NULL, NULL, NULL}};

	(void)state;
	check(PHASE_ACCESS, list);
	check(PHASE_RESPONSE, of_response);
}

static void requests(void **state)
{
	static const struct refusal list[] = {
		{"kong.request.get_query_arg", "[1]", "!query argument name must be a string"},
		{"kong.request.get_query", "[0.5]", "!max_args must be >= 1"},
		{"kong.request.get_body", "[null, 1001]", "!max_args must be <= 1000"},
		{"kong.request.get_raw_body", "[\"1\"]", "!max_allowed_file_size must be a number"},
		{"kong.service.request.set_scheme", "[1]", "!scheme must be a string"},
		{"kong.service.request.set_scheme", "[\"ftp\"]", "!invalid scheme: ftp"},
		{"kong.service.request.set_path", "[1]", "!path must be a string"},
		{"kong.service.request.set_path", "[\"\"]", "!path must start with /"},
		{"kong.service.request.set_path", "[\"a\"]", "!path must start with /"},
		{"kong.service.request.set_raw_query", "[1]", "!query must be a string"},
		{"kong.service.request.set_method", "[1]", "!method must be a string"},
		{"kong.service.request.set_method", "[\"get\"]", "!invalid method: get"},
		{"kong.service.request.set_query", "[\"a\"]", "!args must be a table"},
		{"kong.service.request.set_query", "[[1]]", "!arg keys must be strings"},
		{"kong.service.request.set_query", "[{\"a\": [[1]]}]",
		 "!attempt to use table as query arg value"},
		{"kong.service.request.set_raw_body", "[1]", "!body must be a string"},
		{"kong.service.request.set_body", "[1]", "!args must be a table"},
		{"kong.service.request.set_body", "[{}, 1]", "!mime must be a string"},
		{"kong.service.request.set_body", "[{}, \"text/plain\"]",
		 "!unsupported content type text/plain"},
		{"kong.service.request.set_body", "[[1], \"application/x-www-form-urlencoded\"]",
		 "!arg keys must be strings"},
		{"kong.service.request.set_body", "[{\"a\": {}}, \"multipart/form-data\"]",
		 "!invalid value \"a\": got table, expected string, number or boolean"},
		{"kong.service.request.set_body", "[[1], \"multipart/form-data\"]",
		 "!invalid key \"1\": got number, expected string"},
		{"kong.service.request.set_body", "[{\"a\": true}, \"multipart/form-data\"]",
		 "!bad argument #1 to 'put' (string/number/__tostring expected, got boolean)"},
		{"kong.service.request.set_body",
		 "[{\"a\": \"1\"}, \"multipart/form-data; boundary=\\\"x\"]",
		 "!boundary without closing quote in content type multipart/form-data; boundary=\"x"},
		{NULL, NULL, NULL}};

	(void)state;
	check(PHASE_ACCESS, list);
}

static void services(void **state)
{
	static const struct refusal list[] = {
		{"kong.service.set_upstream", "[1]", "!host must be a string"},
		{"kong.service.set_target", "[1, 1]", "!host must be a string"},
		{"kong.service.set_target", "[\"h\", 1.5]", "!port must be an integer"},
		{"kong.service.set_target", "[\"h\", 65536]",
		 "!port must be an integer between 0 and 65535: given 65536"},
		{"kong.service.set_retries", "[\"1\"]", "!retries must be an integer"},
		{"kong.service.set_retries", "[-1]",
		 "!retries must be an integer between 0 and 32767: given -1"},
		{"kong.service.set_timeouts", "[1]", "!write_timeout must be an integer"},
		{"kong.service.set_timeouts", "[1, 1, 0]",
		 "!read_timeout must be an integer between 1 and 2147483646: given 0"},
		{"kong.service.set_tls_verify", "[1]", "!argument must be a boolean"},
		{"kong.service.set_tls_verify_depth", "[true]", "!argument must be a number"},
		{NULL, NULL, NULL}};
	static const struct refusal in_rewrite[] = {
		{"kong.service.set_target", "[\"h\", 80]",
		 "!attempt to index field 'balancer_data' (a nil value): the request has no route yet, "
		 "call it in access"},
		{NULL, NULL, NULL}};

	(void)state;
	check(PHASE_ACCESS, list);
	check(PHASE_REWRITE, in_rewrite);
}

static void others(void **state)
{
	static const struct refusal list[] = {
		{"kong.client.load_consumer", "[1]", "!consumer_id must be a string"},
		{"kong.client.load_consumer", "[\"bob\"]",
		 "!cannot load a consumer with an id that is not a uuid"},
		{"kong.client.authenticate", "[1]", "!consumer must be a table or nil"},
		{"kong.client.authenticate", "[{}, 1]", "!credential must be a table or nil"},
		{"kong.client.tls.set_client_verify", "[1]", "!assertion failed!"},
		{"kong.client.tls.set_client_verify", "[\"FINE\"]",
		 "!unknown client verify value: FINE accepted values are: \"SUCCESS\", \"NONE\" or "
		 "\"FAILED:<reason>\""},
		{"kong.ip.is_trusted", "[1]", "!missing valid ip argument"},
		{"kong.node.get_memory_stats", "[\"x\"]",
		 "!invalid unit 'x' (expected 'k/K', 'm/M', or 'g/G')"},
		{"kong.node.get_memory_stats", "[\"k\", -1]",
		 "!scale must be equal or greater than 0"},
		{"kong.ctx.shared.set", "[null, 1]", "!table index is nil"},
		{"kong.ctx.shared.get", "[{}]", "!key must be a string, number or boolean"},
		{"kong.vault.update", "[{\"$refs\": {\"a\": [\"{vault://env/x}\"]}}]",
		 "!$refs names a, which is no table in the options"},
		{"kong.response.exit", "[200, {\"a\": [1], \"b\": 1}, {\"x\": [1]}]",
		 "!invalid header value in array \"x\": got number, expected string"},
		{NULL, NULL, NULL}};

	(void)state;
	check(PHASE_ACCESS, list);
}

static void functions_that_cannot_cross_say_why(void **state)
{
	static const struct refusal list[] = {
		{"kong.vault.try", "[]",
		 "!kong.vault.try can't be called from an external plugin. A function can't cross to "
		 "the gateway: call kong.vault.update, then the function."},
		{"kong.configuration.remove_sensitive", "[]",
		 "!kong.configuration.remove_sensitive can't be called from an external plugin of Kong "
		 "3.9 and later: the gateway fails on it where it manages plugin servers"},
		{NULL, NULL, NULL}};
	static const struct refusal in_certificate[] = {
		{"kong.client.tls.request_client_certificate", "[{}]",
		 "!ca_certs can't cross to the gateway: call it without argument"},
		{NULL, NULL, NULL}};

	(void)state;
	check(PHASE_ACCESS, list);
	check(PHASE_CERTIFICATE, in_certificate);
}

/* ---- values that JSON can't write down ---- */

static int call_direct(enum pdk_id id, const struct value *argv, size_t argc, struct err *err)
{
	struct pdk_env env = {.kong_version = 309, .read_cache = true};
	struct pdk_rq rq = {0};
	struct pdk_ret ret;
	int rc;

	pdk_rq_init(&rq, &env, 0, PHASE_ACCESS);
	rc = pdk_call(&rq, id, argv, argc, &ret, err);
	pdk_rq_fini(&rq);
	return rc;
}

static void bodies_that_json_cannot_hold(void **state)
{
	struct value_pair sparse = {value_int(32769), value_int(1)};
	struct value_pair keyed = {value_bool(true), value_int(1)};
	struct value nan = value_double(0.0 / 0.0);
	struct value bodies[] = {{.type = VALUE_MAP, .len = 1, .pairs = &sparse},
				 {.type = VALUE_MAP, .len = 1, .pairs = &keyed},
				 {.type = VALUE_ARRAY, .len = 1, .items = &nan}};
	static const char *const texts[] = {
		"Cannot serialise table: excessively sparse array",
		"Cannot serialise boolean: table key must be a number or string",
		"Cannot serialise number: must not be NaN or Infinity",
	};
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct value argv[] = {value_int(500), bodies[i]};
		struct err err = {0};

		assert_int_equal(call_direct(PDK_ID_response_exit, argv, 2, &err), -E_ARGUMENT);
		assert_non_null(strstr(err.text, texts[i]));
		assert_non_null(strstr(err.text, "body encoding failed while flushing response: "));
		assert_int_equal(call_direct(PDK_ID_response_error, argv, 2, &err), -E_ARGUMENT);
		assert_non_null(strstr(err.text, "could not JSON encode the error message: "));
	}
}

static void nan_is_no_key_and_no_integer(void **state)
{
	struct value argv[] = {value_double(0.0 / 0.0), value_int(1)};
	struct err err = {0};

	(void)state;
	assert_int_equal(call_direct(PDK_ID_ctx_shared_set, argv, 2, &err), -E_ARGUMENT);
	assert_string_equal(err.text, "table index is NaN");
	assert_int_equal(call_direct(PDK_ID_service_set_retries, argv, 1, &err), -E_ARGUMENT);
	assert_string_equal(err.text, "retries must be an integer");
	assert_int_equal(call_direct(PDK_ID_response_set_status, argv, 1, &err), -E_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_phase),
		cmocka_unit_test(headers),
		cmocka_unit_test(requests),
		cmocka_unit_test(services),
		cmocka_unit_test(others),
		cmocka_unit_test(functions_that_cannot_cross_say_why),
		cmocka_unit_test(bodies_that_json_cannot_hold),
		cmocka_unit_test(nan_is_no_key_and_no_integer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
