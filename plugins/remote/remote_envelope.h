/* remote_envelope.h - what Outrigger and a program in another language say to each other, as bytes.
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
	uint32_t more;            /* items behind those, as they came; not written */
};

/* Reads the one that bytes[0..n) begins with, and sets *ret_size to how many bytes that has. Texts borrow from bytes,
 * all else is in the arena. -E_UNSUPPORTED for another version, -E_MALFORMED, -E_TOO_DEEP, -E_NOMEM. */
int remote_envelope_read(const unsigned char *bytes, size_t n, struct arena *arena,
			 struct remote_envelope *ret, size_t *ret_size, struct err *err);
/* Appends one. The body has what the type says. -E_NOMEM, -E_TOO_DEEP; nothing is appended on failure. */
int remote_envelope_write(struct buf *out, const struct remote_envelope *envelope);

#endif
