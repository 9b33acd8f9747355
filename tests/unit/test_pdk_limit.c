/* test_pdk_limit.c - bodies larger than max_body_size, either way. */
#include "tests/lib/pdk_fake.h"
#include "tests/lib/unit.h"

static struct pdk_fake fake;

static int set_up(void **state)
{
	(void)state;
	pdk_fake_init(&fake);
	fake.env.max_body_size = 8;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pdk_fake_fini(&fake);
	return 0;
}

#define EIGHT "\"12345678\""
#define NINE "\"123456789\""
#define REFUSED(name) "!" name ": a body of 9 bytes; at most 8 are allowed (max_body_size)"

static const struct pdk_fake_answer fitting[] = {
	{"kong.request.get_raw_body [0]", EIGHT},
	{"kong.service.response.get_raw_body []", EIGHT},
	{NULL, NULL},
};
static const struct pdk_fake_answer larger[] = {
	{"kong.request.get_raw_body [0]", NINE},
	{"kong.service.response.get_raw_body []", NINE},
	{"kong.request.get_header [\"Content-Type\"]", "\"application/json\""},
	{"kong.service.response.get_header [\"Content-Type\"]", "\"application/json\""},
	{"kong.request.get_path []", NINE},
	{NULL, NULL},
};

static void read_fitting(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_raw_body", "[]", "[" EIGHT "]");
	pdk_expect(f, "kong.service.response.get_raw_body", "[]", "[" EIGHT "]");
}

static void read_larger(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_raw_body", "[]", REFUSED("kong.request.get_raw_body"));
	pdk_expect(f, "kong.request.get_body", "[]", REFUSED("kong.request.get_raw_body"));
	pdk_expect(f, "kong.service.response.get_raw_body", "[]",
		   REFUSED("kong.service.response.get_raw_body"));
	pdk_expect(f, "kong.service.response.get_body", "[]",
		   REFUSED("kong.service.response.get_raw_body"));
}

static void a_body_that_is_read_may_be_as_large_as_the_limit(void **state)
{
	(void)state;
	fake.answers = fitting;
	pdk_fake_run(&fake, PHASE_RESPONSE, read_fitting);
	fake.answers = larger;
	pdk_fake_run(&fake, PHASE_RESPONSE, read_larger);
}

static void set_bodies(struct pdk_fake *f)
{
	pdk_expect(f, "kong.service.request.set_raw_body", "[" EIGHT "]", "[]");
	pdk_expect(f, "kong.service.request.set_raw_body", "[" NINE "]",
		   REFUSED("kong.service.request.set_raw_body"));
	pdk_expect(f, "kong.service.request.set_body",
		   "[{\"a\": [\"1234\", \"5678\"]}, \"application/x-www-form-urlencoded\"]",
		   REFUSED("kong.service.request.set_body"));
	pdk_expect(f, "kong.service.request.set_body", "[{\"a\": [null]}, \"application/json\"]",
		   "!kong.service.request.set_raw_body: a body of 12 bytes; at most 8 are allowed "
		   "(max_body_size)");
	pdk_expect(f, "kong.response.exit", "[200, " NINE "]", REFUSED("kong.response.exit"));
	pdk_expect(f, "kong.response.exit", "[200, {\"1234\": \"56789\"}]",
		   REFUSED("kong.response.exit"));
}

static void a_body_that_is_set_too(void **state)
{
	(void)state;
	pdk_fake_run(&fake, PHASE_ACCESS, set_bodies);
	assert_string_equal(fake.sent, "kong.service.request.set_raw_body [" EIGHT "]\n");
	assert_true(fake.returned);
}

static void call_others(struct pdk_fake *f)
{
	pdk_expect(f, "kong.request.get_path", "[]", "[" NINE "]");
	pdk_expect(f, "kong.service.request.set_raw_query", "[" NINE "]", "[]");
	pdk_fake_call(f, "kong.response.exit", "[200, \"\", {\"x\": " NINE "}]");
}

static void nothing_but_bodies_is_limited(void **state)
{
	(void)state;
	fake.answers = larger;
	pdk_fake_run(&fake, PHASE_ACCESS, call_others);
	assert_false(fake.returned);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_body_that_is_read_may_be_as_large_as_the_limit),
		TEST(a_body_that_is_set_too),
		TEST(nothing_but_bodies_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
