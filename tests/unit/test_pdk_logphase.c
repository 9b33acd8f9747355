/* test_pdk_logphase.c - reading the request when the gateway has let go of it. */
#include <string.h>
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

static void run(const struct pdk_fake_answer *answers, void (*handler)(struct pdk_fake *fake))
{
	fake.answers = answers;
	pdk_fake_run(&fake, PHASE_LOG, handler);
}

static const struct pdk_fake_answer serialized[] = {
	{"kong.log.serialize []",
	 "\"{\\\"request\\\":{\\\"method\\\":\\\"GET\\\",\\\"uri\\\":\\\"/a//b/../%63?x=1&y\\\","
	 "\\\"url\\\":\\\"http://example.com:8000/a\\\",\\\"querystring\\\":{\\\"x\\\":"
	 "[\\\"1\\\",\\\"2\\\"],\\\"y\\\":true}},\\\"client_ip\\\":\\\"10.0.0.1\\\","
	 "\\\"upstream_status\\\":\\\"502, 200\\\"}\""},
	{NULL, NULL}};

static void read_request(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_method", "[]", "[\"GET\"]");
	pdk_expect(f, "kong.request.get_scheme", "[]", "[\"http\"]");
	pdk_expect(f, "kong.request.get_host", "[]", "[\"example.com\"]");
	pdk_expect(f, "kong.request.get_path", "[]", "[\"/a/c\"]");
	pdk_expect(f, "kong.request.get_raw_path", "[]", "[\"/a//b/../%63\"]");
	pdk_expect(f, "kong.request.get_path_with_query", "[]", "[\"/a//b/../%63?x=1&y\"]");
	pdk_expect(f, "kong.request.get_query", "[]", "[{\"x\":[\"1\",\"2\"],\"y\":true}]");
	pdk_expect(f, "kong.request.get_query_arg", "[\"x\"]", "[\"1\"]");
	pdk_expect(f, "kong.request.get_query_arg", "[\"y\"]", "[true]");
	pdk_expect(f, "kong.request.get_query_arg", "[\"z\"]", "[null]");
	pdk_expect(f, "kong.client.get_forwarded_ip", "[]", "[\"10.0.0.1\"]");
	pdk_expect(f, "kong.nginx.get_tls1_version_str", "[]", "[null]");
	pdk_expect(f, "kong.service.response.get_status", "[]", "[200]");
	pdk_expect(f, "kong.request.get_header", "[1]", "!header name must be a string");
}

static void request_comes_from_one_call(void **state)
{
	(void)state;
	run(serialized, read_request);
	assert_string_equal(fake.sent, "kong.log.serialize []\n");
}

static void read_lost(struct pdk_fake *f)
{
	pdk_expect(
		f, "kong.request.get_port", "[]",
		"!kong.request.get_port cannot be called in log phase by an external plugin: the "
		"gateway has let go of the request (read it in access and keep it in "
		"kong.ctx.plugin)");
	if (pdk_fake_call(f, "kong.nginx.get_var", "[\"x\"]")[0] != '!' ||
	    pdk_fake_call(f, "kong.client.get_ip", "[]")[0] != '!' ||
	    pdk_fake_call(f, "kong.request.get_raw_query", "[]")[0] != '!')
		strcpy(f->failure, "not refused");
}

static void what_is_lost_is_refused_and_not_sent(void **state)
{
	(void)state;
	run(serialized, read_lost);
	assert_string_equal(fake.sent, "");
}

static void read_stream(struct pdk_fake *f)
{
	if (pdk_fake_call(f, "kong.request.get_method", "[]")[0] != '!')
		strcpy(f->failure, "not refused");
	pdk_expect(f, "kong.client.get_forwarded_ip", "[]", "[\"10.0.0.1\"]");
}

static void log_of_a_stream_has_no_request(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.log.serialize []", "\"{\\\"client_ip\\\":\\\"10.0.0.1\\\"}\""},
		{NULL, NULL}};

	(void)state;
	run(answers, read_stream);
}

