/* test_codec_recorded.c - what a real gateway sent (the fuzzer's corpus) is framed and understood. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include "tests/lib/quick.h"
#include "tests/unit/mp_bytes.h"

#define CORPUS "tests/fuzz/corpus/mp_codec"

static int is_recorded(const struct dirent *entry)
{
	return strncmp(entry->d_name, "gateway-", 8) == 0;
}

static void read_file(const char *path, struct buf *ret)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	do {
		assert_int_equal(buf_reserve(ret, 4096), 0);
		n = fread(buf_tail(ret), 1, 4096, f);
		buf_commit(ret, n);
	} while (n > 0);
	fclose(f);
}

/* Events and steps are read quickly, but for those with a table. */
static void check_quick(const struct buf *in, const struct limits *limits, const struct msg *msg)
{
	bool is_usual = msg->type == MSG_HANDLE_EVENT ||
			(msg->type == MSG_STEP && !value_is_table(&msg->data));
	size_t size;

	assert_true(quick_is_right(&codec_msgpack, limits, buf_head(in), buf_len(in), &size));
	assert_int_equal(size > 0, is_usual);
}

/* "gateway-StepRoute-01.bin" holds a call of plugin.StepRoute. */
static void check_call(const char *name, const struct msg *msg)
{
	static const char prefix[] = "plugin.";
	const char *method = name + strlen("gateway-");
	size_t len = strcspn(method, "-");

	assert_int_not_equal(msg->type, MSG_OTHER);
	assert_true(msg->id >= 1);
	assert_int_equal(msg->method.len, strlen(prefix) + len);
	assert_memory_equal(msg->method.s + strlen(prefix), method, len);
}

static void check_file(const char *name, const char *path)
{
	const struct limits limits = {LIMIT_MESSAGE_SIZE, LIMIT_MESSAGE_DEPTH};
	void *scan = calloc(1, codec_msgpack.scan_size);
	struct buf in = {0};
	struct arena arena = {0};
	struct msg msg;
	bool id_known;
	size_t size = 0;

	assert_non_null(scan);
	read_file(path, &in);
	assert_true(codec_msgpack.probe(buf_head(&in), buf_len(&in)));
	while (codec_msgpack.frame(scan, &limits, buf_head(&in), buf_len(&in), &size, NULL) == 1) {
		assert_int_equal(
			codec_msgpack.read(buf_head(&in), size, &arena, &msg, &id_known, NULL), 0);
		check_call(name, &msg);
		check_quick(&in, &limits, &msg);
		buf_consume(&in, size);
	}
	assert_int_equal(buf_len(&in), 0);
	buf_fini(&in);
	arena_fini(&arena);
	free(scan);
}

static void every_recorded_call_is_understood(void **state)
{
	const char *root = getenv("OUTRIGGER_SOURCE_DIR");
	struct dirent **entries = NULL;
	char path[4096];
	int n;

	(void)state;
	snprintf(path, sizeof(path), "%s/" CORPUS, root != NULL ? root : ".");
	n = scandir(path, &entries, is_recorded, alphasort);
	assert_true(n >= 20);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/" CORPUS "/%s", root != NULL ? root : ".",
			 entries[i]->d_name);
		check_file(entries[i]->d_name, path);
		free(entries[i]);
	}
	free(entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_call_is_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
