/* test_pdk_body.c - bodies decoded here, references to secrets, paths, tables. */
#include <string.h>
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_path.h"
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

/* What the next handler calls, and what the gateway holds. */
static struct {
	const char *name, *args, *expected;
} want;

static void call_it(struct pdk_fake *f)
{
	pdk_expect(f, want.name, want.args, want.expected);
}

static void expect(const char *name, const char *args, const char *expected)
{
	want.name = name;
	want.args = args;
	want.expected = expected;
	pdk_fake_run(&fake, PHASE_ACCESS, call_it);
}

static void with_body(const char *type, const char *body)
{
	static struct pdk_fake_answer answers[3];

	answers[0] = (struct pdk_fake_answer){"kong.request.get_header [\"Content-Type\"]", type};
	answers[1] = (struct pdk_fake_answer){"kong.request.get_raw_body [0]", body};
	fake.answers = answers;
}

#define GET_BODY "kong.request.get_body"

/* ---- JSON ---- */

static void json_body_is_decoded(void **state)
{
	(void)state;
	with_body(
		"\"Application/JSON; charset=utf-8\"",
		"\"{\\\"a\\\": [1, 2.5, null], \\\"b\\\": {}, \\\"c\\\": 123456789012345678901}\"");
	expect(GET_BODY, "[]",
	       "[{\"a\":[1,2.5,null],\"b\":{},\"c\":1.2345678901234568e20},null,"
	       "\"application/json\"]");
	assert_string_equal(fake.sent, "kong.request.get_header [\"Content-Type\"]\n"
				       "kong.request.get_raw_body [0]\n");
	with_body("\"application/json\"", "\"1\"");
	expect(GET_BODY, "[]", "[null,\"invalid json body\",\"application/json\"]");
	with_body("\"application/json\"", "\"\"");
	expect(GET_BODY, "[]", "[null,\"invalid json body\",\"application/json\"]");
	with_body("\"application/json\"", "\"{\"");
	expect(GET_BODY, "[]", "[null,\"invalid json body\",\"application/json\"]");
}

static void json_texts_need_not_be_utf8(void **state)
{
	static const char text[] =
		"{\"k\xff\": \"\xe9t\xc3\xa9\\u00e9\xc3\", \"n\": \"a\\u0000b\"}";
	struct arena arena = {0};
	struct value v;

	(void)state;
	assert_int_equal(pdk_json_read(&arena, text, sizeof(text) - 1, &v), 0);
	assert_true(value_text_is(&v.pairs[0].key, "k\xff"));
	assert_true(value_text_is(&v.pairs[0].value, "\xe9t\xc3\xa9\xc3\xa9\xc3"));
	assert_int_equal(v.pairs[1].value.len, 3);
	assert_memory_equal(v.pairs[1].value.s, "a\0b", 3);
	assert_int_equal(pdk_json_read(&arena, "\xff", 1, &v), -E_MALFORMED);
	assert_int_equal(pdk_json_read(&arena, "[1]x", 4, &v), -E_MALFORMED);
	arena_fini(&arena);
}

/* Odd bytes travel as such characters: none of them may turn into a byte that the client didn't send. */
static void json_characters_of_the_private_plane_stay_what_they_are(void **state)
{
	static const char *const texts[] = {"[\"\xf4\x8f\xbd\xa1\"]", "[\"\\udbff\\udf61\"]",
					    "[\"\xf4\x8f\xbd\xa1\", \"\xff\"]"};
	struct arena arena = {0};
	struct value v;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(pdk_json_read(&arena, texts[i], strlen(texts[i]), &v), 0);
		assert_true(value_text_is(&v.items[0], "\xf4\x8f\xbd\xa1"));
	}
	assert_true(value_text_is(&v.items[1], "\xff"));
	assert_int_equal(pdk_json_read(&arena, "[\"\\uDBFF\\uDF61\xff\"]", 17, &v), -E_MALFORMED);
	arena_fini(&arena);
}

/* ---- forms ---- */

