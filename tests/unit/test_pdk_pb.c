/* test_pdk_pb.c - the PDK's rows against the contract's service, and values as messages. */
#include <ctype.h>
#include <pluginsocket.pb-c.h>
#include <stdio.h>
#include <string.h>
#include "pdk-bridge/pdk.h"
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_pb.h"
#include "protocol/arena.h"
#include "protocol/err.h"
#include "protocol/limits.h"
#include "tests/lib/unit.h"

static struct arena arena;

/* "Service_Request_SetRawBody" is kong.service.request.set_raw_body; two have names of their own. */
static const char *name_of(const char *method, char *buf, size_t size)
{
	size_t n = (size_t)snprintf(buf, size, "kong.");

	if (strcmp(method, "Ctx_GetShared") == 0)
		return "kong.ctx.shared.get";
	if (strcmp(method, "Ctx_SetShared") == 0)
		return "kong.ctx.shared.set";
	for (const char *c = method; *c != '\0'; c++) {
		bool begins = c == method || c[-1] == '_';

		if (isupper((unsigned char)*c) && !begins)
			buf[n++] = '_';
		buf[n++] = *c == '_' ? '.' : (char)tolower((unsigned char)*c);
	}
	buf[n] = '\0';
	return buf;
}

static void rows_and_rpcs_are_the_same(void **state)
{
	unsigned rows = 0;
	char buf[128];

	(void)state;
	assert_int_equal(pb__kong__descriptor.n_methods, 74);
	for (unsigned i = 0; i < pb__kong__descriptor.n_methods; i++) {
		const ProtobufCMethodDescriptor *method = &pb__kong__descriptor.methods[i];
		const char *name = name_of(method->name, buf, sizeof(buf));
		const struct pdk_fn *fn = pdk_find(name, strlen(name));

		if (fn == NULL)
			fail_msg("no row %s", name);
		assert_string_equal(fn->pb_in, method->input->short_name);
		assert_string_equal(fn->pb_out, method->output->short_name);
	}
	for (int i = 0; i < PDK_ID_COUNT; i++)
		rows += pdk_table[i].pb_in != NULL;
	assert_int_equal(rows, 74);
}

static const struct pdk_fn *row(const char *name)
{
	return pdk_find(name, strlen(name));
}

/* Arguments as JSON. */
static int encode(const char *name, const char *json, struct value *ret, struct err *err)
{
	struct value args;

	assert_int_equal(pdk_json_read(&arena, json, strlen(json), &args), 0);
	return pdk_pb_encode(&arena, row(name), args.items, args.len, ret, err);
}

static void encodes(const char *name, const char *json, const char *bytes, size_t n)
{
	struct value got;

	assert_int_equal(encode(name, json, &got, NULL), 0);
	assert_int_equal(got.len, n);
	assert_memory_equal(got.s, bytes, n);
}

#define ENCODES(name, json, bytes) encodes(name, json, bytes, sizeof(bytes) - 1)

static void arguments_are_the_examples(void **state)
{
	(void)state;
	ENCODES("kong.request.get_header", "[\"a\"]",
		"\x0a\x01"
		"a");
	ENCODES("kong.response.exit", "[403,\"no\",{\"x\":\"y\"}]",
		"\x08\x93\x03\x12\x02no\x1a\x0a\x0a\x08\x0a\x01x\x12\x03\x1a\x01y");
	ENCODES("kong.request.get_headers", "[]", "\x08\x64");
	ENCODES("kong.client.get_ip", "[]", "");
	ENCODES("kong.nginx.set_ctx", "[\"k\"]", "\x0a\x01k");
	ENCODES("kong.response.set_header", "[\"a\",false]",
		"\x0a\x01"
		"a\x12\x07\x1a\x05"
		"false");
}