static void serialize(struct pdk_fake *f)
{
	pdk_expect(f, "kong.log.serialize", "[{}]", "[{\"a\":[1,null]}]");
	pdk_expect(f, "kong.log.serialize", "[]", "[{\"a\":[1,null]}]");
}

static void serialize_gives_a_table(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.log.serialize []", "\"{\\\"a\\\":[1,null]}\""}, {NULL, NULL}};

	(void)state;
	run(answers, serialize);
	assert_string_equal(fake.sent, "kong.log.serialize []\n");
	fake.env.read_cache = false;
	run(answers, serialize);
	assert_string_equal(fake.sent, "kong.log.serialize []\nkong.log.serialize []\n");
}

static void read_garbage(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_method", "[]",
		   "!kong.log.serialize: the gateway's answer is no JSON");
}

static void garbage_for_json_is_an_error(void **state)
{
	static const struct pdk_fake_answer answers[] = {{"kong.log.serialize []", "\"{\""},
							 {NULL, NULL}};

	(void)state;
	run(answers, read_garbage);
	run(NULL, read_garbage);
}

static void read_buffered(struct pdk_fake *f)
{
	pdk_expect(f, "kong.service.response.get_header", "[\"X-A\"]", "[\"1\"]");
	pdk_expect(f, "kong.service.response.get_header", "[\"x_b\"]", "[\"2\"]");
	pdk_expect(f, "kong.service.response.get_headers", "[]",
		   "[{\"x-a\":\"1\",\"x-b\":[\"2\",\"3\"]}]");
	pdk_expect(f, "kong.service.response.get_raw_body", "[]", "[\"body\"]");
}

static void buffered_response_can_still_be_read(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.nginx.get_ctx [\"buffered_headers\"]",
		 "{\"X-A\": \"1\", \"X-B\": [\"2\", \"3\"]}"},
		{"kong.nginx.get_ctx [\"buffered_proxying\"]", "true"},
		{"kong.service.response.get_raw_body []", "\"body\""},
		{NULL, NULL}};

	(void)state;
	run(answers, read_buffered);
	assert_string_equal(fake.sent, "kong.nginx.get_ctx [\"buffered_headers\"]\n"
				       "kong.nginx.get_ctx [\"buffered_proxying\"]\n"
				       "kong.service.response.get_raw_body []\n");
}

static void read_unbuffered(struct pdk_fake *f)
{
	pdk_expect(f, "kong.service.response.get_raw_body", "[]",
		   "!service body is only available with buffered proxying (see: "
		   "kong.service.request.enable_buffering function)");
	if (pdk_fake_call(f, "kong.service.response.get_header", "[\"a\"]")[0] != '!' ||
	    pdk_fake_call(f, "kong.service.response.get_headers", "[]")[0] != '!')
		strcpy(f->failure, "not refused");
}

static void response_that_was_not_buffered_is_refused(void **state)
{
	(void)state;
	run(NULL, read_unbuffered);
	assert_null(strstr(fake.sent, "kong.service"));
}

static void read_protocol(struct pdk_fake *f)
{
	pdk_expect(f, "kong.client.get_protocol", "[]", "[\"grpc\"]");
}

static void protocol_comes_from_the_route(void **state)
{
	static const struct pdk_fake_answer one[] = {
		{"kong.router.get_route []", "{\"protocols\": [\"grpc\"]}"}, {NULL, NULL}};

	(void)state;
	run(one, read_protocol);
	assert_string_equal(fake.sent, "kong.router.get_route []\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(request_comes_from_one_call),
		TEST(what_is_lost_is_refused_and_not_sent),
		TEST(log_of_a_stream_has_no_request),
		TEST(serialize_gives_a_table),
		TEST(garbage_for_json_is_an_error),
		TEST(buffered_response_can_still_be_read),
		TEST(response_that_was_not_buffered_is_refused),
		TEST(protocol_comes_from_the_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
