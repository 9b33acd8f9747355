/* fuzz_detect.c - which protocol a call is of: what one byte more says never takes back a no, and from five
 * bytes on at most one of them wants what it can also read to its end. */
#include <stdlib.h>
#include "protocol/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check(const struct codec *codec, const uint8_t *data, size_t size)
{
	bool before = true;

	for (size_t n = 1; n <= size; n++) {
		bool now = codec->probe(data, n);

		must(before || !now);
		before = now;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size = size < 16 ? size : 16;
	check(&codec_msgpack, data, size);
	check(&codec_protobuf, data, size);
	/* A length of more than 16 MiB may look like a call of MsgPack:1 with a large id. */
	if (size >= 5 && data[3] == 0 && data[2] == 0)
		must(!codec_msgpack.probe(data, size) || !codec_protobuf.probe(data, size));
	return 0;
}
