#include "server/socket/socket_file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/config/user.h"
#include "server/file.h"

#define BACKLOG 4096
static int io_error(struct err *err, const char *verb, const char *path)
{
	return err_set(err, E_IO, "can't %s %s: %s", verb, path, strerror(errno));
}

static int check_path(const char *path, struct err *err)
{
	if (strlen(path) <= SOCKET_PATH_MAX)
		return 0;
	return err_set(err, E_CONF,
		       "the socket's path is longer than %zu bytes: %s; choose a shorter prefix or "
		       "socket",
		       SOCKET_PATH_MAX, path);
}

static struct sockaddr_un make_address(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
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
	if (socket_lock_may_replace(&f->lock) || !somebody_listens(f->path))
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
	struct stat st = {0};
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
	socket_lock_settle(&f->lock);
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
	const struct socket_lock_options lock = {
		.socket = f->path,
		.wait = options->wait,
		.wanted = options->wanted,
		.outlived = options->outlived,
	};
	int rc = socket_lock_init(&f->lock, &lock, err);

	if (rc == 0)
		rc = check_place(f, err);
	if (rc == 0)
		rc = check_rival(f, err);
	return rc == 0 ? listen_anew(f, err) : rc;
}

static int find_owner(struct socket_file *f, const struct socket_options *options, struct err *err)
{
	int rc = 0;

	if (options->owner != NULL)
		rc = user_find(options->owner, &f->uid, err);
	if (rc != 0)
		return err_prefix(err, rc, "socket_owner");
	if (options->group != NULL)
		rc = user_find_group(options->group, &f->gid, err);
	return rc == 0 ? 0 : err_prefix(err, rc, "socket_group");
}

int socket_file_init(struct socket_file *f, const char *path, const struct socket_options *options,
		     struct err *err)
{
	int rc = check_path(path, err);

	*f = (struct socket_file){
		.fd = -1, .mode = options->mode, .uid = (uid_t)-1, .gid = (gid_t)-1};
	if (rc == 0)
		rc = find_owner(f, options, err);
	if (rc != 0)
		return rc;
	f->path = strdup(path);
	if (f->path == NULL)
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

int socket_file_renew(struct socket_file *f, struct err *err)
{
	int rc = socket_lock_renew(&f->lock, f->path, err);

	return rc == 0 ? listen_anew(f, err) : rc;
}

void socket_file_hand_over(struct socket_file *f)
{
	socket_lock_hand_over(&f->lock);
}

bool socket_file_is_awaited(const struct socket_file *f)
{
	return socket_file_look(f) == SOCKET_FILE_OURS && socket_lock_is_awaited(&f->lock);
}

void socket_file_fini(struct socket_file *f)
{
	if (f->path == NULL)
		return;
	/* The file goes while we are the owner, so that it can't be a successor's. */
	if (f->ino != 0 && socket_lock_regain(&f->lock) && socket_file_look(f) == SOCKET_FILE_OURS)
		unlink(f->path);
	if (f->fd >= 0)
		close(f->fd);
	socket_lock_fini(&f->lock);
	free(f->path);
	*f = (struct socket_file){.fd = -1};
}
