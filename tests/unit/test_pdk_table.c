/* test_pdk_table.c - rules that every row of pdk.def keeps, and that every row can be called. */
#include <stdio.h>
#include <string.h>
#include "protocol/err.h"
#include "tests/lib/pdk_fake.h"
#include "tests/lib/unit.h"

static void rows_are_sorted_and_unique(void **state)
{
	int i;

	(void)state;
	for (i = 1; i < PDK_ID_COUNT; i++)
		assert_true(strcmp(pdk_table[i - 1].name, pdk_table[i].name) < 0);
}

static void row_is_found_by_its_name_only(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < PDK_ID_COUNT; i++) {
		const char *name = pdk_table[i].name;

		assert_ptr_equal(pdk_find(name, strlen(name)), &pdk_table[i]);
		assert_int_equal(pdk_table[i].id, i);
		assert_ptr_not_equal(pdk_find(name, strlen(name) - 1), &pdk_table[i]);
	}
	assert_null(pdk_find("kong.request.get_headersx", 25));
	assert_null(pdk_find("", 0));
}

static void check_row(const struct pdk_fn *fn)
{
	bool setter = fn->group != 0 && !(fn->flags & PDK_CACHE);
	int i;

	if (fn->flags & PDK_CACHE) {
		assert_int_not_equal(fn->ret, PDK_VOID);
		assert_int_not_equal(fn->group, 0);
	}
	if (fn->flags & PDK_CONSTANT)
		assert_int_not_equal(fn->ret, PDK_VOID);
	if (fn->flags & PDK_TERMINAL)
		assert_false(fn->flags & (PDK_CACHE | PDK_LOCAL));
	if (fn->flags & PDK_LOCAL)
		assert_non_null(fn->impl);
	if (setter)
		assert_false(fn->group & PDK_G_FIXED && fn->group != PDK_G_ALL);
	assert_int_equal(fn->pb_in == NULL, fn->pb_out == NULL);
	assert_true(fn->argc <= PDK_ARGS_MAX);
	for (i = 0; i < fn->argc; i++) {
		assert_non_null(fn->args[i].name);
		if (i > 0 && fn->args[i - 1].optional)
			assert_true(fn->args[i].optional);
	}
	assert_int_equal(fn->doc[strlen(fn->doc) - 1], '.');
}

static void rows_keep_the_rules(void **state)
{
	int i, protobuf = 0;

	(void)state;
	for (i = 0; i < PDK_ID_COUNT; i++) {
		check_row(&pdk_table[i]);
		protobuf += pdk_table[i].pb_in != NULL;
	}
	assert_int_equal(protobuf, 74); /* the rpcs of the gateway's service Kong */
}

/* ---- each row ---- */

/* Arguments that a row takes, where "x" for a text, 1 for a number and so on won't do. */
static const struct {
	const char *name, *args;
} samples[] = {
	{"kong.client.load_consumer", "[\"5b5a3bd7-a8d0-4e54-8d83-6f0b2f6b4b1a\"]"},
	{"kong.client.tls.request_client_certificate", "[]"},
	{"kong.client.tls.set_client_verify", "[\"NONE\"]"},
	{"kong.log.set_serialize_value", "[\"key\", 1]"},
	{"kong.node.get_memory_stats", "[\"k\", 2]"},
	{"kong.request.get_body", "[\"application/json\"]"},
	{"kong.response.error", "[500, \"no\"]"},
	{"kong.response.exit", "[200, \"yes\"]"},
	{"kong.response.set_status", "[200]"},
	{"kong.response.set_headers", "[{\"x\": \"1\"}]"},
	{"kong.service.request.set_body", "[{\"a\": 1}, \"application/json\"]"},
	{"kong.service.request.set_headers", "[{\"x\": \"1\"}]"},
	{"kong.service.request.set_method", "[\"GET\"]"},
	{"kong.service.request.set_path", "[\"/\"]"},
	{"kong.service.request.set_query", "[{\"a\": \"1\"}]"},
	{"kong.service.request.set_scheme", "[\"http\"]"},
	{"kong.service.response.get_body", "[\"application/json\"]"},
	{"kong.telemetry.log", "[\"plugin\", {}, \"type\"]"},
	{"kong.vault.get", "[\"{vault://env/x}\"]"},
	{"kong.vault.update", "[{\"$refs\": {\"a\": \"{vault://env/x}\"}, \"a\": \"\"}]"},
};

static const char *sample_of(enum pdk_type type)
{
	switch (type) {
	case PDK_STR:
	case PDK_ANY:
	case PDK_REST:
	case PDK_SCALAR_OR_LIST:
	case PDK_BYTES:
		return "\"x\"";
	case PDK_INT:
	case PDK_NUM:
		return "1";
	case PDK_BOOL:
		return "true";
	default:
		return "{}";
	}
}

static const char *sample_args(const struct pdk_fn *fn)
{
	static char args[256];
	size_t i;

	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		if (strcmp(samples[i].name, fn->name) == 0)
			return samples[i].args;
	snprintf(args, sizeof(args), "[");
	for (i = 0; i < fn->argc; i++)
		snprintf(args + strlen(args), sizeof(args) - strlen(args), "%s%s", i ? "," : "",
			 sample_of(fn->args[i].type));
	snprintf(args + strlen(args), sizeof(args) - strlen(args), "]");
	return args;
}

