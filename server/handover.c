#include "server/handover.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/file.h"
#include "server/log.h"
#include "server/reactor.h"

#define SUFFIX ".next"
#define BACKLOG 64
#define FDS_MAX 8 /* of a message; a good one has one */

static const char greeting[] = "outrigger-registry-1";

/* ---- names ---- */

/* Its folder is held open, so that no path is too long for a socket's address. */
struct place {
	int dir;    /* -1 = none */
	char *name; /* in the folder; owned */
};

static void place_fini(struct place *place)
{
	if (place->dir >= 0)
		close(place->dir);
	free(place->name);
	*place = (struct place){.dir = -1};
}

static int place_init(struct place *place, const char *path, struct err *err)
{
	char *copy = strdup(path);
	int rc;

	*place = (struct place){.dir = -1};
	if (copy != NULL)
		place->name = file_printf("%s" SUFFIX, file_basename(path));
	if (place->name != NULL)
		place->dir = open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (place->dir >= 0)
		return 0;
	rc = err_set(err, E_IO, "can't open the folder of %s: %s", path, strerror(errno));
	place_fini(place);
	return rc;
}

/* False when the name is too long. `end` is appended. */
static bool make_address(const struct place *place, const char *end, struct sockaddr_un *ret)
{
	int n;

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s%s", place->dir,
		     place->name, end);
	return n > 0 && (size_t)n < sizeof(ret->sun_path);
}

static bool may_have_it(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == geteuid() || peer.uid == 0);
}

/* ---- asking ---- */

/* The descriptors of a message; what is not wanted is closed. */
static int take_descriptor(struct msghdr *msg)
{
	int fd = -1, count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++, count++) {
			if (fd >= 0)
				close(fd);
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
		}
	}
	if (count > 1) {
		close(fd);
		return -1;
	}
	return fd;
}

