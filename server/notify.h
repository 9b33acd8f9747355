/* notify.h - what the service manager that started us is told: sd_notify(3), by its protocol (ADR 14).
 *
 * One datagram for each message, to the socket that NOTIFY_SOCKET names. Where there is none, all of this does
 * nothing; what can't be sent is lost, for a service is not there for its manager. */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H
#include <stddef.h>

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and removes them from the environment: they are not meant
 * for the processes that we start. */
void notify_init(void);
void notify_fini(void);
/* All that was asked for is done: the start, or a reload, whatever came of it. `plugins` are served. */
void notify_ready(size_t plugins);
/* Plugins are loaded, and another server serves: ready to take over from it. */
void notify_waits(void);
void notify_reloads(void);
/* To be called often: a sign of life where one is due. `now` as reactor_now. */
void notify_alive(double now);
/* Said once. */
void notify_leaves(void);

#endif