static void form_body_is_decoded(void **state)
{
	(void)state;
	with_body("\"application/x-www-form-urlencoded\"",
		  "\"a=1&b=x+y%21&a=%zz%4&flag&=no&&e=&a=3\"");
	expect(GET_BODY, "[]",
	       "[{\"a\":[\"1\",\"%zz%4\",\"3\"],\"b\":\"x y!\",\"flag\":true,\"e\":\"\"},null,"
	       "\"application/x-www-form-urlencoded\"]");
	expect(GET_BODY, "[null, 2]",
	       "[{\"a\":\"1\",\"b\":\"x y!\"},null,\"application/x-www-form-urlencoded\"]");
	with_body("\"application/x-www-form-urlencoded\"", "\"\"");
	expect(GET_BODY, "[]", "[{},null,\"application/x-www-form-urlencoded\"]");
}

#define PART(head, content) \
	"--B\\r\\nContent-Disposition: form-data; " head "\\r\\n\\r\\n" content "\\r\\n"

static void multipart_body_is_decoded(void **state)
{
	(void)state;
	with_body("\"multipart/form-data; boundary=B\"",
		  "\"preamble\\r\\n" PART("name=\\\"a\\\"", "1") PART(
			  "filename=\\\"f; name=x\\\"; name=\\\"file\\\"\\r\\nContent-Type: x/y",
			  "line\\r\\n--Bogus? no--B\\r\\n") PART("name=a", "")
			  PART("nothing", "lost") "--B--\\r\\nepilogue\"");
	expect(GET_BODY, "[]",
	       "[{\"a\":[\"1\",\"\"],\"file\":\"line\\r\\n--Bogus? no--B\\r\\n\"},null,"
	       "\"multipart/form-data\"]");
}

static void broken_multipart_bodies_have_what_is_there(void **state)
{
	(void)state;
	with_body("\"multipart/form-data; boundary=\\\"B\\\"\"",
		  "\"" PART("name=\\\"a\\\"", "1") "\"");
	expect(GET_BODY, "[]", "[{\"a\":\"1\"},null,\"multipart/form-data\"]");
	with_body("\"multipart/form-data; boundary=B\"",
		  "\"--B\\r\\nContent-Disposition: x; name=a\"");
	expect(GET_BODY, "[]", "[{\"a\":\"\"},null,\"multipart/form-data\"]");
	with_body("\"multipart/form-data\"", "\"--B\"");
	expect(GET_BODY, "[]", "[{},null,\"multipart/form-data\"]");
	with_body("\"multipart/form-data; boundary=B\"", "\"--B\"");
	expect(GET_BODY, "[]", "[{},null,\"multipart/form-data\"]");
	with_body("\"multipart/form-data; boundary=B\"", "\"\"");
	expect(GET_BODY, "[]", "[{},null,\"multipart/form-data\"]");
}

static void other_types_are_not_decoded(void **state)
{
	(void)state;
	with_body("\"Text/Plain; x\"", "\"1\"");
	expect(GET_BODY, "[]",
	       "[null,\"unsupported content type 'Text/Plain; x'\",\"text/plain\"]");
	with_body(NULL, "\"1\"");
	expect(GET_BODY, "[]", "[null,\"missing content type\"]");
	with_body(NULL, "\"[1]\"");
	expect(GET_BODY, "[\"application/json\"]", "[[1],null,\"application/json\"]");
}

/* ---- raw bodies ---- */

#define GET_RAW_BODY "kong.request.get_raw_body"
#define NO_FIT                                                                \
	"request body did not fit into client body buffer, consider raising " \
	"'client_body_buffer_size'"

static void size_is_checked_for_files_only(void **state)
{
	static const struct pdk_fake_answer file[] = {
		{"kong.request.get_raw_body [0]", "\"12345\""},
		{"kong.nginx.get_var [\"request_body_file\"]", "\"/tmp/x\""},
		{NULL, NULL}};

	(void)state;
	fake.answers = file;
	expect(GET_RAW_BODY, "[4]", "[null,\"request body file too big: 5 > 4\"]");
	expect(GET_RAW_BODY, "[5]", "[\"12345\"]");
	expect(GET_RAW_BODY, "[0]", "[\"12345\"]");
	expect(GET_RAW_BODY, "[-1]", "[\"12345\"]");
	with_body(NULL, "\"12345\"");
	expect(GET_RAW_BODY, "[4]", "[\"12345\"]");
}

