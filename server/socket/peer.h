/* peer.h - which process is at the other end of a Unix socket. */
#ifndef SERVER_SOCKET_PEER_H
#define SERVER_SOCKET_PEER_H
#include <stdint.h>

/* A number that stands for the process that connected, and for no other that gets its pid later; 0 where
 * it can't be seen, such as in another container. */
uint64_t peer_process(int fd);

#endif
