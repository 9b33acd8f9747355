/* remote_envelope.h - one message between Outrigger and a program in another language, as bytes.
 *
 * An *envelope* is a MessagePack array: version, type, id, and what the type has beside them
 * (docs/remote-protocol.md). Items behind those are passed over, so that later versions may add some. */
#ifndef PLUGINS_REMOTE_REMOTE_ENVELOPE_H
#define PLUGINS_REMOTE_REMOTE_ENVELOPE_H
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct err;
struct value;

#define REMOTE_VERSION 1

enum remote_type {
#define REMOTE(name, number, body) REMOTE_##name = (number),
#include "plugins/remote/remote_types.def"
};

struct remote_envelope {
	enum remote_type type;
	uint64_t id;              /* below 2^63 */
	const struct value *body; /* as many items as the type has; checked */
};

/* Reads one that fills bytes[0..n). Texts borrow from bytes, all else is in the arena. -E_UNSUPPORTED for another
 * version, -E_MALFORMED, -E_TOO_DEEP, -E_NOMEM. */
int remote_envelope_read(const unsigned char *bytes, size_t n, struct arena *arena,
			 struct remote_envelope *ret, struct err *err);
/* Appends one. The body has what the type says. -E_NOMEM, -E_TOO_DEEP; nothing is appended on failure. */
int remote_envelope_write(struct buf *out, const struct remote_envelope *envelope);

#endif
