/* reactor.h - the loop: descriptors, timers and signals, each with a function that is called.
 *
 * The only door to libev. Watchers are opaque and belong to who made them; each is bound to one reactor
 * and must be destroyed before it. Functions are called on the loop's stack. */
#ifndef SERVER_REACTOR_H
#define SERVER_REACTOR_H

struct reactor;
struct reactor_io;
struct reactor_timer;
struct reactor_later;
struct reactor_signal;

enum reactor_ready {
	REACTOR_READ = 1,
	REACTOR_WRITE = 2
};

/* Returns an owned reactor, or NULL. */
struct reactor *reactor_create(void);
void reactor_destroy(struct reactor *r);
/* Serves until reactor_stop. */
void reactor_run(struct reactor *r);
void reactor_stop(struct reactor *r);

/* Monotonic seconds, as all times in the server; some milliseconds behind, but cheap. Async-signal-safe. */
double reactor_now(void);
/* The same clock as it is, for durations that are told. */
double reactor_now_exact(void);
/* What reactor_now_exact has said last in this thread: not long ago where plugin code has just come back. 0 before. */
double reactor_now_last(void);

/* Watches nothing until reactor_io_set. `fd` is borrowed and must stay open until reactor_io_destroy.
 * NULL on lack of memory. */
struct reactor_io *reactor_io_create(struct reactor *r, int fd, void (*fn)(void *user, int ready),
				     void *user);
/* The same, told once of each change, which is cheaper. Who is told REACTOR_READ reads until a read brings less than it asked
 * for, or says reactor_io_again; who is told REACTOR_WRITE writes until it would block, or watches for it anew. What changes
 * while it is not watched for is told when it is. After the peer's end it is as all others are. */
struct reactor_io *reactor_io_create_edge(struct reactor *r, int fd,
					  void (*fn)(void *user, int ready), void *user);
/* Told once more, in the loop's next turn, or as soon as it is watched for, if anything is there then. One that is not of
 * reactor_io_create_edge is told anyway. */
void reactor_io_again(struct reactor_io *io);
/* Watches for these (enum reactor_ready bits); 0 for none. Cheap when nothing changes. */
void reactor_io_set(struct reactor_io *io, int events);
/* May be called from its own function. Accepts NULL. */
void reactor_io_destroy(struct reactor_io *io);

/* Not running until reactor_timer_start. NULL on lack of memory. */
struct reactor_timer *reactor_timer_create(struct reactor *r, void (*fn)(void *user), void *user);
/* Calls fn once after `seconds` from now, or again and again if `repeat`. Restarts a running timer. */
void reactor_timer_start(struct reactor_timer *timer, double seconds, int repeat);
void reactor_timer_stop(struct reactor_timer *timer);
/* Accepts NULL. */
void reactor_timer_destroy(struct reactor_timer *timer);

/* Called for nothing until reactor_later_start. NULL on lack of memory. */
struct reactor_later *reactor_later_create(struct reactor *r, void (*fn)(void *user), void *user);
/* Calls fn once, when what was ready in this turn of the loop was handled. From fn itself: after the next turn, which
 * takes what is ready and does not wait. */
void reactor_later_start(struct reactor_later *later);
/* Not from fn. Accepts NULL. */
void reactor_later_destroy(struct reactor_later *later);

/* Calls fn from the loop for each `signum`. NULL on lack of memory. */
struct reactor_signal *reactor_signal_create(struct reactor *r, int signum,
					     void (*fn)(void *user, int signum), void *user);
/* Accepts NULL. */
void reactor_signal_destroy(struct reactor_signal *signal);

#endif
