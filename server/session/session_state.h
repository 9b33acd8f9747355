/* session_state.h - all that one must know to go on with a connection, beside its bytes. Plain data.
 *
 * Flags are uint8_t, 0 or 1: the state also comes from memory that nobody vouches for. */
#ifndef SERVER_SESSION_SESSION_STATE_H
#define SERVER_SESSION_SESSION_STATE_H
#include <stdbool.h>
#include <stdint.h>

/* What a bound connection's gateway is about to send. Zeroed = a call. */
struct session_turn {
	uint64_t event;    /* whose result is awaited */
	uint64_t sequence; /* of the call that began it */
	uint32_t owed;     /* results of void calls, which come before anything else */
	uint8_t asked;     /* then a result for which the event waits */
	uint8_t ended;     /* else, if true, nothing: the last word was a call without result */
};

/* Zeroed = a connection on which nothing was said. */
struct session_state {
	uint64_t in_start, in_end;   /* read and not consumed; offsets in the region */
	uint64_t out_start, out_end; /* composed and not sent */
	uint64_t handling;   /* bytes of the call at in_start that is being decoded; 0 = none */
	uint64_t awaited;    /* id of the call that waits, if busy */
	uint64_t call_event; /* EventId that this call named or was given; 0 = none */
	struct session_turn turn;
	uint8_t codec; /* 1 + index in session_env.codecs of the last call's; 0 = none has come */
	uint8_t call_type;  /* enum msg_type of the call that waits, if busy */
	uint8_t call_phase; /* ... 1 + enum phase, if it named one */
	uint8_t tag;        /* the caller's */
	uint8_t busy;       /* a call waits */
	uint8_t in_event;   /* ... which is an event's, or was */
	uint8_t greeted;    /* the generation was told */
	uint8_t is_ending;  /* it was aborted: what is in `out` is its last word */
};

/* Whether the state makes sense where each buffer has `region` bytes. */
bool session_state_is_valid(const struct session_state *state, uint64_t region);

#endif
