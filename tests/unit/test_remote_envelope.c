/* test_remote_envelope.c - envelopes as bytes: every type, what is passed over, what is refused. */
#include <stdlib.h>
#include "plugins/remote/remote_envelope.h"
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/err.h"
#include "protocol/value.h"
#include "tests/lib/unit.h"

struct fixture {
	struct arena arena;
	struct remote_envelope envelope;
	struct err err;
	size_t size; /* of what was read */
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state == NULL;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_fini(&f->arena);
	free(f);
	return 0;
}

static int read_bytes(struct fixture *f, const char *bytes, size_t n)
{
	f->err.text[0] = '\0';
	return remote_envelope_read((const unsigned char *)bytes, n, &f->arena, &f->envelope,
				    &f->size, &f->err);
}

static void a_call_is_read(void **state)
{
	static const char bytes[] = "\x96\x01\x06\xcd\x01\x00\x05\xa3"
				    "k.f"
				    "\x91\xc3";
	struct fixture *f = *state;

	assert_int_equal(read_bytes(f, bytes, sizeof(bytes) - 1), 0);
	assert_int_equal(f->envelope.type, REMOTE_CALL);
	assert_int_equal(f->envelope.id, 256);
	assert_int_equal(f->envelope.body[0].i, 5);
	assert_true(value_text_is(&f->envelope.body[1], "k.f"));
	assert_true(f->envelope.body[2].items[0].b);
}

static void an_answer_is_written(void **state)
{
	static const char bytes[] = "\x96\x01\x07\x09\x01\xc2\xa2no";
	const struct value body[] = {value_int(1), value_bool(false), value_str("no")};
	const struct remote_envelope answer = {.type = REMOTE_ANSWER, .id = 9, .body = body};
	struct buf out = {0};

	(void)state;
	assert_int_equal(remote_envelope_write(&out, &answer), 0);
	assert_int_equal(buf_len(&out), sizeof(bytes) - 1);
	assert_memory_equal(buf_head(&out), bytes, sizeof(bytes) - 1);
	buf_fini(&out);
}

static void items_of_later_versions_are_passed_over(void **state)
{
	static const char bytes[] = "\x94\x01\x0b\x03\xa4more";
	struct fixture *f = *state;

	assert_int_equal(read_bytes(f, bytes, sizeof(bytes) - 1), 0);
	assert_int_equal(f->envelope.type, REMOTE_PONG);
	assert_int_equal(f->envelope.id, 3);
	assert_int_equal(f->envelope.more, 1);
}

static void one_of_several_is_read(void **state)
{
	static const char bytes[] = "\x93\x01\x0b\x03\x93\x01\x0c\x00\xc1";
	struct fixture *f = *state;

	assert_int_equal(read_bytes(f, bytes, sizeof(bytes) - 1), 0);
	assert_int_equal(f->envelope.type, REMOTE_PONG);
	assert_int_equal(f->envelope.more, 0);
	assert_int_equal(f->size, 4);
	assert_int_equal(read_bytes(f, bytes + 4, sizeof(bytes) - 5), 0);
	assert_int_equal(f->envelope.type, REMOTE_LEAVE);
	assert_int_equal(f->size, 4);
	assert_int_equal(read_bytes(f, bytes + 8, 1), -E_MALFORMED);
}

static void what_is_no_envelope_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		int code;
	} rows[] = {
		{"", 0, E_MALFORMED},
		{"\x01", 1, E_MALFORMED},
		{"\x90", 1, E_MALFORMED},
		{"\x93\x02\x0b\x00", 4, E_UNSUPPORTED},
		{"\x92\x01\x0b", 3, E_MALFORMED},
		{"\x93\x01\x00\x00", 4, E_MALFORMED},
		{"\x93\x01\x0d\x00", 4, E_MALFORMED},
		{"\x93\x01\x0b\xff", 4, E_MALFORMED},
		{"\x93\x01\x0b\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 12, E_MALFORMED},
		{"\x93\x01\x06\x00", 4, E_MALFORMED},
		{"\x96\x01\x06\x00\x01\x01\x90", 7, E_MALFORMED},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(read_bytes(f, rows[i].bytes, rows[i].n), -rows[i].code);
		assert_true(f->err.text[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_call_is_read, setup, teardown),
		cmocka_unit_test(an_answer_is_written),
		cmocka_unit_test_setup_teardown(items_of_later_versions_are_passed_over, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_of_several_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_envelope_is_refused_with_a_reason, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
