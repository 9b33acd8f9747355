/* session.h - one connection: bytes in, calls out; an answer in, bytes out.
 *
 * Knows framing, limits and how a connection ends. Knows neither plugins nor events: of a call that it has handed on it
 * keeps nothing but its id, until the answer comes. One call at a time: what is sent behind it waits in the buffer.
 *
 * Endings. The gateway takes "no data" on MsgPack:1 for a plugin that let the request pass. So a session never closes
 * first while a call may be on its way, if that can be avoided; where it can't, one byte of an unfinished message goes
 * first, and reading goes on until the peer closes, so that the peer's write succeeds and its read fails.
 *
 * Custody. All that one must know to go on with a connection is plain data (session_state.h). Where it lies in
 * a slot of a segment that outlives the process, it is noted at each step (session_custody.h).
 * On a bound connection (codec.h) an event stays where it began, and what comes next there depends on what
 * was sent: struct session_turn, plain data, is all that one must know to go on.
 *
 * To support a new wire format, write a struct codec (protocol/codec.h), not a new session. */
#ifndef SERVER_SESSION_SESSION_H
#define SERVER_SESSION_SESSION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "protocol/arena.h"
#include "protocol/codec.h"
#include "server/session/session_batch.h"
#include "server/session/session_memory.h"
#include "server/session/session_queue.h"

struct custody;
struct reactor;
struct session;

/* What has happened on a session; all on the loop's stack. */
struct session_handler {
	/* A call: to be answered by session_answer, now or later. `msg` is borrowed until return. */
	void (*on_call)(void *user, struct session *s, const struct msg *msg);
	/* A call that can't be read, but answered: only id, type and method of `msg` are valid. */
	void (*on_bad_call)(void *user, struct session *s, const struct msg *msg, int rc,
			    const struct err *err);
	/* The session is gone when this returns; if session_is_released, it goes on elsewhere. */
	void (*on_end)(void *user, struct session *s);
	/* Of a session that was restored: the call that a dead process was busy with, to be answered and not to be
	 * run. Valid are id, type, event_id (0 = unknown) and the phase as name, if any. NULL: the session ends. */
	void (*on_lost)(void *user, struct session *s, const struct msg *msg);
	/* It has handled what there was, and may be released. May be NULL. */
	void (*on_rest)(void *user, struct session *s);
	void *user;
};

/* What the sessions of a process share. The owner fills the upper part and keeps it in place. */
struct session_env {
	struct reactor *reactor;
	const struct codec *const *codecs; /* those that are spoken here; up to a NULL */
	struct limits limits;
	int64_t generation;      /* of the registry: told the gateway before the first answer */
	struct custody *custody; /* where session_adopt finds its slots; borrowed; NULL = nowhere */
	const struct buf_mem *mem; /* where buffers live that are in no slot; NULL = heap */
	bool takes_turns;          /* one call, then other sessions; else all that are there */
	double linger;             /* seconds for which a session that was ended reads on */
	struct session_handler handler;
	struct session_queue queue;
	/* session.c's own */
	struct arena arena; /* of the message that is handled at the moment */
	void *scan;         /* the framing's state of a message that comes in one piece */
	size_t scan_size;
	struct session_memory memory;
	struct session_batch batch;
};

/* Completes `env`. 0 or -E_NOMEM. */
int session_env_init(struct session_env *env);
void session_env_fini(struct session_env *env);

/* Returns owned, or NULL on lack of memory. Takes `fd` (non-blocking), also on failure. `number` is the
 * caller's name for it; `tag` whatever the caller wants to find again. */
struct session *session_create(struct session_env *env, int fd, uint64_t number, int tag);
/* Memory until the message that is handled at the moment is. */
struct arena *session_arena(struct session *s);

/* Closes at once. on_end is not called. Accepts NULL. */
void session_destroy(struct session *s);

uint64_t session_number(const struct session *s);
int session_tag(const struct session *s);
/* The process at the other end, as peer.h has it. */
uint64_t session_peer(const struct session *s);
const struct codec *session_codec(const struct session *s);
/* Whether the call of that id waits for its answer; whether any does. */
bool session_awaits(const struct session *s, uint64_t id);
bool session_is_busy(const struct session *s);
/* Whether it was ended and only reads on. */
bool session_is_lingering(const struct session *s);

/* The event whose PDK call the gateway works on, on a bound connection; else 0. */
uint64_t session_event(const struct session *s);
/* Whether one more call may be sent without waiting for its result (MSG_FOLLOW_MORE). */
bool session_may_go_on(const struct session *s);

/* Answers the call that waits (msg->id); with MSG_FOLLOW_MORE the call waits on, and nothing is written yet.
 * 0; -E_CLOSED when no such call waits; as codec->write, then the call waits on. The session may be gone
 * afterwards, if this was not called from its handler. */
int session_answer(struct session *s, const struct msg *msg, struct err *err);
/* Writes what was answered now, rather than when the handler returns. */
void session_flush(struct session *s);
/* Has the gateway let go of a connection that is idle, without a loss: tells the generation once more. Where
 * the connection lies in a pool, bytes are unexpected and it is closed; where a call is on its way, they are
 * read before the answer, as they may be. A bound connection is ended, if it may be: its gateway tries an
 * event again on another one, but not an instance that it starts. Nothing happens to one that isn't idle.
 * Whether it was ended. */
bool session_retire(struct session *s, bool may_end);
/* The next session_retire does nothing: an event's next step is to come on it. */
void session_expect(struct session *s);
/* Ends it so that a gateway that waits, or is about to, fails (see above). on_end follows, later perhaps. */
void session_abort(struct session *s);
/* The same for one that has just come and is not wanted, as soon as its first bytes tell how. */
void session_turn_away(struct session *s);
/* The same without waiting for the peer: for the end of the process. on_end is not called. */
void session_abandon(struct session *s);
/* The same from a signal's handler: says only that the answer will not come. The process then ends. */
void session_abandon_now(const struct session *s);

#endif
