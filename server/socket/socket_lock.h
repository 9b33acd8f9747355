/* socket_lock.h - who owns the name of a socket: locks on a file beside it, PATH.lock.
 *
 * Glossary: the *owner* serves PATH; the *next* is about to become the owner, and stays next until its own
 * socket is in place. The kernel takes both back when their holder dies. The file stays: a lock on a
 * removed file would be worth nothing. */
#ifndef SERVER_SOCKET_SOCKET_LOCK_H
#define SERVER_SOCKET_SOCKET_LOCK_H
#include <stdbool.h>

struct err;

struct socket_lock {
	char *path; /* of the lock's file; owned */
	int fd;     /* -1 = none */
	bool is_owner;
	bool outlived; /* as of the options */
};

/* How to become the owner. */
struct socket_lock_options {
	const char *socket;   /* its path; borrowed */
	bool wait;            /* for an owner to give it up, as long as `wanted` says so */
	bool (*wanted)(void); /* asked once a second */
	bool outlived; /* our socket may be replaced as soon as we are gone, though it lives */
};

/* Becomes the owner and the next. -E_EXISTS when another is (err names it), -E_CLOSED when nobody wants us
 * any more, -E_IO, -E_NOMEM. */
int socket_lock_init(struct socket_lock *lock, const struct socket_lock_options *options,
		     struct err *err);
/* Lets go of it. Accepts a zeroed one whose path is NULL. */
void socket_lock_fini(struct socket_lock *lock);
/* Our socket is in place: no longer the next. */
void socket_lock_settle(struct socket_lock *lock);
/* Makes sure that it is the file of that name which is locked. As socket_lock_init. */
int socket_lock_renew(struct socket_lock *lock, const char *socket, struct err *err);
/* Whether the last owner has said that its socket, though it lives, may be replaced. */
bool socket_lock_may_replace(const struct socket_lock *lock);
/* Gives it up, and says that our socket may be replaced. */
void socket_lock_hand_over(struct socket_lock *lock);
/* After that: whether somebody is the next. */
bool socket_lock_is_awaited(const struct socket_lock *lock);
/* After that: becomes the owner again if nobody wants to. */
bool socket_lock_regain(struct socket_lock *lock);

#endif
