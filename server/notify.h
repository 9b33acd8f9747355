/* notify.h - what the service manager that started us is told: sd_notify(3), by its protocol (ADR 14).
 *
 * One datagram for each message, to the socket that NOTIFY_SOCKET names. Where there is none, all of this does
 * nothing; what can't be sent is lost, for a service is not there for its manager. */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* -1 = nobody is to be told */
	struct sockaddr_un to;
	socklen_t to_size;
	double watchdog; /* seconds between two signs of life; 0 = none are wanted */
	double next;     /* when the next one is due */
	bool leaves;     /* that was said */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and removes them from the environment: they are not meant
 * for the processes that we start. */
void notify_init(struct notify *n);
/* Accepts one that was zeroed by notify_fini. */
void notify_fini(struct notify *n);
/* All that was asked for is done: the start, or a reload, whatever came of it. `plugins` are served. */
void notify_ready(const struct notify *n, size_t plugins);
void notify_reloads(const struct notify *n);
/* To be called often: a sign of life where one is due. `now` as reactor_now. */
void notify_alive(struct notify *n, double now);
/* Said once. */
void notify_leaves(struct notify *n);

#endif
