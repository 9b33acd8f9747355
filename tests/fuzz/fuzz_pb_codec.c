/* fuzz_pb_codec.c - frames and calls of ProtoBuf:1: a frame ends where it says, however it is cut, what is read
 * lies inside of it, and what is read quickly is read rightly. */
#include <stdlib.h>
#include "protocol/arena.h"
#include "protocol/codec.h"
#include "protocol/err.h"
#include "tests/lib/quick.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct limits limits = {.message_size = 40000, .message_depth = 100};

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_text(const struct value *text)
{
	volatile char last = 0;

	must(text->type == VALUE_NIL || value_is_text(text));
	if (text->len > 0)
		last = text->s[text->len - 1];
	(void)last;
}

static void read_frame(const uint8_t *data, size_t size)
{
	struct arena arena = {.limit = (size_t)8 << 20};
	struct msg msg = {.type = MSG_OTHER};
	bool id_known = true;
	size_t quick;
	int rc = codec_protobuf.read(data, size, &arena, &msg, &id_known, NULL);

	must(quick_is_right(&codec_protobuf, &limits, data, size, &quick));
	must(quick == 0 || quick == size);
	must(rc == 0 || rc == -E_MALFORMED);
	must(rc != 0 || id_known);
	if (rc == 0) {
		check_text(&msg.name);
		check_text(&msg.text);
		check_text(&msg.method);
	}
	codec_protobuf.read_result(data, size, &msg);
	must(msg.data.len == size - 4);
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 0, frame = 0;

	while (at < size &&
	       codec_protobuf.frame(NULL, &limits, data + at, size - at, &frame, NULL) == 1) {
		must(frame >= 4 && frame <= size - at);
		must(codec_protobuf.frame(NULL, &limits, data + at, frame - 1, &frame, NULL) == 0);
		read_frame(data + at, frame);
		at += frame;
	}
	return 0;
}
