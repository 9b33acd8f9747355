/* mp.h - MessagePack, by msgpack-c: frames, values. What the RPC layer (mp_rpc.c) is made of.
 *
 * Reading is msgpack-c's own state machine (msgpack/unpack_template.h), instantiated twice: in mp_frame.c
 * with callbacks that only count, in mp_read.c with callbacks that build struct value. Before it comes
 * mp_quick.c, for the few calls that nearly all are. */
#ifndef PROTOCOL_MP_H
#define PROTOCOL_MP_H
#include <stddef.h>
#include "protocol/codec.h"

/* Bytes of mp_frame's state, which begins zeroed, is aligned as malloc does it and holds no pointers. */
#define MP_SCAN_SIZE ((size_t)LIMIT_MESSAGE_DEPTH_MAX * 24 + 128)
/* struct codec's frame() for MessagePack: one value of any type is one message. Looks at no byte twice,
 * and at no byte of a text at all. */
int mp_frame(void *scan, const struct limits *limits, const unsigned char *bytes, size_t n,
	     size_t *ret_size, struct err *err);
/* Decodes exactly one value that fills bytes[0..n). Texts borrow from bytes. ext becomes nil, as in the
 * gateway. 0, -E_MALFORMED (also: bytes left over), -E_TOO_DEEP, -E_NOMEM. */
int mp_read_value(const unsigned char *bytes, size_t n, struct arena *arena, struct value *ret,
		  struct err *err);
/* The same for the value that bytes[0..n) begins with; sets *ret_size to how many bytes it has. */
int mp_read_first(const unsigned char *bytes, size_t n, struct arena *arena, struct value *ret,
		  size_t *ret_size, struct err *err);
/* struct codec's quick() for MessagePack: HandleEvent, and steps without an error whose Data is no table, in
 * the forms that the gateway uses. */
size_t mp_quick(const struct limits *limits, const unsigned char *bytes, size_t n, struct msg *ret);
/* Appends one value: str as str, bin as bin, integers in their smallest form, doubles as float64 (make
 * them by value_number, so that integral ones are integers, as the gateway has them).
 * 0, -E_NOMEM, -E_TOO_DEEP; nothing is appended on failure. */
int mp_write_value(struct buf *out, const struct value *v);
/* The same for a value that goes into `depth` arrays and maps whose beginnings are written already. */
int mp_write_nested(struct buf *out, const struct value *v, unsigned depth);

#endif
