/* private_socket.h - a listening socket with a name, for processes of our own user and of root.
 *
 * The file (mode 0600) appears by a rename, when it is listening already, in place of what was there; only
 * our own is ever removed. No path is too long, unlike that of a socket for everybody: the folder is held
 * open and the address is relative to it. */
#ifndef SERVER_SOCKET_PRIVATE_SOCKET_H
#define SERVER_SOCKET_PRIVATE_SOCKET_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* A zeroed one with dir -1 is empty. */
struct private_socket {
	int dir;    /* its folder; -1 = none */
	char *name; /* in the folder; owned */
	int type;   /* SOCK_STREAM, SOCK_SEQPACKET */
	int fd;     /* listening, non-blocking; -1 = not */
	dev_t dev;  /* of our file */
	ino_t ino;
	bool is_shared; /* other processes may listen with the same descriptor */
};

/* Finds the folder; does not listen. `suffix` is appended to the path. -E_IO, -E_NOMEM. */
int private_socket_init(struct private_socket *s, const char *path, const char *suffix, int type,
			struct err *err);
/* The file goes if it is ours, and nobody else listens. */
void private_socket_fini(struct private_socket *s);
/* Makes the file, in place of what is there, and listens; s->fd is another descriptor then, the old one
 * closed. -E_IO. */
int private_socket_listen(struct private_socket *s, struct err *err);
/* Listens by a descriptor that another process has made listen and handed down, with this inode of its file; takes
 * `fd`. */
void private_socket_adopt(struct private_socket *s, int fd, uint64_t inode);
/* Whether the file is ours. */
bool private_socket_is_ours(const struct private_socket *s);
/* Whether anybody listens there. */
bool private_socket_is_served(const struct private_socket *s);
/* Returns a connected descriptor, non-blocking, or -E_NOT_FOUND when nobody is there, -E_TIMEOUT when nobody
 * accepts, -E_IO also when it belongs to another user. */
int private_socket_connect(const struct private_socket *s, struct err *err);
/* Whether the other end of a connection is root or our own user. */
bool private_socket_may_talk(int fd);

#endif
