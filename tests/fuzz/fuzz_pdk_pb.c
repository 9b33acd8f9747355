/* fuzz_pdk_pb.c - results over ProtoBuf:1, for the row that the first byte names: what is read can be
 * written where it is a value of any type, and means the same then. Texts are read and written by hand, as
 * protobuf-c does it. */
#include <pluginsocket.pb-c.h>
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk.h"
#include "pdk-bridge/pdk_pb.h"
#include "protocol/arena.h"
#include "protocol/err.h"
#include "protocol/pb.h"

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

static bool is_string(const struct pdk_fn *fn)
{
	return fn->pb_out != NULL &&
	       (strcmp(fn->pb_out, "String") == 0 || strcmp(fn->pb_out, "ByteString") == 0);
}

static void check_string(struct arena *arena, const struct value *bytes, int rc,
			 const struct value *got)
{
	const Pb__String *string =
		(const Pb__String *)pb_read(&pb__string__descriptor, arena, bytes->s, bytes->len);

	must(rc == (string != NULL ? 0 : -E_MALFORMED));
	if (rc != 0)
		return;
	must(got->len == string->v.len);
	must(got->len == 0 || memcmp(got->s, string->v.data, got->len) == 0);
}

/* The text as a key and as a value. */
static void check_kv(struct arena *arena, const struct value *text)
{
	const struct value args[2] = {*text, *text};
	Pb__Value value = PB__VALUE__INIT;
	Pb__KV kv = PB__KV__INIT;
	ProtobufCBinaryData expected;
	struct value got;

	kv.k = (ProtobufCBinaryData){text->len, (uint8_t *)text->s};
	kv.v = &value;
	value.kind_case = PB__VALUE__KIND_STRING_VALUE;
	value.string_value = kv.k;
	if (pdk_pb_encode(arena, &pdk_table[PDK_ID_ctx_shared_set], args, 2, &got, NULL) != 0 ||
	    pb_pack(arena, &kv.base, &expected) != 0)
		return;
	must(got.len == expected.len && memcmp(got.s, expected.data, got.len) == 0);
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
	if (is_string(fn))
		check_string(&arena, &bytes, rc, &got);
	if (rc == 0)
		write_again(&arena, &got);
	if (rc == 0 && value_is_text(&got))
		check_kv(&arena, &got);
	arena_fini(&arena);
	return 0;
}
