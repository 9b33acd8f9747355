#include <string.h>
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/err.h"
#include "protocol/pb.h"

int pb_frame(void *scan, const struct limits *limits, const unsigned char *bytes, size_t n,
	     size_t *ret_size, struct err *err)
{
	uint32_t length;

	(void)scan;
	if (n < PB_LENGTH_SIZE)
		return 0;
	memcpy(&length, bytes, sizeof(length));
	if (length > limits->message_size)
		return err_set(err, E_TOO_LARGE,
			       "a message of %lu bytes; at most %zu are allowed (max_message_size)",
			       (unsigned long)length, limits->message_size);
	if (n - PB_LENGTH_SIZE < length)
		return 0;
	*ret_size = PB_LENGTH_SIZE + length;
	return 1;
}

int pb_write_message(struct buf *out, const ProtobufCMessage *message)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	uint32_t length = (uint32_t)n;

	if (n > UINT32_MAX || buf_reserve(out, PB_LENGTH_SIZE + n) != 0)
		return -E_NOMEM;
	memcpy(buf_tail(out), &length, sizeof(length));
	buf_commit(out, PB_LENGTH_SIZE);
	buf_commit(out, protobuf_c_message_pack(message, buf_tail(out)));
	return 0;
}

/* ---- memory ---- */

static void *take(void *arena, size_t size)
{
	return arena_alloc(arena, size > 0 ? size : 1);
}

/* The arena takes all back at once. */
static void leave(void *arena, void *pointer)
{
	(void)arena;
	(void)pointer;
}

ProtobufCMessage *pb_read(const ProtobufCMessageDescriptor *type, struct arena *arena,
			  const void *bytes, size_t n)
{
	ProtobufCAllocator allocator = {take, leave, arena};

	return protobuf_c_message_unpack(type, &allocator, n, n > 0 ? bytes : (const void *)"");
}

int pb_pack(struct arena *arena, const ProtobufCMessage *message, ProtobufCBinaryData *ret)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = take(arena, n);

	if (bytes == NULL)
		return -E_NOMEM;
	*ret = (ProtobufCBinaryData){protobuf_c_message_pack(message, bytes), bytes};
	return 0;
}
