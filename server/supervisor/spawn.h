/* spawn.h - starts our own program anew, in another role. */
#ifndef SERVER_SUPERVISOR_SPAWN_H
#define SERVER_SUPERVISOR_SPAWN_H
#include <stddef.h>
#include <sys/types.h>

struct err;

#define SPAWN_FIRST_FD 3
#define SPAWN_FDS_MAX 9

struct spawn {
	char *const *argv; /* argv[0] is what ps shows; up to a NULL */
	char *const *environment;
	const int *fds;  /* become 3, 4, ...; borrowed */
	size_t fd_count; /* at most SPAWN_FDS_MAX */
	int output;      /* becomes stdout and stderr; borrowed */
};

struct spawned {
	pid_t pid;
	int pidfd; /* readable when it has ended; owned, close-on-exec */
};

/* Runs /proc/self/exe with these descriptors and the standard ones, and no others; with signals as a program
 * begins with. -E_IO. */
int spawn_self(const struct spawn *spawn, struct spawned *ret, struct err *err);
/* Signals as a program begins with; ignored ones would stay ignored over an exec. Async-signal-safe. */
void spawn_reset_signals(void);

#endif