static void old_gateway_is_asked_with_care(void **state)
{
	static const struct pdk_fake_answer there[] = {
		{"kong.request.get_body [\"multipart/form-data; boundary=is-it-on-disk\"]", "{}"},
		{"kong.request.get_raw_body []", "\"12345\""},
		{NULL, NULL}};

	(void)state;
	fake.env.kong_version = 307;
	fake.answers = there;
	expect(GET_RAW_BODY, "[]", "[\"12345\"]");
	fake.answers = NULL;
	expect(GET_RAW_BODY, "[]", "[null,\"" NO_FIT "\"]");
	assert_null(strstr(fake.sent, "get_raw_body"));
	expect(GET_BODY, "[\"application/json\"]", "[null,\"" NO_FIT "\",\"application/json\"]");
}

/* ---- setting ---- */

#define SET_BODY "kong.service.request.set_body"

static void body_is_set_by_the_requests_type(void **state)
{
	static const struct pdk_fake_answer json[] = {
		{"kong.request.get_header [\"Content-Type\"]", "\"application/json\""},
		{"kong.service.request.set_body [{\"a\":1}]", "true"},
		{NULL, NULL}};

	(void)state;
	fake.answers = json;
	expect(SET_BODY, "[{\"a\": 1}]", "[true]");
	expect(SET_BODY, "[{\"a\": null}]", "[true]");
	assert_string_equal(
		fake.sent,
		"kong.request.get_header [\"Content-Type\"]\n"
		"kong.service.request.set_raw_body [\"{\\\"a\\\":null}\"]\n"
		"kong.service.request.set_header [\"Content-Type\",\"application/json\"]\n");
	fake.answers = NULL;
	expect(SET_BODY, "[{\"a\": 1}]",
	       "[null,\"content type was neither explicitly given as an argument or received as a "
	       "header\"]");
}

/* ---- responses ---- */

static void read_service(struct pdk_fake *f)
{
	pdk_expect(f, "kong.service.response.get_body", "[]",
		   "[{\"a\":1},null,\"application/json\"]");
	pdk_expect(f, "kong.service.response.get_headers", "[]",
		   "[{\"content-type\":\"application/json\"}]");
}

static void body_and_headers_of_the_service_are_read(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.service.response.get_header [\"Content-Type\"]", "\"application/json\""},
		{"kong.service.response.get_raw_body []", "\"{\\\"a\\\":1}\""},
		{"kong.nginx.get_ctx [\"buffered_headers\"]",
		 "{\"Content-Type\": \"application/json\"}"},
		{NULL, NULL}};

	(void)state;
	fake.answers = answers;
	pdk_fake_run(&fake, PHASE_RESPONSE, read_service);
}

static void read_unbuffered(struct pdk_fake *f)
{
	pdk_expect(f, "kong.service.response.get_headers", "[]", "[{\"a\":\"1\"}]");
}

static void headers_are_asked_for_where_nothing_is_buffered(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.service.response.get_headers []", "{\"a\": [\"1\"]}"}, {NULL, NULL}};

	(void)state;
	fake.answers = answers;
	pdk_fake_run(&fake, PHASE_RESPONSE, read_unbuffered);
}

/* ---- secrets ---- */

#define PARSE "kong.vault.parse_reference"

static void references_are_parsed_here(void **state)
{
	(void)state;
	expect("kong.vault.is_reference", "[\"{vault://env/x}\"]", "[true]");
	expect("kong.vault.is_reference", "[\"{vault://\"]", "[false]");
	expect("kong.vault.is_reference", "[1]", "[false]");
	expect(PARSE, "[\"{vault://env/x}\"]", "[{\"name\":\"env\",\"resource\":\"x\"}]");
	expect(PARSE, "[\"{vault://aws/a/b%20c/key?prefix=p&x#12}\"]",
	       "[{\"name\":\"aws\",\"resource\":\"a/b c\",\"key\":\"key\",\"config\":{\"prefix\":"
	       "\"p\",\"x\":true},\"version\":12}]");
	expect(PARSE, "[\"{vault://aws/a/b/}\"]", "[{\"name\":\"aws\",\"resource\":\"a/b\"}]");
	expect(PARSE, "[\"x\"]", "[null,\"not a reference [x]\"]");
	expect(PARSE, "[\"{vault:///x}\"]",
	       "[null,\"reference url is missing host [{vault:///x}]\"]");
	expect(PARSE, "[\"{vault://env}\"]",
	       "[null,\"reference url is missing path [{vault://env}]\"]");
	expect(PARSE, "[\"{vault://env/}\"]",
	       "[null,\"reference url has empty path [{vault://env/}]\"]");
	expect(PARSE, "[\"{vault://env//}\"]",
	       "[null,\"reference url has invalid path [{vault://env//}]\"]");
	expect(PARSE, "[\"{vault://env/x#y}\"]",
	       "[null,\"reference url has invalid version [{vault://env/x#y}]\"]");
	assert_string_equal(fake.sent, "");
}

