#include "server/socket/private_socket.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/file.h"

#define BACKLOG 64

int private_socket_init(struct private_socket *s, const char *path, const char *suffix, int type,
			struct err *err)
{
	char *copy = strdup(path);
	int rc;

	*s = (struct private_socket){.dir = -1, .fd = -1, .type = type};
	if (copy != NULL)
		s->name = file_printf("%s%s", file_basename(path), suffix);
	if (s->name != NULL)
		s->dir = open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (s->dir >= 0)
		return 0;
	rc = err_set(err, E_IO, "can't open the folder of %s: %s", path, strerror(errno));
	private_socket_fini(s);
	return rc;
}

void private_socket_fini(struct private_socket *s)
{
	bool is_ours = private_socket_is_ours(s);

	if (s->fd >= 0)
		close(s->fd);
	if (is_ours && !(s->is_shared && private_socket_is_served(s)))
		unlinkat(s->dir, s->name, 0);
	if (s->dir >= 0)
		close(s->dir);
	free(s->name);
	*s = (struct private_socket){.dir = -1, .fd = -1};
}

/* False when the name is too long. `end` is appended. */
static bool make_address(const struct private_socket *s, const char *end, struct sockaddr_un *ret)
{
	int n;

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s%s", s->dir, s->name,
		     end);
	return n > 0 && (size_t)n < sizeof(ret->sun_path);
}

static int open_socket(const struct private_socket *s)
{
	return socket(AF_UNIX, s->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* ---- listening ---- */

static int bind_hidden(const struct private_socket *s, int fd)
{
	struct sockaddr_un address;
	mode_t mask;
	int rc;

	if (!make_address(s, "~", &address)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	unlink(address.sun_path);
	mask = umask(0177);
	rc = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	return rc;
}

/* 0, or -1 and errno. */
static int show(struct private_socket *s, int fd)
{
	char *hidden = file_printf("%s~", s->name);
	struct stat st;
	int rc = -1, error;

	if (hidden != NULL && bind_hidden(s, fd) == 0 && listen(fd, BACKLOG) == 0 &&
	    fstatat(s->dir, hidden, &st, AT_SYMLINK_NOFOLLOW) == 0)
		rc = renameat(s->dir, hidden, s->dir, s->name);
	if (rc != 0 && hidden != NULL) {
		error = errno;
		unlinkat(s->dir, hidden, 0);
		errno = error;
	}
	free(hidden);
	if (rc != 0)
		return -1;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return 0;
}

int private_socket_listen(struct private_socket *s, struct err *err)
{
	int fd = open_socket(s);

	if (fd < 0 || show(s, fd) != 0) {
		err_set(err, E_IO, "can't make the socket %s: %s", s->name, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -E_IO;
	}
	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	s->is_shared = false;
	return 0;
}

void private_socket_adopt(struct private_socket *s, int fd, uint64_t inode)
{
	struct stat st;

	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	s->is_shared = true;
	s->ino = (ino_t)inode;
	s->dev = fstat(s->dir, &st) == 0 ? st.st_dev : 0;
}

bool private_socket_is_ours(const struct private_socket *s)
{
	struct stat st;

	return s->fd >= 0 && s->name != NULL &&
	       fstatat(s->dir, s->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == s->dev &&
	       st.st_ino == s->ino;
}

/* ---- connecting ---- */

bool private_socket_may_talk(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == geteuid() || peer.uid == 0);
}

static int explain(int error, struct err *err)
{
	if (error == EAGAIN)
		return err_set(err, E_TIMEOUT, "it does not accept");
	if (error == EACCES || error == EPERM)
		return err_set(err, E_IO, "it belongs to another user");
	return err_set(err, E_NOT_FOUND, "nobody is there: %s", strerror(error));
}

int private_socket_connect(const struct private_socket *s, struct err *err)
{
	struct sockaddr_un address;
	int fd, error;

	if (!make_address(s, "", &address))
		return err_set(err, E_NOT_FOUND, "the name is too long");
	fd = open_socket(s);
	if (fd < 0)
		return err_set(err, E_IO, "can't make a socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = errno;
	close(fd);
	return explain(error, err);
}

bool private_socket_is_served(const struct private_socket *s)
{
	int fd = private_socket_connect(s, NULL);

	if (fd >= 0)
		close(fd);
	return fd != -E_NOT_FOUND;
}