static int receive(int socket, int *ret_fd, struct err *err)
{
	char text[sizeof(greeting) + 1];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct iovec part = {text, sizeof(text)};
	struct msghdr msg = {.msg_iov = &part,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	int fd = n >= 0 ? take_descriptor(&msg) : -1;

	if (fd >= 0 && n == (ssize_t)sizeof(greeting) &&
	    memcmp(text, greeting, sizeof(greeting)) == 0) {
		*ret_fd = fd;
		return 0;
	}
	if (fd >= 0)
		close(fd);
	return err_set(err, E_MALFORMED, "it does not say what an outrigger of this version says");
}

static int wait_and_receive(int socket, double until, int *ret_fd, struct err *err)
{
	struct pollfd polled = {.fd = socket, .events = POLLIN};
	int rc;

	do {
		double left = until - reactor_now();

		rc = poll(&polled, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
	} while (rc < 0 && errno == EINTR);
	if (rc <= 0)
		return err_set(err, E_TIMEOUT, "it does not answer");
	return receive(socket, ret_fd, err);
}

/* Returns a descriptor, or an error. */
static int connect_to(const struct place *place, struct err *err)
{
	struct sockaddr_un address;
	int fd, error;

	if (!make_address(place, "", &address))
		return err_set(err, E_NOT_FOUND, "the name is too long");
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, E_IO, "can't make a socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = errno;
	close(fd);
	if (error == EAGAIN)
		return err_set(err, E_TIMEOUT, "it does not accept");
	return err_set(err, E_NOT_FOUND, "nobody is there: %s", strerror(error));
}

static int ask(const struct place *place, double until, int *ret_fd, struct err *err)
{
	int fd = connect_to(place, err), rc;

	if (fd < 0)
		return fd;
	if (may_have_it(fd))
		rc = wait_and_receive(fd, until, ret_fd, err);
	else
		rc = err_set(err, E_MALFORMED, "another user listens there");
	close(fd);
	return rc;
}

int handover_ask(const char *path, double until, int *ret_fd, struct err *err)
{
	struct place place;
	int rc = place_init(&place, path, err);

	if (rc != 0)
		return rc;
	rc = ask(&place, until, ret_fd, err);
	place_fini(&place);
	return rc != 0 ? err_prefix(err, rc, "%s" SUFFIX, path) : 0;
}

/* ---- offering ---- */

struct handover {
	struct reactor *reactor;
	struct place place;
	int fd; /* the registry; borrowed */
	int socket;
	struct reactor_io *io;
	dev_t dev; /* of our file */
	ino_t ino;
	bool failed; /* said in the log already */
};

static void send_registry(const struct handover *h, int to)
{
	char text[sizeof(greeting)];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {text, sizeof(text)};
	struct msghdr msg = {.msg_iov = &part,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	memcpy(text, greeting, sizeof(text));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &h->fd, sizeof(int));
	(void)sendmsg(to, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_ready(void *user, int ready)
{
	const struct handover *h = user;
	int fd = accept4(h->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ready;
	if (fd < 0)
		return;
	if (may_have_it(fd))
		send_registry(h, fd);
	else
		log_line(LOG_LEVEL_WARN, "%s: a process of another user is refused", h->place.name);
	close(fd);
}

static int bind_hidden(int fd, const struct place *place)
{
	struct sockaddr_un address;
	mode_t mask;
	int rc;

	if (!make_address(place, "~", &address)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	unlink(address.sun_path);
	mask = umask(0177);
	rc = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	return rc;
}

/* It appears by a rename, when it listens already. */
static int show(struct handover *h, int fd)
{
	char *hidden = file_printf("%s~", h->place.name);
	struct stat st;
	int rc = -1;

	if (hidden != NULL && bind_hidden(fd, &h->place) == 0 && listen(fd, BACKLOG) == 0 &&
	    fstatat(h->place.dir, hidden, &st, AT_SYMLINK_NOFOLLOW) == 0)
		rc = renameat(h->place.dir, hidden, h->place.dir, h->place.name);
	free(hidden);
	if (rc != 0)
		return -1;
	h->dev = st.st_dev;
	h->ino = st.st_ino;
	return 0;
}

static int watch(struct handover *h, int fd)
{
	struct reactor_io *io = reactor_io_create(h->reactor, fd, on_ready, h);

	if (io == NULL)
		return -E_NOMEM;
	reactor_io_destroy(h->io);
	if (h->socket >= 0)
		close(h->socket);
	h->io = io;
	h->socket = fd;
	reactor_io_set(io, REACTOR_READ);
	return 0;
}

static int listen_anew(struct handover *h, struct err *err)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd < 0 || show(h, fd) != 0)
		rc = err_set(err, E_IO,
			     "can't make %s, where a successor asks for the instances: %s",
			     h->place.name, strerror(errno));
	else
		rc = watch(h, fd);
	if (rc != 0 && fd >= 0)
		close(fd);
	return rc;
}

int handover_offer(struct reactor *reactor, const char *path, int fd,
		   struct handover **ret_handover, struct err *err)
{
	struct handover *h = calloc(1, sizeof(*h));
	int rc;

	if (h == NULL)
		return err_set(err, E_NOMEM, "no memory for a socket");
	h->reactor = reactor;
	h->fd = fd;
	h->socket = -1;
	rc = place_init(&h->place, path, err);
	if (rc == 0)
		rc = listen_anew(h, err);
	if (rc != 0) {
		handover_destroy(h);
		return rc;
	}
	*ret_handover = h;
	return 0;
}

static bool is_ours(const struct handover *h)
{
	struct stat st;

	return h->socket >= 0 &&
	       fstatat(h->place.dir, h->place.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == h->dev && st.st_ino == h->ino;
}

static bool somebody_offers(const struct handover *h)
{
	int fd = connect_to(&h->place, NULL);

	if (fd >= 0)
		close(fd);
	return fd != -E_NOT_FOUND;
}

void handover_check(struct handover *h)
{
	struct err err = {""};
	int rc;

	if (is_ours(h) || somebody_offers(h))
		return;
	rc = listen_anew(h, &err);
	if (rc != 0 && !h->failed)
		log_line(LOG_LEVEL_WARN, "%s", err_message(&err, rc));
	h->failed = rc != 0;
}

void handover_destroy(struct handover *h)
{
	if (h == NULL)
		return;
	if (is_ours(h))
		unlinkat(h->place.dir, h->place.name, 0);
	reactor_io_destroy(h->io);
	if (h->socket >= 0)
		close(h->socket);
	place_fini(&h->place);
	free(h);
}
