#include "server/socket_file.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/file.h"
#include "server/log.h"
#include "server/user.h"

#define PATH_LEN_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 2) /* a NUL, and one for '~' */
#define BACKLOG 4096
#define HANDING_OVER "handing over\n" /* in the lock's file, when its owner gave it up */

/* Bytes of the lock's file, each a lock of its own. */
enum lock_byte {
	LOCK_OWNER, /* held by the owner */
	LOCK_NEXT,  /* held by who is about to become the owner, until its socket is in place */
};

static int io_error(struct err *err, const char *verb, const char *path)
{
	return err_set(err, E_IO, "can't %s %s: %s", verb, path, strerror(errno));
}

static int check_path(const char *path, struct err *err)
{
	if (strlen(path) <= PATH_LEN_MAX)
		return 0;
	return err_set(err, E_CONF,
		       "the socket's path is longer than %zu bytes: %s; choose a shorter prefix or "
		       "socket",
		       PATH_LEN_MAX, path);
}

static struct sockaddr_un make_address(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

/* Whether the file that is open is the one of that name: a lock on a removed file is worth nothing. */
static bool is_same_file(int fd, const char *path)
{
	struct stat open_one, named;

	return fstat(fd, &open_one) == 0 && stat(path, &named) == 0 &&
	       open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

/* `command` is F_OFD_SETLK, or F_OFD_SETLKW to wait; such locks end with the descriptor. */
static int lock_byte(int fd, int command, enum lock_byte byte, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	return fcntl(fd, command, &lock);
}

static void unlock_byte(int fd, enum lock_byte byte)
{
	(void)lock_byte(fd, F_OFD_SETLK, byte, F_UNLCK);
}

/* Whether somebody else holds it. */
static bool is_held(int fd, enum lock_byte byte)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void read_lock_text(int fd, char *ret, size_t size)
{
	ssize_t n = pread(fd, ret, size - 1, 0);

	ret[n > 0 ? n : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

static void write_lock_text(int fd, const char *text)
{
	/* Only for people, and for a successor: what can't be written makes it more careful. */
	if (ftruncate(fd, 0) == 0 && pwrite(fd, text, strlen(text), 0) < 0)
		log_line(LOG_LEVEL_WARN, "can't write to a lock's file: %s", strerror(errno));
}

static int refuse_live(const struct socket_file *f, struct err *err)
{
	char who[32];

	read_lock_text(f->lock_fd, who, sizeof(who));
	return err_set(
		err, E_EXISTS,
		"%s is served by another outrigger (process %s): stop that one first, or give "
		"another --socket or --prefix",
		f->path, who[0] != '\0' ? who : "unknown");
}

static void on_alarm(int signum)
{
	(void)signum;
}

static int wait_for_byte(int fd, enum lock_byte byte, bool (*wanted)(void))
{
	int rc;

	do
		rc = lock_byte(fd, F_OFD_SETLKW, byte, F_WRLCK);
	while (rc != 0 && errno == EINTR && wanted());
	return rc;
}

/* Waits in the kernel; looks up once a second. */
static int wait_for_lock(const struct socket_file *f, bool (*wanted)(void), struct err *err)
{
	const struct itimerval second = {{1, 0}, {1, 0}}, off = {{0, 0}, {0, 0}};
	struct sigaction look_up = {.sa_handler = on_alarm}, before;
	int rc;

	log_line(LOG_LEVEL_NOTICE, "%s is served by another outrigger; waiting for it to leave",
		 f->path);
	sigaction(SIGALRM, &look_up, &before);
	setitimer(ITIMER_REAL, &second, NULL);
	rc = wait_for_byte(f->lock_fd, LOCK_NEXT, wanted);
	if (rc == 0)
		rc = wait_for_byte(f->lock_fd, LOCK_OWNER, wanted);
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &before, NULL);
	return rc == 0 ? 0 : err_set(err, E_CLOSED, "nobody wants us any more");
}

static int try_lock(int fd)
{
	int rc = lock_byte(fd, F_OFD_SETLK, LOCK_NEXT, F_WRLCK);

	return rc == 0 ? lock_byte(fd, F_OFD_SETLK, LOCK_OWNER, F_WRLCK) : rc;
}

static int lock_once(struct socket_file *f, const struct socket_options *options, struct err *err)
{
	f->lock_fd = open(f->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->lock_fd < 0)
		return err_set(err, E_IO,
			       "can't make %s: %s; the socket's folder must be one that this user "
			       "may write to",
			       f->lock_path, strerror(errno));
	if (try_lock(f->lock_fd) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return io_error(err, "lock", f->lock_path);
	return options->wait ? wait_for_lock(f, options->wanted, err) : refuse_live(f, err);
}

static int take_lock(struct socket_file *f, const struct socket_options *options, struct err *err)
{
	for (;;) {
		int rc = lock_once(f, options, err);

		if (rc != 0)
			return rc;
		if (is_same_file(f->lock_fd, f->lock_path))
			return 0;
		close(f->lock_fd);
	}
}

static bool somebody_listens(const char *path)
{
	struct sockaddr_un address = make_address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool listens;

	if (fd < 0)
		return false;
	listens = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
		  errno == EAGAIN;
	close(fd);
	return listens;
}

/* A socket that lives though its lock is free: an outrigger that hands over, or some other program. */
static int check_rival(const struct socket_file *f, struct err *err)
{
	char text[32];

	read_lock_text(f->lock_fd, text, sizeof(text));
	if (strncmp(text, HANDING_OVER, strlen(HANDING_OVER) - 1) == 0)
		return 0;
	if (!somebody_listens(f->path))
		return 0;
	return err_set(err, E_EXISTS,
		       "another program listens on %s: stop it first, or give another --socket or "
		       "--prefix",
		       f->path);
}

/* What is at the path may be replaced only if it is a socket. */
static int check_place(const struct socket_file *f, struct err *err)
{
	struct stat st;

	if (lstat(f->path, &st) != 0 || S_ISSOCK(st.st_mode))
		return 0;
	return err_set(
		err, E_EXISTS,
		"%s exists and is no socket: remove it, or give another --socket or --prefix",
		f->path);
}

static int dress(const struct socket_file *f, const char *path, struct err *err)
{
	if ((f->uid != (uid_t)-1 || f->gid != (gid_t)-1) && chown(path, f->uid, f->gid) != 0)
		return err_set(
			err, E_IO,
			"can't give %s the owner and group of socket_owner and socket_group: "
			"%s; start as root, or choose a group that this user is in",
			f->path, strerror(errno));
	return chmod(path, f->mode) == 0 ? 0 : io_error(err, "set the permissions of", path);
}

/* Binds under a name that nobody knows, with no permissions for others. */
static int bind_hidden(int fd, const char *path)
{
	struct sockaddr_un address = make_address(path);
	mode_t mask = umask(0177);
	int rc;

	unlink(path);
	rc = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	return rc;
}

static int show(struct socket_file *f, int fd, const char *hidden, struct err *err)
{
	struct stat st;
	int rc;

	if (bind_hidden(fd, hidden) != 0)
		return io_error(err, "bind", f->path);
	rc = dress(f, hidden, err);
	if (rc == 0 && (listen(fd, BACKLOG) != 0 || stat(hidden, &st) != 0))
		rc = io_error(err, "listen on", f->path);
	if (rc == 0 && rename(hidden, f->path) != 0)
		rc = io_error(err, "make", f->path);
	if (rc != 0) {
		unlink(hidden);
		return rc;
	}
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	unlock_byte(f->lock_fd, LOCK_NEXT);
	return 0;
}

static int listen_anew(struct socket_file *f, struct err *err)
{
	char *hidden = file_printf("%s~", f->path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (hidden == NULL || fd < 0)
		rc = io_error(err, "make a socket for", f->path);
	else
		rc = show(f, fd, hidden, err);
	free(hidden);
	if (rc == 0) {
		if (f->fd >= 0)
			close(f->fd);
		f->fd = fd;
	} else if (fd >= 0) {
		close(fd);
	}
	return rc;
}

static int become_owner(struct socket_file *f, const struct socket_options *options,
			struct err *err)
{
	char pid[32];
	int rc = take_lock(f, options, err);

	if (rc == 0)
		rc = check_place(f, err);
	if (rc == 0)
		rc = check_rival(f, err);
	if (rc != 0)
		return rc;
	f->is_owner = true;
	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	write_lock_text(f->lock_fd, pid);
	return listen_anew(f, err);
}

int socket_file_init(struct socket_file *f, const char *path, const struct socket_options *options,
		     struct err *err)
{
	int rc = check_path(path, err);

	*f = (struct socket_file){
		.fd = -1, .lock_fd = -1, .mode = options->mode, .uid = (uid_t)-1, .gid = (gid_t)-1};
	if (rc == 0 && options->owner != NULL)
		rc = user_find(options->owner, &f->uid, err);
	if (rc == 0 && options->group != NULL)
		rc = user_find_group(options->group, &f->gid, err);
	if (rc != 0)
		return rc;
	f->path = strdup(path);
	f->lock_path = file_printf("%s.lock", path);
	if (f->path == NULL || f->lock_path == NULL)
		rc = err_set(err, E_NOMEM, "no memory for the socket %s", path);
	else
		rc = become_owner(f, options, err);
	if (rc != 0)
		socket_file_fini(f);
	return rc;
}

enum socket_file_state socket_file_look(const struct socket_file *f)
{
	struct stat st;

	if (stat(f->path, &st) != 0)
		return errno == ENOENT ? SOCKET_FILE_GONE : SOCKET_FILE_TAKEN;
	return st.st_dev == f->dev && st.st_ino == f->ino ? SOCKET_FILE_OURS : SOCKET_FILE_TAKEN;
}

/* The lock's file may be gone together with the socket. */
static int renew_lock(struct socket_file *f, struct err *err)
{
	const struct socket_options options = {0};

	if (is_same_file(f->lock_fd, f->lock_path))
		return 0;
	close(f->lock_fd);
	f->is_owner = false;
	return take_lock(f, &options, err);
}

int socket_file_renew(struct socket_file *f, struct err *err)
{
	int rc = renew_lock(f, err);

	if (rc != 0)
		return rc;
	f->is_owner = true;
	return listen_anew(f, err);
}

void socket_file_hand_over(struct socket_file *f)
{
	if (!f->is_owner)
		return;
	write_lock_text(f->lock_fd, HANDING_OVER);
	unlock_byte(f->lock_fd, LOCK_OWNER);
	f->is_owner = false;
}

bool socket_file_is_awaited(const struct socket_file *f)
{
	return !f->is_owner && socket_file_look(f) == SOCKET_FILE_OURS &&
	       is_held(f->lock_fd, LOCK_NEXT);
}

static bool regain(const struct socket_file *f)
{
	return !is_held(f->lock_fd, LOCK_NEXT) && try_lock(f->lock_fd) == 0 &&
	       is_same_file(f->lock_fd, f->lock_path);
}

/* The file goes while we hold the lock, so that it can't be a successor's. */
static void remove_own_file(struct socket_file *f)
{
	if (!f->is_owner && !regain(f))
		return;
	if (f->ino != 0 && socket_file_look(f) == SOCKET_FILE_OURS)
		unlink(f->path);
	write_lock_text(f->lock_fd, "");
}

void socket_file_fini(struct socket_file *f)
{
	if (f->path != NULL && f->lock_fd >= 0)
		remove_own_file(f);
	if (f->path != NULL && f->fd >= 0)
		close(f->fd);
	if (f->path != NULL && f->lock_fd >= 0)
		close(f->lock_fd);
	free(f->path);
	free(f->lock_path);
	*f = (struct socket_file){.fd = -1, .lock_fd = -1};
}
