/* fuzz_mp_quick.c - what is read quickly, in one pass, is what both passes make of it. */
#include "tests/lib/quick.h"

static const struct limits limits = {.message_size = 300, .message_depth = 8};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t quick;

	if (!quick_is_right(&codec_msgpack, &limits, data, size, &quick) || quick > size)
		abort();
	return 0;
}
