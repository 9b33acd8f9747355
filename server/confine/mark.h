/* mark.h - how processes that run plugin code are known, so that they can't be clients of plugins' sockets.
 *
 * The mark is a hard limit of 0 on file locks (RLIMIT_LOCKS), which no kernel since Linux 2.6 heeds, but all keep:
 * processes and programs that plugin code starts inherit it, whoever their parents are by then, it can't be any lower,
 * and only CAP_SYS_RESOURCE takes it away, which workers have not (privileges.h). */
#ifndef SERVER_CONFINE_MARK_H
#define SERVER_CONFINE_MARK_H
#include <stdbool.h>

struct err;

/* Marks our process, for good. -E_UNSUPPORTED. */
int mark_set(struct err *err);
enum mark {
	MARK_ABSENT,
	MARK_PRESENT,
	MARK_UNKNOWN, /* the process has ended already, or no descriptor is left to look with */
};

/* Whether the process at the other end of a Unix socket has the mark. MARK_ABSENT where the system doesn't show the
 * process: one of another container. */
enum mark mark_find_on_peer(int fd);
/* ... or may have it. */
bool mark_is_on_peer(int fd);

#endif
