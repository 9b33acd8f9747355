#include "server/socket/peer.h"
#include <sys/socket.h>
#include "server/process.h"

uint64_t peer_process(int fd)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	uint64_t start;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0)
		return 0;
	start = process_start(peer.pid);
	return start != 0 ? start << 32 | (uint32_t)peer.pid : 0;
}
