/* session_batch.h - sessions that are ready in the same turn of the loop: they are read one after the other, then their calls are
 * handled, then what was said is written: docs/adr/0022-batches.md. */
#ifndef SERVER_SESSION_SESSION_BATCH_H
#define SERVER_SESSION_SESSION_BATCH_H
#include <stddef.h>

#define SESSION_BATCH 16 /* sessions at once; more are several batches */

struct reactor_later;
struct session;

/* session_batch.c's own. */
struct session_batch {
	struct session *of[SESSION_BATCH]; /* NULL = written, or gone */
	size_t n;
	double wait; /* seconds for which an answer waits for its neighbours' handlers; and as long as one of them runs */
	struct reactor_later *later; /* handles them when the loop has told who is ready */
};

#endif
