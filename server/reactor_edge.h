/* reactor_edge.h - descriptors of which the kernel tells the loop once for each change, and not as long as there is something.
 *
 * For all others it looks a second time at each one that it has told of, when the loop waits again: 3 to 4 % of an event's
 * processor time. libev knows no such thing, so the program's epoll_ctl, which libev finds before the C library's, adds it to
 * what libev asks for. That of other libraries and of other descriptors is what it was.
 *
 * A read that brings less than it asked for has brought all bytes (if none of them has a descriptor with it, which a gateway
 * never sends), but the peer's end may be behind them, and is no change of
 * its own where it was there already. So once the kernel has told of an end, the descriptor is as all others are. */
#ifndef SERVER_REACTOR_EDGE_H
#define SERVER_REACTOR_EDGE_H

struct epoll_event;

/* For this thread's loops, before the descriptor is watched and until it is not any more. 0, or -1 on lack of memory. */
int reactor_edge_mark(int fd);
/* Before it is closed. Nothing happens to one that is not marked. */
void reactor_edge_unmark(int fd);
/* The kernel tells once more of what is there by the loop's next wait. Nothing happens to one that is not marked. */
void reactor_edge_again(int fd);
/* What epoll_wait has told; count may be negative. */
void reactor_edge_note(int epoll, const struct epoll_event *events, int count);

#endif
