/* peer.h - which process is at the other end of a Unix socket. */
#ifndef SERVER_SOCKET_PEER_H
#define SERVER_SOCKET_PEER_H
#include <stdint.h>
#include <sys/types.h>

/* A number that stands for the process that connected, and for no other that gets its pid later; 0 where
 * it can't be seen, such as in another container. */
uint64_t peer_process(int fd);

/* The same, of processes that connect again and again: what is known of one holds as long as it lives, which its
 * pidfd tells, and need not be read from /proc for each connection. Zeroed = nothing is known. */
#define PEER_MEMO 64
struct peer_memo {
	struct peer_seen {
		pid_t pid; /* 0 = none */
		int pidfd;
		uint64_t process;
	} seen[PEER_MEMO];
	unsigned oldest; /* the next to be forgotten */
};
uint64_t peer_memo_process(struct peer_memo *memo, int fd);
void peer_memo_fini(struct peer_memo *memo);

#endif
