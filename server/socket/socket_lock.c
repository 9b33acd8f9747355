#include "server/socket/socket_lock.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/file.h"
#include "server/log.h"
#include "server/notify.h"
#include "server/reactor.h"

/* In the lock's file: when its owner gave it up; behind its owner's pid, when others listen after its death. */
#define HANDING_OVER "handing over"
#define OUTLIVED "its workers serve on without it"

/* Bytes of the lock's file, each a lock of its own. */
enum lock_byte {
	LOCK_OWNER, /* held by the owner */
	LOCK_NEXT,  /* held by who is about to become the owner, until its socket is in place */
};

/* Whether the file that is open is the one of that name: a lock on a removed file is worth nothing. */
static bool is_same_file(int fd, const char *path)
{
	struct stat open_one, named;

	return fstat(fd, &open_one) == 0 && stat(path, &named) == 0 &&
	       open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

/* `command` is F_OFD_SETLK, or F_OFD_SETLKW to wait; such locks end with the descriptor. */
static int set_byte(int fd, int command, enum lock_byte byte, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	return fcntl(fd, command, &lock);
}

static void unlock_byte(int fd, enum lock_byte byte)
{
	(void)set_byte(fd, F_OFD_SETLK, byte, F_UNLCK);
}

/* Whether somebody else holds it. */
static bool is_held(int fd, enum lock_byte byte)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void read_text(int fd, char *ret, size_t size)
{
	ssize_t n = pread(fd, ret, size - 1, 0);

	ret[n > 0 ? n : 0] = '\0';
}

static void write_text(int fd, const char *text)
{
	/* Only for people, and for a successor: what can't be written makes it more careful. */
	if (ftruncate(fd, 0) == 0 && pwrite(fd, text, strlen(text), 0) < 0)
		log_line(LOG_LEVEL_WARN, "can't write to a lock's file: %s", strerror(errno));
}

static int refuse(const struct socket_lock *lock, const char *socket, struct err *err)
{
	char who[32];

	read_text(lock->fd, who, sizeof(who));
	who[strcspn(who, "\n")] = '\0';
	return err_set(
		err, E_EXISTS,
		"%s is served by another outrigger (process %s): stop that one first, or give "
		"another --socket or --prefix",
		socket, who[0] != '\0' ? who : "unknown");
}

static void on_alarm(int signum)
{
	(void)signum;
}

static int wait_for_byte(int fd, enum lock_byte byte, bool (*wanted)(void))
{
	int rc;

	do {
		notify_alive(reactor_now());
		rc = set_byte(fd, F_OFD_SETLKW, byte, F_WRLCK);
	} while (rc != 0 && errno == EINTR && wanted());
	return rc;
}

/* In the kernel; looks up once a second. */
static int wait_for_both(const struct socket_lock *lock, const struct socket_lock_options *options,
			 struct err *err)
{
	const struct itimerval second = {{1, 0}, {1, 0}}, off = {{0, 0}, {0, 0}};
	struct sigaction look_up = {.sa_handler = on_alarm}, before;
	int rc;

	log_line(LOG_LEVEL_NOTICE, "%s is served by another outrigger; waiting for it to leave",
		 options->socket);
	notify_waits();
	sigaction(SIGALRM, &look_up, &before);
	setitimer(ITIMER_REAL, &second, NULL);
	rc = wait_for_byte(lock->fd, LOCK_NEXT, options->wanted);
	if (rc == 0)
		rc = wait_for_byte(lock->fd, LOCK_OWNER, options->wanted);
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &before, NULL);
	return rc == 0 ? 0 : err_set(err, E_CLOSED, "nobody wants us any more");
}

static int try_both(int fd)
{
	int rc = set_byte(fd, F_OFD_SETLK, LOCK_NEXT, F_WRLCK);

	return rc == 0 ? set_byte(fd, F_OFD_SETLK, LOCK_OWNER, F_WRLCK) : rc;
}

static int explain_open(const char *path, struct err *err)
{
	int why = errno;

	if (why == EACCES && file_exists(path))
		return err_set(err, E_IO,
			       "%s belongs to another user, who has served here: remove it, or "
			       "serve as that user",
			       path);
	return err_set(
		err, E_IO,
		"can't make %s: %s; the socket's folder must be one that this user may write "
		"to",
		path, strerror(why));
}

static int open_and_lock(struct socket_lock *lock, const struct socket_lock_options *options,
			 struct err *err)
{
	lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock->fd < 0)
		return explain_open(lock->path, err);
	if (try_both(lock->fd) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return err_set(err, E_IO, "can't lock %s: %s", lock->path, strerror(errno));
	return options->wait ? wait_for_both(lock, options, err)
			     : refuse(lock, options->socket, err);
}

static void close_fd(struct socket_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
	lock->is_owner = false;
}

static int take(struct socket_lock *lock, const struct socket_lock_options *options,
		struct err *err)
{
	int rc = open_and_lock(lock, options, err);

	while (rc == 0 && !is_same_file(lock->fd, lock->path)) {
		close_fd(lock);
		rc = open_and_lock(lock, options, err);
	}
	lock->is_owner = rc == 0;
	return rc;
}

int socket_lock_init(struct socket_lock *lock, const struct socket_lock_options *options,
		     struct err *err)
{
	int rc;

	*lock = (struct socket_lock){.fd = -1,
				     .path = file_printf("%s.lock", options->socket),
				     .outlived = options->outlived};
	if (lock->path == NULL)
		return err_set(err, E_NOMEM, "no memory for the socket %s", options->socket);
	rc = take(lock, options, err);
	if (rc != 0) {
		close_fd(lock);
		socket_lock_fini(lock);
	}
	return rc;
}

void socket_lock_fini(struct socket_lock *lock)
{
	if (lock->path == NULL)
		return;
	close_fd(lock);
	free(lock->path);
	lock->path = NULL;
}

/* From here on the file names its owner; until then it says how the last one left. */
void socket_lock_settle(struct socket_lock *lock)
{
	char text[64];

	snprintf(text, sizeof(text), "%d\n%s", (int)getpid(), lock->outlived ? OUTLIVED "\n" : "");
	write_text(lock->fd, text);
	unlock_byte(lock->fd, LOCK_NEXT);
}

int socket_lock_renew(struct socket_lock *lock, const char *socket, struct err *err)
{
	const struct socket_lock_options options = {.socket = socket};

	if (lock->fd >= 0 && is_same_file(lock->fd, lock->path))
		return 0;
	close_fd(lock);
	return take(lock, &options, err);
}

bool socket_lock_may_replace(const struct socket_lock *lock)
{
	char text[64];

	read_text(lock->fd, text, sizeof(text));
	return strstr(text, HANDING_OVER) != NULL || strstr(text, OUTLIVED) != NULL;
}

void socket_lock_hand_over(struct socket_lock *lock)
{
	if (!lock->is_owner)
		return;
	write_text(lock->fd, HANDING_OVER "\n");
	unlock_byte(lock->fd, LOCK_OWNER);
	lock->is_owner = false;
}

bool socket_lock_is_awaited(const struct socket_lock *lock)
{
	return !lock->is_owner && lock->fd >= 0 && is_held(lock->fd, LOCK_NEXT);
}

bool socket_lock_regain(struct socket_lock *lock)
{
	if (lock->is_owner)
		return true;
	if (lock->fd < 0 || socket_lock_is_awaited(lock) || try_both(lock->fd) != 0)
		return false;
	lock->is_owner = is_same_file(lock->fd, lock->path);
	socket_lock_settle(lock);
	return lock->is_owner;
}
