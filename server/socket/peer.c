#include "server/socket/peer.h"
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/process.h"

/* 0 where it can't be seen. */
static pid_t pid_of(int fd)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid > 0 ? peer.pid
											  : 0;
}

static uint64_t process_of(pid_t pid)
{
	uint64_t start = pid != 0 ? process_start(pid) : 0;

	return start != 0 ? start << 32 | (uint32_t)pid : 0;
}

uint64_t peer_process(int fd)
{
	return process_of(pid_of(fd));
}

/* ---- what is known already ---- */

static bool lives(int pidfd)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};

	return poll(&ended, 1, 0) == 0;
}

static void forget(struct peer_seen *seen)
{
	if (seen->pid != 0)
		close(seen->pidfd);
	*seen = (struct peer_seen){0};
}

/* As long as the pidfd's process lives nobody else has its pid: what was read meanwhile is about that one. */
static void remember(struct peer_memo *memo, pid_t pid, int pidfd, uint64_t process)
{
	struct peer_seen *seen = &memo->seen[memo->oldest];

	memo->oldest = (memo->oldest + 1) % PEER_MEMO;
	forget(seen);
	*seen = (struct peer_seen){pid, pidfd, process};
}

static struct peer_seen *find(struct peer_memo *memo, pid_t pid)
{
	for (unsigned i = 0; pid != 0 && i < PEER_MEMO; i++)
		if (memo->seen[i].pid == pid)
			return &memo->seen[i];
	return NULL;
}

uint64_t peer_memo_process(struct peer_memo *memo, int fd)
{
	pid_t pid = pid_of(fd);
	struct peer_seen *seen = find(memo, pid);
	uint64_t process;
	int pidfd;

	if (seen != NULL && lives(seen->pidfd))
		return seen->process;
	if (seen != NULL)
		forget(seen);
	pidfd = pid != 0 ? pidfd_open(pid, 0) : -1;
	process = process_of(pid);
	if (pidfd >= 0 && process != 0 && lives(pidfd))
		remember(memo, pid, pidfd, process);
	else if (pidfd >= 0)
		close(pidfd);
	return process;
}

void peer_memo_fini(struct peer_memo *memo)
{
	for (unsigned i = 0; i < PEER_MEMO; i++)
		forget(&memo->seen[i]);
}
