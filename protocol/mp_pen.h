/* mp_pen.h - MessagePack into memory whose size is known to do: msgpack-c's packer, inlined. For mp_*.c only.
 *
 * A *pen* is where the next byte goes, and is moved on. The functions are mp_pack_nil, _uint64, _str and so
 * on, as msgpack/pack_template.h has them; each returns 0 and writes at most MP_HEAD_ROOM bytes. */
#ifndef PROTOCOL_MP_PEN_H
#define PROTOCOL_MP_PEN_H
#include <msgpack/pack_define.h>
#include <msgpack/timestamp.h>
#include <string.h>

#define MP_HEAD_ROOM ((size_t)9) /* a value without a text's bytes or a table's items */

static inline int mp_pen_put(unsigned char **pen, const void *bytes, size_t n)
{
	memcpy(*pen, bytes, n);
	*pen += n;
	return 0;
}

#define msgpack_pack_inline_func(name) static inline int mp_pack##name
#define msgpack_pack_inline_func_cint(name) static inline int mp_pack##name
#define msgpack_pack_user unsigned char **
#define msgpack_pack_append_buffer(pen, bytes, n) return mp_pen_put((pen), (bytes), (n))
#include <msgpack/pack_template.h>

#endif
