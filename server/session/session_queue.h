/* session_queue.h - calls that begin events, and wait until those that are under way got on: docs/adr/0021-events-under-way.md. */
#ifndef SERVER_SESSION_SESSION_QUEUE_H
#define SERVER_SESSION_SESSION_QUEUE_H
#include <stddef.h>

struct session;

/* The owner fills the upper part. */
struct session_queue {
	/* How many events may begin now. Where none may, those that come wait; one begins in each turn of the loop,
	 * after all else. One whose call is not read quickly (codec.h) never waits. NULL: none does. */
	size_t (*room)(void *user);
	void *user;
	/* session_queue.c's own */
	struct session *first, **end;
};

#endif
