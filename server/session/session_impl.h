/* session_impl.h - what the parts of a session share; for session*.c only.
 *
 *   session.c          its life, and the two system calls
 *   session_feed.c     bytes to calls
 *   session_batch.c    which are read, handled and written together
 *   session_queue.c    which calls wait until others got on
 *   session_answer.c   answers to bytes
 *   session_end.c      how it ends
 *   session_memory.c   what calls that are not whole yet may take
 *   session_custody.c  what is known of it outside, and how it moves */
#ifndef SERVER_SESSION_SESSION_IMPL_H
#define SERVER_SESSION_SESSION_IMPL_H
#include "server/session/session.h"
#include "server/session/session_custody.h"
#include "server/session/session_struct.h"

/* session.c */
/* session_create without a tag, of a connection whose other end is known (socket/peer.h). */
struct session *session_of_peer(struct session_env *env, int fd, uint64_t number, uint64_t peer);
/* What to wait for now. */
void session_watch(struct session *s);
/* After anything has happened: what to wait for next, or the end. Nothing happens to one that is held. */
void session_settle(struct session *s);
/* It stays, unsettled, until as many have let go of it. */
void session_hold(struct session *s);
void session_let_go(struct session *s);
/* Reads once. */
void session_read(struct session *s);
/* session_feed with what was read; reads on, and feeds, where a large message goes on. */
void session_take_in(struct session *s);
/* What can't be understood ends the session, said once in the log. */
void session_refuse(struct session *s, int rc, const struct err *err);

/* session_feed.c */
/* Hands on the calls that are there, one after the other's answer. */
void session_feed(struct session *s);
/* The same in the same turn. */
void session_feed_on(struct session *s);
/* Whether what comes next on a bound connection is no call. */
bool session_expects_result(const struct session *s);
/* Hands on the call that a dead process was busy with. */
void session_feed_lost(struct session *s);

/* session_batch.c */
int session_batch_init(struct session_env *env);
void session_batch_fini(struct session_env *env);
/* Has it handled when the loop has told who is ready, and read from before if `reads`; `put`: when the caller runs the batch. */
void session_batch_add(struct session *s, bool reads);
void session_batch_put(struct session *s, bool reads);
void session_batch_run(struct session_batch *batch);
/* Nothing happens to one that is in none. */
void session_batch_remove(struct session *s);

/* session_queue.c */
/* Has those begin whose turn it is. */
void session_queue_admit(struct session_env *env);
/* Whether the call, which begins an event, waits for those that are under way: it is read again when it may begin. */
bool session_has_to_queue(struct session *s);
/* It waits no more; nothing happens to one that does not. */
void session_unqueue(struct session *s);

/* session_answer.c */
int session_tell_generation(struct session *s);

/* session_end.c */
/* Frees it as soon as nobody holds it. */
void session_end(struct session *s);
void session_start_linger(struct session *s);
/* Whether the gateway has begun a call that nobody has looked at yet. */
bool session_has_unread(const struct session *s);

/* session_memory.c */
/* Counts what its input takes: `memory` bytes from now on. */
void session_set_memory(struct session *s, size_t memory);
/* session_claim_memory, where it would be more than every session may have. */
bool session_claim_large(struct session *s, size_t size);

/* session_custody.c */
/* The gateway calls: so it has read what was said to it before. Whether that was waited for. */
bool session_was_heard(struct session *s);
/* session_note, where it has a slot. */
void session_commit(struct session *s, enum custody_doubt doubt);
/* session_note(CUSTODY_SURE) behind the call that a doubt was for: n bytes; by less where nothing else has changed. */
void session_note_read(struct session *s, size_t n);
void session_note_sent(struct session *s, size_t n);

/* Whether a call may be there that nothing but time has to pass for. */
static inline bool session_is_waiting(const struct session *s)
{
	return s->is_behind || s->is_queued;
}

static inline bool session_is_bound(const struct session *s)
{
	return s->codec != NULL && codec_is_bound(s->codec);
}

/* Counts what its input takes now. What every session may have is not counted. */
static inline void session_count_memory(struct session *s)
{
	size_t taken = s->in.end > BUF_KEEP ? s->in.end : 0;

	if (taken != s->memory)
		session_set_memory(s, taken);
}

/* Makes sure that it may read so many bytes more, if need be by ending another one; false where this one has to go. */
static inline bool session_claim_memory(struct session *s, size_t size)
{
	return s->in.end + size <= BUF_KEEP || session_claim_large(s, size);
}

/* Commits what is known of the session now. */
static inline void session_note(struct session *s, enum custody_doubt doubt)
{
	if (s->has_slot)
		session_commit(s, doubt);
}

#endif
