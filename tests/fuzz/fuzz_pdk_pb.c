/* fuzz_pdk_pb.c - results over ProtoBuf:1, for the row that the first byte names: what is read can be
 * written where it is a value of any type, and means the same then. */
#include <stdlib.h>
#include "pdk-bridge/pdk.h"
#include "pdk-bridge/pdk_pb.h"
#include "protocol/arena.h"
#include "protocol/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static int encode(struct arena *arena, const struct value *v, struct value *ret)
{
	const struct value args[2] = {value_str("k"), *v};

	return pdk_pb_encode(arena, &pdk_table[PDK_ID_ctx_shared_set], args, 2, ret, NULL);
}

/* KV{k, v}: what stands behind the key, the tag of v and its length is a Value, the result of another row. */
static void write_again(struct arena *arena, const struct value *v)
{
	struct value bytes, inner, again;
	uint32_t at = 4;
	int rc = encode(arena, v, &bytes);

	must(rc == 0 || rc == -E_UNSUPPORTED || rc == -E_TOO_DEEP || rc == -E_NOMEM);
	if (rc != 0 || bytes.len < 5)
		return;
	while (bytes.s[at] & 0x80)
		at++;
	at++;
	inner = (struct value){.type = VALUE_BIN, .len = bytes.len - at, .s = bytes.s + at};
	rc = pdk_pb_decode(arena, &pdk_table[PDK_ID_ctx_shared_get], &inner, &again, NULL);
	must(rc == 0 || rc == -E_NOMEM);
	if (rc != 0 || encode(arena, &again, &inner) != 0)
		return;
	must(value_equal(&bytes, &inner));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {.limit = (size_t)8 << 20};
	const struct pdk_fn *fn;
	struct value bytes, got;
	int rc;

	if (size == 0)
		return 0;
	fn = &pdk_table[data[0] % PDK_ID_COUNT];
	bytes = (struct value){
		.type = VALUE_BIN, .len = (uint32_t)size - 1, .s = (const char *)data + 1};
	rc = pdk_pb_decode(&arena, fn, &bytes, &got, NULL);
	must(rc == 0 || rc == -E_MALFORMED || rc == -E_TOO_DEEP || rc == -E_NOMEM ||
	     (rc == -E_UNSUPPORTED && fn->pb_out == NULL));
	if (rc == 0)
		write_again(&arena, &got);
	arena_fini(&arena);
	return 0;
}