static void what_would_be_lost_is_refused(void **state)
{
	static const char *const lost[][2] = {
		{"kong.ctx.shared.set", "[\"k\",false]"},
		{"kong.ctx.shared.set", "[\"k\",{\"a\":{\"b\":false}}]"},
		{"kong.ctx.shared.set", "[\"k\",[1,null]]"},
		{"kong.ctx.shared.set", "[5,1]"},
		{"kong.response.set_headers", "[[\"a\"]]"},
		{"kong.service.set_target", "[\"h\",1.5]"},
		{"kong.response.set_status", "[4294967296]"},
		{"kong.vault.get", "[\"x\"]"},
	};
	struct value got;

	(void)state;
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		struct err err = {""};

		assert_int_equal(encode(lost[i][0], lost[i][1], &got, &err), -E_UNSUPPORTED);
		assert_ptr_equal(strstr(err.text, lost[i][0]), err.text);
		assert_non_null(strstr(err.text, "over ProtoBuf:1"));
	}
}

static void values_nest_to_a_limit(void **state)
{
	struct value deep = value_nil(), item, args[2] = {value_str("k")}, got;

	(void)state;
	for (int i = 0; i < LIMIT_MESSAGE_DEPTH; i++) {
		item = deep;
		assert_int_equal(value_new_array(&arena, i > 0, &deep), 0);
		if (i > 0)
			deep.items[0] = item;
	}
	args[1] = deep;
	assert_int_equal(pdk_pb_encode(&arena, row("kong.ctx.shared.set"), args, 2, &got, NULL), 0);
	assert_int_equal(value_new_array(&arena, 1, &args[1]), 0);
	args[1].items[0] = deep;
	assert_int_equal(pdk_pb_encode(&arena, row("kong.ctx.shared.set"), args, 2, &got, NULL),
			 -E_TOO_DEEP);
}

static void decodes(const char *name, const void *bytes, size_t n, const char *expected)
{
	const struct value in = {.type = VALUE_BIN, .len = (uint32_t)n, .s = bytes};
	struct value got, json;

	assert_int_equal(pdk_pb_decode(&arena, row(name), &in, &got, NULL), 0);
	assert_int_equal(pdk_json_write(&arena, &got, &json), 0);
	if (!value_text_is(&json, expected))
		fail_msg("%s: %.*s", name, (int)json.len, json.s);
}

#define DECODES(name, bytes, json) decodes(name, bytes, sizeof(bytes) - 1, json)

static void results_become_values(void **state)
{
	(void)state;
	DECODES("kong.request.get_header",
		"\x0a\x01"
		"b",
		"\"b\"");
	DECODES("kong.request.get_header", "", "null");
	DECODES("kong.request.get_raw_query", "", "\"\"");
	DECODES("kong.response.get_status", "\x08\xc8\x01", "200");
	DECODES("kong.service.response.get_status", "", "null");
	DECODES("kong.ip.is_trusted", "\x08\0", "false");
	DECODES("kong.nginx.get_ctx", "\x08\x01", "null");
	DECODES("kong.nginx.get_ctx", "\x20\0", "false");
	DECODES("kong.nginx.get_ctx", "\x2a\0", "{}");
	DECODES("kong.request.get_query",
		"\x0a\x0a\x0a\x04"
		"flag\x12\x02\x20\x01",
		"{\"flag\":true}");
	DECODES("kong.client.get_consumer", "", "null");
	DECODES("kong.client.get_credential", "\x0a\x01k", "{\"id\":\"k\"}");
	DECODES("kong.request.get_raw_body", "\x0a\0", "\"\"");
	DECODES("kong.request.get_raw_body", "\x12\x02/f", "{\"body_filepath\":\"/f\"}");
}

static void texts_may_hold_any_byte(void **state)
{
	const struct value in = {.type = VALUE_BIN,
				 .len = 5,
				 .s = "\x0a\x03\0\xff"
				      "a"};
	struct value got;

	(void)state;
	assert_int_equal(pdk_pb_decode(&arena, row("kong.nginx.get_var"), &in, &got, NULL), 0);
	assert_int_equal(got.len, 3);
	assert_memory_equal(got.s,
			    "\0\xff"
			    "a",
			    3);
}

static int reset(void **state)
{
	(void)state;
	arena_fini(&arena);
	arena_init(&arena, 0);
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(rows_and_rpcs_are_the_same),    TEST(arguments_are_the_examples),
		TEST(what_would_be_lost_is_refused), TEST(values_nest_to_a_limit),
		TEST(results_become_values),         TEST(texts_may_hold_any_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
