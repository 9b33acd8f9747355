/* test_pdk_describe.c - docs/pdk.md is what the table says, and signatures only grow.
 *
 * PDK_UPDATE=1 writes both files anew. A signature that was in the list before may only get optional
 * arguments at its end: plugins were built for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk.h"
#include "pdk-bridge/pdk_describe.h"
#include "protocol/buf.h"
#include "tests/lib/unit.h"

static void source_path(char *path, size_t size, const char *name)
{
	const char *root = getenv("OUTRIGGER_SOURCE_DIR");

	assert_non_null(root);
	snprintf(path, size, "%s/%s", root, name);
}

static void read_file(const char *name, struct buf *out)
{
	char path[512], bytes[4096];
	size_t n;
	FILE *f;

	source_path(path, sizeof(path), name);
	f = fopen(path, "r");
	assert_non_null(f);
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		assert_int_equal(buf_append(out, bytes, n), 0);
	fclose(f);
	assert_int_equal(buf_append(out, "", 1), 0);
}

static void write_file(const char *name, const struct buf *b)
{
	char path[512];
	FILE *f;

	source_path(path, sizeof(path), name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(buf_head(b), 1, buf_len(b), f), buf_len(b));
	assert_int_equal(fclose(f), 0);
}

/* "name(a: x, b: y?) -> z": whether `now` is `before` with optional arguments added at most. */
static bool has_grown(const char *before, const char *now)
{
	const char *args_end = strstr(before, ") -> "), *now_end = strstr(now, ") -> "), *comma;
	size_t n = args_end ? (size_t)(args_end - before) : 0;

	if (args_end == NULL || now_end == NULL || strcmp(args_end, now_end) != 0 ||
	    strncmp(before, now, n) != 0)
		return false;
	for (comma = now + n; comma < now_end; comma++) {
		comma = comma + strcspn(comma, ",)");
		if (comma > now + n && comma[-1] != '?')
			return false;
	}
	return true;
}

static void check_golden_line(const char *line)
{
	const struct pdk_fn *fn = pdk_find(line, strcspn(line, "("));
	struct buf now = {0};

	if (fn == NULL)
		fail_msg("a function was removed: %s", line);
	assert_int_equal(pdk_describe_signature(&now, fn), 0);
	assert_int_equal(buf_append(&now, "", 1), 0);
	if (!has_grown(line, (const char *)buf_head(&now)))
		fail_msg("a signature changed\n  from %s\n  to   %s", line,
			 (const char *)buf_head(&now));
	buf_fini(&now);
}

static void signatures_only_grow(void **state)
{
	struct buf golden = {0}, now = {0};
	char *line, *rest = NULL;
	size_t lines = 0;

	(void)state;
	assert_int_equal(pdk_describe_signatures(&now), 0);
	read_file("tests/golden/pdk-v1.txt", &golden);
	line = strtok_r((char *)buf_head(&golden), "\n", &rest);
	for (; line != NULL; line = strtok_r(NULL, "\n", &rest), lines++)
		check_golden_line(line);
	if (getenv("PDK_UPDATE"))
		write_file("tests/golden/pdk-v1.txt", &now);
	else if (lines != PDK_ID_COUNT)
		fail_msg("functions were added: run this test with PDK_UPDATE=1");
	buf_fini(&golden);
	buf_fini(&now);
}

static void growth_means_optional_arguments_only(void **state)
{
	(void)state;
	assert_true(has_grown("f(a: x) -> y", "f(a: x) -> y"));
	assert_true(has_grown("f() -> y", "f(a: x?) -> y"));
	assert_true(has_grown("f(a: x) -> y", "f(a: x, b: z?, c: z?) -> y"));
	assert_false(has_grown("f(a: x) -> y", "f(a: x, b: z) -> y"));
	assert_false(has_grown("f(a: x) -> y", "f(a: x, b: z, c: z?) -> y"));
	assert_false(has_grown("f(a: x) -> y", "f(a: z) -> y"));
	assert_true(has_grown("f(a: x) -> y", "f(a: x?) -> y"));
	assert_false(has_grown("f(a: x) -> y", "f(a: x) -> z"));
	assert_false(has_grown("f(a: x, b: x) -> y", "f(a: x) -> y"));
}

static void reference_is_what_the_table_says(void **state)
{
	struct buf page = {0}, kept = {0};

	(void)state;
	assert_int_equal(pdk_describe_markdown(&page), 0);
	if (getenv("PDK_UPDATE"))
		write_file("docs/pdk.md", &page);
	assert_int_equal(buf_append(&page, "", 1), 0);
	read_file("docs/pdk.md", &kept);
	if (strcmp((char *)buf_head(&page), (char *)buf_head(&kept)) != 0)
		fail_msg("docs/pdk.md is old: run this test with PDK_UPDATE=1");
	buf_fini(&page);
	buf_fini(&kept);
}

static void names_in_c_are_those_of_the_header(void **state)
{
	static const char *const names[] = {
#define PDK(id, ...) "kong_" #id,
#include "pdk-bridge/pdk.def"
#undef PDK
	};
	struct buf name = {0};

	(void)state;
	for (int i = 0; i < PDK_ID_COUNT; i++) {
		buf_truncate(&name, 0);
		assert_int_equal(pdk_describe_c_name(&name, &pdk_table[i]), 0);
		assert_int_equal(buf_append(&name, "", 1), 0);
		assert_string_equal(buf_head(&name), names[i]);
	}
	buf_fini(&name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_means_optional_arguments_only),
		cmocka_unit_test(signatures_only_grow),
		cmocka_unit_test(names_in_c_are_those_of_the_header),
		cmocka_unit_test(reference_is_what_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
