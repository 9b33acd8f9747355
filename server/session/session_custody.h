/* session_custody.h - a session that is known outside of its process, and may go on in another one.
 *
 * A worker adopts a connection from its slot of the segment. The supervisor restores what custody_file_read
 * has found of a dead worker's, recovers it, and then either goes on with it or releases it, to write it
 * into another worker's slot. See session.h for the rest of a session's life. */
#ifndef SERVER_SESSION_SESSION_CUSTODY_H
#define SERVER_SESSION_SESSION_CUSTODY_H
#include <stdbool.h>
#include <stdint.h>

struct custody_find;
struct session;
struct session_env;

/* Goes on with the connection of that slot of env->custody, which is noted there from now on; `peer` is as of
 * socket/peer.h, known to who has accepted it. Nothing happens before session_go_on. NULL on lack of memory, or
 * where the slot makes no sense: then the connection is not ended. Takes `fd`. */
struct session *session_adopt(struct session_env *env, int fd, uint64_t number, uint32_t slot,
			      uint64_t peer);
/* The same with one that custody_file_read has found, on the heap. Takes its bytes, also on failure. */
struct session *session_restore(struct session_env *env, int fd, uint64_t number,
				struct custody_find *find);
/* Ends what a restored session was in the middle of: answers by on_lost, writes what was composed, and ends
 * it so that the gateway fails where nobody can know what was said. Then it waits. It may be gone. */
void session_recover(struct session *s);
/* The same if need be, and reads on; calls that are there already are handled at once. */
void session_go_on(struct session *s);
/* Reads once, and handles what has come, without waiting for the loop. May end it, as the loop does. */
void session_catch_up(struct session *s);
/* Whether it may be released: nobody here has anything to say on it. */
bool session_may_move(const struct session *s);
/* Lets go of it: notes its state in its slot, or, if `ret` is not NULL, moves it there, and closes the
 * descriptor without ending the connection. From within on_call the call is given back, too. on_end follows,
 * later perhaps. */
void session_release(struct session *s, struct custody_find *ret);
bool session_is_released(const struct session *s);
/* Whether it was adopted from a slot. */
bool session_has_slot(const struct session *s, uint32_t *ret_slot);
/* The call that waits was given that EventId. */
void session_note_event(struct session *s, uint64_t event);

#endif
