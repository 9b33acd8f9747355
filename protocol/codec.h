/* codec.h - one wire format: bytes to struct msg and back.
 *
 * Glossary: a *frame* is the bytes of one complete message. Reading is two passes: `frame` finds the
 * end of the next message without building anything (it can stop anywhere and go on when more bytes
 * are there), then `read` decodes the whole frame at once, borrowing texts from it.
 * To support a new wire format, write another struct codec; sessions and events stay as they are. */
#ifndef PROTOCOL_CODEC_H
#define PROTOCOL_CODEC_H
#include <stdbool.h>
#include <stddef.h>
#include "protocol/limits.h"
#include "protocol/msg.h"

struct arena;
struct buf;
struct err;

struct codec {
	const char *name; /* "MsgPack:1", "ProtoBuf:1": the dump's Protocol */
	/* Whether bytes (n >= 1) can begin a message of this format at a call boundary. With fewer than
	 * four bytes the answer may be true for two formats. */
	bool (*probe)(const unsigned char *bytes, size_t n);
	/* Bytes of the state that `frame` keeps between two reads; all zero = at a message's first byte. */
	size_t scan_size;
	/* Finds the end of the message that begins at bytes[0], going on where it stopped; `bytes` may have
	 * moved and grown since. 1 and *ret_size when the message is complete (`scan` is reset then), 0 when
	 * more bytes are needed, -E_MALFORMED, -E_TOO_LARGE (as soon as the message says that it will be),
	 * -E_TOO_DEEP. After an error the stream has no next message. */
	int (*frame)(void *scan, const struct limits *limits, const unsigned char *bytes, size_t n,
		     size_t *ret_size, struct err *err);
	/* NULL, or what makes the usual calls cheap: `frame` and `read` in one, for a message that is whole at
	 * bytes[0]. Its size, and *ret as `read` makes it; or 0, which says nothing of the bytes: then those two
	 * are asked. Keeps no state, takes no memory. Texts borrow from `bytes`. */
	size_t (*quick)(const struct limits *limits, const unsigned char *bytes, size_t n,
			struct msg *ret);
	/* Decodes one complete frame. Texts borrow from `bytes`; containers live in the arena.
	 * 0, -E_MALFORMED, -E_TOO_DEEP, -E_NOMEM. *ret_id_known is written in any case: when it is true,
	 * ret->id is valid and a failed call can be answered; so are ret->type and ret->method then, with
	 * MSG_OTHER and nil for a method that can't be read. All else of *ret is written only on success. */
	int (*read)(const unsigned char *bytes, size_t n, struct arena *arena, struct msg *ret,
		    bool *ret_id_known, struct err *err);
	/* NULL where each step is a call that names its event. Else an event is bound to its connection and
	 * has no errors: a PDK call's result is a frame without more, and this makes a MSG_STEP with the
	 * frame's content as a bin in `data`, borrowed; the session knows the rest. */
	void (*read_result)(const unsigned char *bytes, size_t n, struct msg *ret);
	/* Appends one message of ours. 0, -E_NOMEM, -E_TOO_DEEP, -E_UNSUPPORTED (a type that we never send,
	 * or arguments that would not survive the gateway). Nothing is appended on failure. */
	int (*write)(struct buf *out, const struct msg *msg, struct err *err);
};

/* Whether events are bound to their connections. */
static inline bool codec_is_bound(const struct codec *codec)
{
	return codec->read_result != NULL;
}

extern const struct codec codec_msgpack, codec_protobuf;

#endif
