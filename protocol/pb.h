/* pb.h - Protocol Buffers, by protobuf-c: messages from and to bytes, and the frames around them.
 *
 * The messages are those of pluginsocket.proto; their header is <pluginsocket.pb-c.h>. None of them
 * contains itself, so that decoding one needs little stack whatever the bytes say. */
#ifndef PROTOCOL_PB_H
#define PROTOCOL_PB_H
#include <protobuf-c/protobuf-c.h>
#include "protocol/codec.h"

#define PB_LENGTH_SIZE ((size_t)4) /* before each frame, in the order of bytes of the machine */

/* What ends an event for the gateway, wherever in it we are: a line for its log, and an exit with status 500,
 * which needs no answer. An end without it would be taken for a reason to try again, and a function that
 * doesn't exist fails open in gateways before 3.8. Lengths as x86-64 and arm64 have them. */
#define PB_LAST_WORDS                                                        \
	"\x0c\0\0\0kong.log.err\x18\0\0\0\n\x16\x1a\x14outrigger has to end" \
	"\x12\0\0\0kong.response.exit\x64\0\0\0\x08\xf4\x03"                 \
	"\x12*{\"message\":\"An unexpected error occurred\"}"                \
	"\x1a\x33\n\x31\n\x0c"                                               \
	"Content-Type\x12!\x1a\x1f"                                          \
	"application/json; charset=utf-8"

/* struct codec's frame(): a length and as many bytes. Keeps no state. */
int pb_frame(void *scan, const struct limits *limits, const unsigned char *bytes, size_t n,
	     size_t *ret_size, struct err *err);
/* Appends a frame of that message. 0 or -E_NOMEM (then nothing is appended). */
int pb_write_message(struct buf *out, const ProtobufCMessage *message);
/* Decodes a message; all of it lies in the arena. NULL for bytes that are none, or on lack of memory. */
ProtobufCMessage *pb_read(const ProtobufCMessageDescriptor *type, struct arena *arena,
			  const void *bytes, size_t n);
/* The bytes of a message, in the arena. 0 or -E_NOMEM. */
int pb_pack(struct arena *arena, const ProtobufCMessage *message, ProtobufCBinaryData *ret);

/* Borrowed. */
static inline struct value pb_text(const ProtobufCBinaryData *bytes)
{
	return value_strn(bytes->data != NULL ? (const char *)bytes->data : "", bytes->len);
}

#endif
