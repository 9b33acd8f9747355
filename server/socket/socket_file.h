/* socket_file.h - a listening socket with a name in the file system, and who owns that name.
 *
 * Who owns the name is settled by a lock (socket_lock.h). A socket file without an owner is stale and is
 * replaced. An owner that is about to leave *hands over*: it gives the lock up but goes on serving, until a
 * successor has put its own socket in the place. The file appears by a rename, with its permissions, and
 * when it is already listening: nobody ever meets a closed door, and only our own file is ever removed. */
#ifndef SERVER_SOCKET_SOCKET_FILE_H
#define SERVER_SOCKET_SOCKET_FILE_H
#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>
#include "server/socket/socket_lock.h"

struct err;

/* Letters of a path; the system wants room for a NUL, and we for the '~' of a file not yet shown. */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 2)

struct socket_options {
	unsigned mode; /* permissions */
	const char *owner,
		*group; /* names or numbers; NULL = as the system gives them. Borrowed. */
	bool wait;      /* for the owner to hand over, as long as `wanted` says so */
	bool (*wanted)(void);
	bool outlived; /* others go on listening when we die: then a successor may replace the file */
};

struct socket_file {
	char *path; /* owned */
	int fd;     /* listening, non-blocking; -1 = closed */
	struct socket_lock lock;
	dev_t dev; /* of our file */
	ino_t ino;
	uid_t uid; /* (uid_t)-1 = as it comes */
	gid_t gid;
	unsigned mode;
};

enum socket_file_state {
	SOCKET_FILE_OURS,
	SOCKET_FILE_GONE,  /* nothing is there */
	SOCKET_FILE_TAKEN, /* somebody else's is there */
};

/* Becomes the owner of `path` and listens. -E_EXISTS when it is served by another (err names it),
 * -E_CONF for a bad path, owner or group, -E_IO, -E_NOMEM; each with what to do. */
int socket_file_init(struct socket_file *f, const char *path, const struct socket_options *options,
		     struct err *err);
/* Stops listening, and removes the file if it is ours and no successor is about to replace it. Accepts a
 * zeroed one. */
void socket_file_fini(struct socket_file *f);
/* What is at the path now. */
enum socket_file_state socket_file_look(const struct socket_file *f);
/* Listens again at a path where nothing is any more; f->fd is a new descriptor then, the old one closed.
 * -E_IO. */
int socket_file_renew(struct socket_file *f, struct err *err);
/* Gives the lock up; goes on listening. */
void socket_file_hand_over(struct socket_file *f);
/* After handing over: whether a successor holds the lock but has not yet put its socket in our place. */
bool socket_file_is_awaited(const struct socket_file *f);

#endif
