/* mp.h - MessagePack, by msgpack-c: frames, values. What the RPC layer (mp_rpc.c) is made of. */
#ifndef PROTOCOL_MP_H
#define PROTOCOL_MP_H
#include <stddef.h>
#include "protocol/codec.h"

/* Size of mp_frame's state, which begins zeroed. */
extern const size_t mp_scan_size;
/* struct codec's frame() for MessagePack: one value of any type is one message. */
int mp_frame(void *scan, const struct limits *limits, const unsigned char *bytes, size_t n,
	     size_t *ret_size, struct err *err);
/* Decodes exactly one value that fills bytes[0..n). Texts borrow from bytes. ext becomes nil, as in the
 * gateway. 0, -E_MALFORMED (also: bytes left over), -E_TOO_DEEP, -E_NOMEM. */
int mp_read_value(const unsigned char *bytes, size_t n, struct arena *arena, struct value *ret,
		  struct err *err);
/* Appends one value: str as str (never str8 is needed: the gateway reads all), bin as bin, integers in
 * their smallest form, doubles that are not integers as float64. 0, -E_NOMEM, -E_TOO_DEEP. */
int mp_write_value(struct buf *out, const struct value *v);

#endif
