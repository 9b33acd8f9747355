/* pb_wire.h - numbers and texts of a message, byte by byte, for the few messages that each event has.
 *
 * All others, and what of these is not as gateways write it, are protobuf-c's (pb.h). What is read by this,
 * protobuf-c would read as the same; what is written by this are the bytes that it would write. Tests and
 * fuzzers compare them. (docs/adr/0020-hot-path.md) */
#ifndef PROTOCOL_PB_WIRE_H
#define PROTOCOL_PB_WIRE_H
#include "protocol/value.h"

#define PB_VARINT 0u /* types of fields */
#define PB_LENGTH 2u
#define PB_TAG(field, type) (((field) << 3) | (type)) /* up to field 15 it is one byte */

#define PB_NUMBER_MAX ((size_t)10) /* bytes */

/* What is yet to be read. */
struct pb_bytes {
	const unsigned char *at, *end;
};

/* Borrowed, as what is taken from it is. */
static inline struct pb_bytes pb_bytes_of(const struct value *text)
{
	const unsigned char *s = (const unsigned char *)text->s;

	return (struct pb_bytes){s, s + text->len};
}

/* A number of at most five bytes, all but the last of which have 0x80. false for a longer one, or one that isn't
 * all there. */
static inline bool pb_take_number(struct pb_bytes *in, uint64_t *ret)
{
	const unsigned char *at = in->at;
	uint64_t number = 0;
	unsigned shift = 0;

	for (; at < in->end && *at >= 0x80 && shift < 28; shift += 7)
		number |= (uint64_t)(*at++ & 0x7f) << shift;
	if (at >= in->end || *at >= 0x80)
		return false;
	*ret = number | (uint64_t)*at << shift;
	in->at = at + 1;
	return true;
}

/* A length and as many bytes. */
static inline bool pb_take_text(struct pb_bytes *in, struct value *ret)
{
	uint64_t n;

	if (!pb_take_number(in, &n) || n > INT32_MAX || n > (size_t)(in->end - in->at))
		return false;
	*ret = value_strn((const char *)in->at, n);
	in->at += n;
	return true;
}

static inline size_t pb_number_size(uint64_t number)
{
	size_t size = 1;

	while ((number >>= 7) != 0)
		size++;
	return size;
}

/* Of a text as a field up to 15. */
static inline size_t pb_text_size(size_t n)
{
	return 1 + pb_number_size(n) + n;
}

/* These write to where there is room, and return what is behind it. */
static inline unsigned char *pb_put_number(unsigned char *at, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*at++ = (unsigned char)(number | 0x80);
	*at++ = (unsigned char)number;
	return at;
}

static inline unsigned char *pb_put_head(unsigned char *at, unsigned field, size_t n)
{
	*at++ = (unsigned char)PB_TAG(field, PB_LENGTH);
	return pb_put_number(at, n);
}

static inline unsigned char *pb_put_text(unsigned char *at, unsigned field,
					 const struct value *text)
{
	at = pb_put_head(at, field, text->len);
	if (text->len > 0)
		memcpy(at, text->s, text->len);
	return at + text->len;
}

#endif