static void secrets_come_from_the_gateway(void **state)
{
	static const struct pdk_fake_answer answers[] = {
		{"kong.vault.get [\"{vault://env/x}\"]", "\"s\""}, {NULL, NULL}};

	(void)state;
	fake.answers = answers;
	expect("kong.vault.get", "[\"{vault://env/x}\"]", "[\"s\"]");
	expect("kong.vault.get", "[\"{vault://env/y}\"]",
	       "[null,\"could not get value from external vault (no value found) "
	       "[{vault://env/y}]\"]");
	expect("kong.vault.get", "[\"y\"]", "[null,\"not a reference [y]\"]");
	assert_string_equal(fake.sent, "");
	expect("kong.vault.update", "[{\"a\": {\"b\": 1}}]", "[{\"a\":{\"b\":1}}]");
	assert_string_equal(fake.sent, "");
}

/* ---- tables and paths ---- */

static void tables_are_merged_here(void **state)
{
	(void)state;
	expect("kong.table.merge", "[{\"a\": 1, \"b\": 2}, {\"b\": 3}]", "[{\"a\":1,\"b\":3}]");
	expect("kong.table.merge", "[[1, 2], [3]]", "[[3,2]]");
	expect("kong.table.merge", "[null, {\"a\": 1}]", "[{\"a\":1}]");
	expect("kong.table.merge", "[[1], {\"a\": 1}]", "[{\"1\":1,\"a\":1}]");
	expect("kong.table.new", "[1, 1]", "[{}]");
	expect("kong.table.clear", "[{\"a\": 1}]", "[]");
	expect("kong.tracing.start_span", "[\"x\"]", "[null]");
	assert_string_equal(fake.sent, "");
}

static void paths_are_normalised(void **state)
{
	static const char *const pairs[][2] = {
		{"", ""},
		{"/", "/"},
		{"/a/b", "/a/b"},
		{"//a///b", "/a/b"},
		{"/a/./b/../c", "/a/c"},
		{"/../a", "/a"},
		{"/a/..", "/"},
		{"/a/.", "/a/"},
		{"/%7euser/%2fx", "/~user/%2Fx"},
		{"/%41%zz%4", "/A%zz%4"},
		{"../a", "a"},
		{"./a", "a"},
		{".", ""},
		{"/a/%2e%2e/b", "/b"},
		{"/a/b/../../..", "/"},
	};
	struct arena arena = {0};
	struct value path, got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		path = value_str(pairs[i][0]);
		assert_int_equal(pdk_path_normalize(&arena, &path, &got), 0);
		assert_string_equal(got.s, pairs[i][1]);
	}
	arena_fini(&arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(json_body_is_decoded),
		TEST(json_texts_need_not_be_utf8),
		TEST(json_characters_of_the_private_plane_stay_what_they_are),
		TEST(form_body_is_decoded),
		TEST(multipart_body_is_decoded),
		TEST(broken_multipart_bodies_have_what_is_there),
		TEST(other_types_are_not_decoded),
		TEST(size_is_checked_for_files_only),
		TEST(old_gateway_is_asked_with_care),
		TEST(body_is_set_by_the_requests_type),
		TEST(body_and_headers_of_the_service_are_read),
		TEST(headers_are_asked_for_where_nothing_is_buffered),
		TEST(references_are_parsed_here),
		TEST(secrets_come_from_the_gateway),
		TEST(tables_are_merged_here),
		TEST(paths_are_normalised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
