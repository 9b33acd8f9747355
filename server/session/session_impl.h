/* session_impl.h - what the parts of a session share; for session*.c only.
 *
 *   session.c          its life, and the two system calls
 *   session_feed.c     bytes to calls
 *   session_answer.c   answers to bytes
 *   session_end.c      how it ends
 *   session_memory.c   what calls that are not whole yet may take
 *   session_custody.c  what is known of it outside, and how it moves */
#ifndef SERVER_SESSION_SESSION_IMPL_H
#define SERVER_SESSION_SESSION_IMPL_H
#include "protocol/buf.h"
#include "protocol/codec.h"
#include "server/custody/custody.h"
#include "server/session/session.h"
#include "server/session/session_custody.h"
#include "server/session/session_state.h"

enum session_life {
	SESSION_OPEN,
	SESSION_CLOSING,   /* has yet to write its last bytes; drops what it reads */
	SESSION_LINGERING, /* everything is said: reads and drops until the peer closes */
	SESSION_GONE,      /* to be freed as soon as nobody holds it */
};

struct session {
	struct session_env *env;
	struct reactor_io *io;
	struct reactor_timer *timer; /* of lingering; NULL before */
	struct reactor_timer *again; /* of the next turn; NULL before */
	struct reactor_timer
		*reader; /* looks whether the gateway has read what was in doubt; NULL = no need */
	double reader_until;
	const struct codec *codec; /* of the last call; NULL before the first */
	void *scan;                /* of a message that comes in pieces; NULL = none has begun */
	struct buf in, out;
	struct custody_region in_region, out_region; /* where they live, if has_slot */
	size_t memory;                               /* that the env counts for it */
	struct session *next_large, **prev_large;    /* of the env's list, if memory > 0 */
	size_t handling; /* bytes of the call that is being decoded; they are in `in` */
	size_t taken;    /* bytes of the call that is being handled; they are in `in` still */
	uint64_t number;
	uint64_t peer;       /* the process at the other end; 0 = unknown */
	uint64_t awaited;    /* id of the call that waits, if busy */
	uint64_t call_event; /* EventId that it named or was given */
	struct session_turn turn;
	enum session_life state;
	enum msg_type call_type;  /* of the call that waits, if busy */
	int call_phase;           /* ... that it named; -1 = none */
	enum custody_doubt doubt; /* that it was found in */
	uint32_t slot;            /* in the segment, if has_slot */
	int tag;
	int fd;
	bool has_slot;  /* its state is known outside */
	bool busy;      /* a call waits */
	bool in_event;  /* ... which is an event's, or was: more may be said */
	bool greeted;   /* the generation was told */
	bool expected;  /* not to be retired the next time */
	bool eof;       /* the peer sends no more */
	bool had_turn;  /* a call was handled in this one */
	bool is_behind; /* a call may be there, which waits for its turn */
	bool held;      /* somebody below on the stack will settle it */
	bool paused;    /* nothing is read and no call handled until session_go_on */
	bool owes;      /* it was restored, and what it was in the middle of is to be ended */
	bool released;  /* it goes on elsewhere */
	bool unwanted;  /* aborted as soon as its first call is known */
};

/* session.c */
/* What to wait for now. */
void session_watch(struct session *s);
/* After anything has happened, and not from within the handler: what to wait for next, or the end. */
void session_settle(struct session *s);
/* What can't be understood ends the session, said once in the log. */
void session_refuse(struct session *s, int rc, const struct err *err);

/* session_feed.c */
/* Hands on the calls that are there, one after the other's answer. */
void session_feed(struct session *s);
/* Whether what comes next on a bound connection is no call. */
bool session_expects_result(const struct session *s);
/* Hands on the call that a dead process was busy with. */
void session_feed_lost(struct session *s);

/* session_answer.c */
int session_tell_generation(struct session *s);

/* session_end.c */
/* Frees it as soon as nobody holds it. */
void session_end(struct session *s);
void session_start_linger(struct session *s);
/* Whether the gateway has begun a call that nobody has looked at yet. */
bool session_has_unread(const struct session *s);

/* session_memory.c */
/* Counts what its input takes now; and that it is gone. */
void session_count_memory(struct session *s);
void session_forget_memory(struct session *s);
/* Makes sure that it may read that many bytes more, if need be by ending another session. False where it is
 * this one that has to give way. */
bool session_claim_memory(struct session *s, size_t size);

/* session_custody.c */
/* The gateway calls: so it has read what was said to it before. Whether that was waited for. */
bool session_was_heard(struct session *s);
/* Commits what is known of the session now. */
void session_note(struct session *s, enum custody_doubt doubt);

static inline bool session_is_bound(const struct session *s)
{
	return s->codec != NULL && codec_is_bound(s->codec);
}

#endif
