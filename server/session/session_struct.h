/* session_struct.h - what a session is made of; for session_impl.h only. */
#ifndef SERVER_SESSION_SESSION_STRUCT_H
#define SERVER_SESSION_SESSION_STRUCT_H
#include "protocol/buf.h"
#include "protocol/codec.h"
#include "protocol/lines.h"
#include "server/custody/custody.h"
#include "server/session/session_state.h"

struct reactor_io;
struct reactor_timer;
struct session_env;

enum session_life {
	SESSION_OPEN,
	SESSION_CLOSING,   /* has yet to write its last bytes; drops what it reads */
	SESSION_LINGERING, /* everything is said: reads and drops until the peer closes */
	SESSION_GONE,      /* to be freed as soon as nobody holds it */
};

/* In the order in which steps need it (protocol/lines.h). */
struct session {
	_Alignas(LINE) struct session_env *env;
	struct reactor_io *io;
	const struct codec *codec; /* of the last call; NULL before the first */
	int fd;
	uint32_t slot; /* in the segment, if has_slot */
	enum session_life state;
	enum msg_type call_type; /* of the call that waits, if busy */
	int call_phase;          /* ... that it named; -1 = none */
	int tag;
	bool has_slot;  /* its state is known outside */
	bool busy;      /* a call waits */
	bool in_event;  /* ... which is an event's, or was: more may be said */
	bool greeted;   /* the generation was told */
	bool expected;  /* not to be retired the next time */
	bool eof;       /* the peer sends no more */
	bool had_turn;  /* a call was handled in this one */
	bool is_behind; /* a call may be there, which waits for its turn */
	bool is_queued; /* a call that begins an event is there, which waits for other events */
	bool reads;     /* its batch is to read from it */
	bool gathers;   /* what it says is written by its batch */
	bool may_begin; /* an event, without waiting once more */
	uint8_t held; /* so many below on the stack have yet to let go of it, and the last one settles it */
	uint8_t place; /* 1 + its place in the batch; 0 = it is in none */
	bool unread;   /* bytes may be there of which the loop does not tell again by itself */
	bool paused;   /* nothing is read and no call handled until session_go_on */
	bool owes;     /* it was restored, and what it was in the middle of is to be ended */
	bool released; /* it goes on elsewhere */
	bool unwanted; /* aborted as soon as its first call is known */
	struct buf in, out;
	void *scan;      /* of a message that comes in pieces; NULL = none has begun */
	size_t more;     /* what was read of it just now, if there may be more to read */
	size_t memory;   /* that the env counts for it */
	size_t handling; /* bytes of the call that is being decoded; they are in `in` */
	size_t taken;    /* bytes of the call that is being handled; they are in `in` still */
	uint64_t number;
	uint64_t awaited;    /* id of the call that waits, if busy */
	uint64_t call_event; /* EventId that it named or was given */
	struct session_turn turn;
	struct reactor_timer
		*reader; /* looks whether the gateway has read what was in doubt; NULL = no need */
	uint64_t peer;   /* the process at the other end; 0 = unknown */
	double reader_until;
	struct reactor_timer *timer;                 /* of lingering; NULL before */
	struct reactor_timer *again;                 /* of the next turn; NULL before */
	struct custody_region in_region, out_region; /* where the buffers live, if has_slot */
	struct session *next_large, **prev_large;    /* of the env's list, if memory > 0 */
	struct session *next_queued, **prev_queued;  /* of the env's queue, if is_queued */
	enum custody_doubt doubt;                    /* that it was found in */
};

#endif
