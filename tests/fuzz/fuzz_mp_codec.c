/* fuzz_mp_codec.c - the gateway's bytes: cut anywhere they mean the same as in one piece, what was read
 * can be written and read again, and what is read quickly is read rightly. */
#include <stdlib.h>
#include <string.h>
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/codec.h"
#include "protocol/err.h"
#include "protocol/mp.h"
#include "protocol/sanitize.h"
#include "tests/lib/quick.h"

#define ARENA_LIMIT ((size_t)8 << 20)

/* Small, so that short inputs reach them. */
static const struct limits limits = {.message_size = 40000, .message_depth = 100};

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* A stream that arrives in pieces: what its frames were, and how it ended. Of its bytes only those can be read
 * that have arrived, and are of no earlier frame. */
struct stream {
	uint8_t *bytes;
	size_t start, end; /* the frame that is begun; what has arrived */
	void *scan;
	uint64_t sum; /* over the frames' sizes, in order */
	int rc;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stream begin(const uint8_t *data, size_t size)
{
	struct stream s = {.bytes = malloc(size), .scan = calloc(1, codec_msgpack.scan_size)};

	must(s.bytes != NULL && s.scan != NULL);
	memcpy(s.bytes, data, size);
	FORBID_MEMORY(s.bytes, size);
	return s;
}

static void arrive(struct stream *s, size_t end)
{
	size_t size = 0;

	ALLOW_MEMORY(s->bytes + s->end, end - s->end);
	s->end = end;
	for (s->rc = 1; s->rc == 1 && s->start < s->end; s->start += size) {
		size = 0;
		s->rc = codec_msgpack.frame(s->scan, &limits, s->bytes + s->start,
					    s->end - s->start, &size, NULL);
		must((s->rc == 1) == (size > 0) && size <= s->end - s->start);
		if (s->rc == 1)
			s->sum = s->sum * 1000003 + size;
		FORBID_MEMORY(s->bytes + s->start, size);
	}
}

static struct stream finish(struct stream s)
{
	free(s.bytes);
	free(s.scan);
	return s;
}

/* Pieces of pseudo-random length from 1 to `most`. */
static struct stream frame_in_pieces(const uint8_t *data, size_t size, size_t most)
{
	struct stream s = begin(data, size);
	uint64_t seed = size;

	while (s.end < size && s.rc >= 0) {
		size_t end;

		seed = seed * 6364136223846793005U + 1442695040888963407U;
		end = s.end + 1 + (size_t)(seed >> 33) % most;
		arrive(&s, end < size ? end : size);
	}
	return finish(s);
}

static struct stream frame_at_once(const uint8_t *data, size_t size)
{
	struct stream s = begin(data, size);

	arrive(&s, size);
	return finish(s);
}

/* A value that was read is written, and reads as the same again. */
static void check_round_trip(const struct value *v, struct arena *arena)
{
	struct buf out = {0};
	struct value again;

	must(mp_write_value(&out, v) == 0);
	must(mp_read_value(buf_head(&out), buf_len(&out), arena, &again, NULL) == 0);
	must(value_equal(v, &again));
	buf_fini(&out);
}

static void check_msg(const struct msg *msg)
{
	must(msg->type <= MSG_OTHER);
	must(msg->method.type == VALUE_STR);
	must(msg->name.type == VALUE_STR || msg->name.type == VALUE_NIL);
	must(msg->text.type == VALUE_STR || msg->text.type == VALUE_NIL);
}

/* Whatever the frame holds, the answers to it can be sent. */
static void check_answers(const struct msg *call)
{
	struct msg answer = {.type = MSG_RESULT, .id = call->id, .data = call->data};
	struct buf out = {0};
	struct err err = {""};
	int rc = codec_msgpack.write(&out, &answer, &err);

	must(rc == 0 || (rc == -E_TOO_DEEP && buf_len(&out) == 0));
	answer = (struct msg){.type = MSG_PDK_CALL, .name = call->method, .data = call->data};
	rc = codec_msgpack.write(&out, &answer, &err);
	must(rc == 0 || rc == -E_UNSUPPORTED || rc == -E_TOO_DEEP);
	buf_fini(&out);
}

static void check_frame(const uint8_t *bytes, size_t size)
{
	struct arena arena;
	struct value v;
	struct msg msg;
	bool id_known;
	struct err err = {""};
	size_t quick;
	int rc;

	must(quick_is_right(&codec_msgpack, &limits, bytes, size, &quick));
	must(quick <= size);
	arena_init(&arena, ARENA_LIMIT);
	if (mp_read_value(bytes, size, &arena, &v, &err) == 0)
		check_round_trip(&v, &arena);
	rc = codec_msgpack.read(bytes, size, &arena, &msg, &id_known, &err);
	if (rc != 0)
		must(err.text[0] != '\0');
	if (rc == 0) {
		must(id_known);
		check_msg(&msg);
		check_answers(&msg);
	}
	arena_fini(&arena);
}

/* Reads the frames of the stream, and what is no frame as if it were one. */
static void check_frames(const uint8_t *data, size_t size)
{
	void *scan = calloc(1, codec_msgpack.scan_size);
	size_t found = 0;

	must(scan != NULL);
	while (size > 0 && codec_msgpack.frame(scan, &limits, data, size, &found, NULL) == 1) {
		check_frame(data, found);
		data += found;
		size -= found;
	}
	free(scan);
	check_frame(data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream whole, pieces;

	if (size == 0)
		return 0;
	(void)codec_msgpack.probe(data, size);
	whole = frame_at_once(data, size);
	/* Single bytes take too long where there are many. */
	for (size_t most = 1 + size / 200; most < 1000; most = most * 5 + 2) {
		pieces = frame_in_pieces(data, size, most);
		must(pieces.rc == whole.rc && pieces.start == whole.start);
		must(pieces.sum == whole.sum);
	}
	check_frames(data, size);
	return 0;
}
