#include "server/peer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Field 22 of /proc/PID/stat: when the process began. The name before it may hold anything, and ends at the
 * last parenthesis. */
#define FIELDS_BEFORE_START 20

static uint64_t read_start(const char *stat)
{
	const char *at = strrchr(stat, ')');

	for (int i = 0; at != NULL && i < FIELDS_BEFORE_START; i++)
		at = strchr(at + 1, ' ');
	return at != NULL ? strtoull(at, NULL, 10) : 0;
}

static uint64_t start_of(int pid)
{
	char path[64], stat[1024];
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	n = fread(stat, 1, sizeof(stat) - 1, file);
	fclose(file);
	stat[n] = '\0';
	return read_start(stat);
}

uint64_t peer_process(int fd)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	uint64_t start;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0)
		return 0;
	start = start_of(peer.pid);
	return start != 0 ? start << 32 | (uint32_t)peer.pid : 0;
}
