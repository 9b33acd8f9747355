#include "server/confine/mark.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/err.h"

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
static bool is_in_proc(pid_t pid)
{
	char path[64], line[128], soft[32], hard[32];
	bool has_mark = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, LINE_NAME " %31s %31s", soft, hard) == 2)
			has_mark = strcmp(hard, "0") == 0;
	if (file != NULL)
		fclose(file);
	return has_mark;
}

bool mark_is_on_peer(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct rlimit locks;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return true;
	if (peer.pid == 0)
		return false;
	if (prlimit(peer.pid, RLIMIT_LOCKS, NULL, &locks) == 0)
		return locks.rlim_max == 0;
	return errno == ESRCH || is_in_proc(peer.pid);
}
