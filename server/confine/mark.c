#include "server/confine/mark.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/err.h"

/* Linux 6.5; Debian 12's header is older. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define LINE_NAME "Max file locks" /* of /proc/PID/limits: soft and hard limit follow */

int mark_set(struct err *err)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_LOCKS, &none) == 0)
		return 0;
	return err_set(err, E_UNSUPPORTED, "can't mark the process as one of plugins: %s",
		       strerror(errno));
}

/* Where we may not ask the kernel: of another user, or from within the filter of system calls. */
static enum mark look_in_proc(pid_t pid)
{
	char path[64], line[128], soft[32], hard[32];
	enum mark found = MARK_ABSENT;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? MARK_UNKNOWN
									     : MARK_ABSENT;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, LINE_NAME " %31s %31s", soft, hard) == 2 && strcmp(hard, "0") == 0)
			found = MARK_PRESENT;
	fclose(file);
	return found;
}

static enum mark look_at(pid_t pid)
{
	struct rlimit locks;

	if (prlimit(pid, RLIMIT_LOCKS, NULL, &locks) == 0)
		return locks.rlim_max == 0 ? MARK_PRESENT : MARK_ABSENT;
	return errno == ESRCH ? MARK_UNKNOWN : look_in_proc(pid);
}

/* Whether the process that connected is there still: if not, its number may be another's by now. Before Linux 6.5 nobody
 * can tell. */
static bool is_there(int fd)
{
	struct pollfd peer = {.events = POLLIN};
	socklen_t size = sizeof(peer.fd);
	bool ended;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &peer.fd, &size) != 0)
		return errno == ENOPROTOOPT;
	ended = poll(&peer, 1, 0) != 0;
	close(peer.fd);
	return !ended;
}

enum mark mark_find_on_peer(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	enum mark found;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return MARK_UNKNOWN;
	if (peer.pid == 0)
		return MARK_ABSENT;
	/* Who is there after that was there before. */
	found = look_at(peer.pid);
	return found == MARK_ABSENT && !is_there(fd) ? MARK_UNKNOWN : found;
}

bool mark_is_on_peer(int fd)
{
	return mark_find_on_peer(fd) != MARK_ABSENT;
}
