/* reactor_wait.h - how the loop sleeps: without a timeout, each of which is a timer that the kernel sets before and takes
 * back after (3 us an event with one in flight).
 *
 * libev always waits with one, so the program's epoll_wait, which libev finds before the C library's, stands in for it: a long
 * timeout of a loop becomes a timer descriptor, which is set where something is due earlier than what it is set for, and is
 * not taken back. It comes too early rather than too late, and the rest is a short timeout. What is ready is handled in the
 * order in which it became so. All other waits, of other libraries too, are what they were. */
#ifndef SERVER_REACTOR_WAIT_H
#define SERVER_REACTOR_WAIT_H

struct reactor_wait {
	int timer_fd; /* -1 = none: then timeouts are what they were */
	double due;   /* what the timer is set for, in seconds; INFINITY = not set */
};

/* The caller watches timer_fd for reading, and then calls reactor_wait_on_due. */
void reactor_wait_init(struct reactor_wait *wait);
void reactor_wait_fini(struct reactor_wait *wait);
/* Between these two, which libev calls around its wait, epoll_wait knows of it in this thread. */
void reactor_wait_begin(struct reactor_wait *wait);
void reactor_wait_end(void);
void reactor_wait_on_due(struct reactor_wait *wait);

#endif