static enum phase phase_of(const struct pdk_fn *fn)
{
	static const enum phase order[] = {PHASE_ACCESS, PHASE_RESPONSE, PHASE_LOG,
					   PHASE_CERTIFICATE, PHASE_PREREAD};
	size_t i;

	for (i = 0; fn->phases != 0 && i < sizeof(order) / sizeof(order[0]); i++)
		if (fn->phases & PHASE_BIT(order[i]))
			return order[i];
	return PHASE_ACCESS;
}

static bool is_reachable(const struct pdk_fn *fn)
{
	return fn->phases == 0 || (fn->phases & PHASES_EXTERNAL);
}

static const struct pdk_fn *row;
static const char *args;
static char outcome[1024];

static void call_row(struct pdk_fake *fake)
{
	snprintf(outcome, sizeof(outcome), "%s", pdk_fake_call(fake, row->name, args));
}

static void every_row_is_sent_or_done_here(void **state)
{
	static const struct pdk_fake_answer answers[] = {{"kong.log.serialize []", "\"{}\""},
							 {NULL, NULL}};
	struct pdk_fake fake;
	bool sent;
	int i;

	(void)state;
	pdk_fake_init(&fake);
	fake.answers = answers;
	for (i = 0; i < PDK_ID_COUNT; i++) {
		row = &pdk_table[i];
		args = sample_args(row);
		outcome[0] = '\0';
		fake.env.kong_version = strstr(row->name, "sensitive") ? 308 : 309;
		pdk_fake_run(&fake, phase_of(row), call_row);
		sent = fake.sent[0] != '\0';
		if ((row->flags & PDK_REFUSED) || !is_reachable(row)) {
			assert_int_equal(outcome[0], '!');
			assert_false(sent);
			continue;
		}
		if (outcome[0] == '!')
			fail_msg("%s%s: %s", row->name, args, outcome);
		assert_int_equal(fake.returned, !(row->flags & PDK_TERMINAL));
		assert_int_equal(sent, !(row->flags & PDK_LOCAL));
	}
	pdk_fake_fini(&fake);
}

static void wrong_phase_is_refused_for_every_row(void **state)
{
	static const enum phase wrong[] = {PHASE_CERTIFICATE, PHASE_ACCESS, PHASE_INIT_WORKER};
	struct pdk_fake fake;
	size_t n;
	int i;

	(void)state;
	pdk_fake_init(&fake);
	for (i = 0; i < PDK_ID_COUNT; i++) {
		row = &pdk_table[i];
		args = sample_args(row);
		for (n = 0; n < 2 && (row->phases & PHASE_BIT(wrong[n])); n++)
			;
		if (row->phases == 0 || (row->phases & PHASE_BIT(wrong[n])))
			continue;
		pdk_fake_run(&fake, wrong[n], call_row);
		if (strncmp(outcome, "!function cannot be called in ", 30) != 0)
			fail_msg("%s: %s", row->name, outcome);
		assert_string_equal(fake.sent, "");
	}
	pdk_fake_fini(&fake);
}

/* A value that no argument of that type takes. */
static const char *misfit_of(enum pdk_type type)
{
	switch (type) {
	case PDK_STR:
	case PDK_BYTES:
	case PDK_BOOL:
		return "[{\"no\": 1}, {}, {}, {}, {}]";
	case PDK_INT:
	case PDK_NUM:
	case PDK_TABLE:
		return "[\"no\", \"no\", \"no\", \"no\", \"no\"]";
	case PDK_SCALAR_OR_LIST:
		return "[null]";
	default:
		return NULL;
	}
}

static void wrong_type_is_refused_for_every_row(void **state)
{
	struct pdk_fake fake;
	int i;

	(void)state;
	pdk_fake_init(&fake);
	for (i = 0; i < PDK_ID_COUNT; i++) {
		row = &pdk_table[i];
		args = row->argc > 0 ? misfit_of(row->args[0].type) : NULL;
		if (args == NULL || (row->flags & PDK_REFUSED) || !is_reachable(row))
			continue;
		pdk_fake_run(&fake, phase_of(row), call_row);
		if (outcome[0] != '!')
			fail_msg("%s%s: %s", row->name, args, outcome);
		assert_string_equal(fake.sent, "");
	}
	pdk_fake_fini(&fake);
}

static void missing_argument_is_refused_for_every_row(void **state)
{
	struct pdk_fake fake;
	int i;

	(void)state;
	pdk_fake_init(&fake);
	args = "[]";
	for (i = 0; i < PDK_ID_COUNT; i++) {
		row = &pdk_table[i];
		if (row->argc == 0 || row->args[0].optional || (row->flags & PDK_REFUSED) ||
		    (row->args[0].type == PDK_ANY && strstr(row->name, "get")) ||
		    !is_reachable(row))
			continue;
		pdk_fake_run(&fake, phase_of(row), call_row);
		if (outcome[0] != '!')
			fail_msg("%s%s: %s", row->name, args, outcome);
		assert_string_equal(fake.sent, "");
	}
	pdk_fake_fini(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sorted_and_unique),
		cmocka_unit_test(row_is_found_by_its_name_only),
		cmocka_unit_test(rows_keep_the_rules),
		cmocka_unit_test(every_row_is_sent_or_done_here),
		cmocka_unit_test(wrong_phase_is_refused_for_every_row),
		cmocka_unit_test(wrong_type_is_refused_for_every_row),
		cmocka_unit_test(missing_argument_is_refused_for_every_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
