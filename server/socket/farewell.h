/* farewell.h - connections that are turned away without a session, since there are too many.
 *
 * A gateway that writes its call to a connection that is closed lets the request pass. So one is told the
 * beginning of an answer that never ends, and stays open for reading until the gateway has closed it, or for
 * some seconds. Leaving it in the backlog is no way out: once that is full, gateways can't connect, which lets
 * the request pass too. What is bounded is the process's descriptors, hence one list for all: where it is
 * full, who has waited for longest makes room, as it is most likely to have written. */
#ifndef SERVER_SOCKET_FAREWELL_H
#define SERVER_SOCKET_FAREWELL_H

struct reactor;

/* Takes `fd`. All calls up to farewell_fini are for the same loop. */
void farewell_say(struct reactor *reactor, int fd);
/* Closes all that is left; to be called before the loop is destroyed. */
void farewell_fini(void);

#endif
