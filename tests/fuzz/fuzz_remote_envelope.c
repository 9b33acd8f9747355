/* fuzz_remote_envelope.c - the bytes of a program in another language, one envelope after the other: what is read can
 * be written, and reads as the same again; what is refused has a reason. */
#include <stdlib.h>
#include <string.h>
#include "plugins/remote/remote_envelope.h"
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/err.h"
#include "protocol/value.h"

#define ARENA_LIMIT ((size_t)8 << 20)

static void must(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* `again` has no items beyond those of its type: its length in bytes is what it may have. */
static void check_round_trip(const struct remote_envelope *envelope, struct arena *arena)
{
	struct remote_envelope again;
	struct buf out = {0}, twice = {0};
	size_t size;

	must(remote_envelope_write(&out, envelope) == 0);
	must(remote_envelope_read(buf_head(&out), buf_len(&out), arena, &again, &size, NULL) == 0);
	must(size == buf_len(&out) && again.more == 0);
	must(again.type == envelope->type && again.id == envelope->id);
	must(remote_envelope_write(&twice, &again) == 0);
	must(buf_len(&out) == buf_len(&twice));
	must(memcmp(buf_head(&out), buf_head(&twice), buf_len(&out)) == 0);
	buf_fini(&out);
	buf_fini(&twice);
}

/* How many bytes the first one has; 0 where there is none. */
static size_t check_first(const uint8_t *bytes, size_t n)
{
	struct remote_envelope envelope;
	struct err err = {""};
	struct arena arena;
	size_t size = 0;
	int rc;

	arena_init(&arena, ARENA_LIMIT);
	rc = remote_envelope_read(bytes, n, &arena, &envelope, &size, &err);
	if (rc == 0) {
		must(size > 0 && size <= n);
		check_round_trip(&envelope, &arena);
	} else {
		must(rc < 0 && (rc == -E_NOMEM || err.text[0] != '\0'));
		size = 0;
	}
	arena_fini(&arena);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size > 0 ? size : 1);
	size_t at = 0, n;

	must(exact != NULL);
	if (size > 0)
		memcpy(exact, data, size);
	while ((n = check_first(exact + at, size - at)) > 0)
		at += n;
	free(exact);
	return 0;
}
