#include "server/registry/handover.h"
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/confine/mark.h"
#include "server/log.h"
#include "server/process.h"
#include "server/reactor.h"
#include "server/socket/private_socket.h"

#define SUFFIX ".next"
#define WAIT_MAX 60.0 /* seconds */
#define FDS_MAX 8     /* of a message; a good one has one or two */
#define FDS_GOOD 2

static const char greeting[] = "outrigger-registry-1";

/* ---- asking ---- */

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* The descriptors of a message, at most FDS_GOOD; more are none. What is not wanted is closed. Returns their number. */
static size_t take_descriptors(struct msghdr *msg, int *fds)
{
	int all[FDS_MAX];
	size_t count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = n < FDS_MAX - count ? n : FDS_MAX - count;
		memcpy(all + count, CMSG_DATA(c), n * sizeof(int));
		count += n;
	}
	if (count > FDS_GOOD) {
		close_all(all, count);
		return 0;
	}
	memcpy(fds, all, count * sizeof(int));
	return count;
}

static int receive(int socket, struct handover_answer *ret, struct err *err)
{
	int fds[FDS_GOOD] = {-1, -1};
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
	size_t count = n >= 0 ? take_descriptors(&msg, fds) : 0;

	if (count > 0 && n == (ssize_t)sizeof(greeting) &&
	    memcmp(text, greeting, sizeof(greeting)) == 0) {
		ret->registry_fd = fds[0];
		ret->shared_fd = fds[1];
		return 0;
	}
	close_all(fds, count);
	return err_set(err, E_MALFORMED, "it does not say what an outrigger of this version says");
}

static int wait_and_receive(int socket, double until, struct handover_answer *ret, struct err *err)
{
	struct pollfd polled = {.fd = socket, .events = POLLIN};
	int rc;

	do {
		double left = until - reactor_now();

		rc = poll(&polled, 1, left > 0 ? (int)(fmin(left, WAIT_MAX) * 1000) + 1 : 0);
	} while (rc < 0 && errno == EINTR);
	if (rc <= 0)
		return err_set(err, E_TIMEOUT, "it does not answer");
	return receive(socket, ret, err);
}

/* Whether who made the listening socket is: the kernel says who that was, whoever has accepted. */
static bool is_dead(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid > 0 &&
	       !process_is_alive(peer.pid);
}

int handover_ask(const char *path, double until, struct handover_answer *ret, struct err *err)
{
	struct private_socket place;
	struct handover_answer answer = {-1, -1, -1, false};
	int rc = private_socket_init(&place, path, SUFFIX, SOCK_SEQPACKET, err);

	if (rc != 0)
		return rc;
	answer.connection_fd = private_socket_connect(&place, err);
	if (answer.connection_fd < 0)
		rc = answer.connection_fd;
	else if (!private_socket_may_talk(answer.connection_fd))
		rc = err_set(err, E_MALFORMED, "another user listens there");
	else
		rc = wait_and_receive(answer.connection_fd, until, &answer, err);
	answer.is_orphan = rc == 0 && is_dead(answer.connection_fd);
	if (rc == 0)
		*ret = answer;
	else if (answer.connection_fd >= 0)
		close(answer.connection_fd);
	private_socket_fini(&place);
	return rc != 0 ? err_prefix(err, rc, "%s" SUFFIX, path) : 0;
}

/* ---- offering ---- */

struct handover {
	struct handover_options options;
	struct private_socket socket;
	struct reactor_io *io;
	bool failed; /* said in the log already */
};

static bool send_registry(const struct handover *h, int to)
{
	char text[sizeof(greeting)];
	const int fds[FDS_GOOD] = {h->options.fd,
				   h->options.shared_fd != NULL ? *h->options.shared_fd : -1};
	const size_t size = (fds[1] >= 0 ? 2 : 1) * sizeof(int);
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(fds))];
	} control = {0};
	struct iovec part = {text, sizeof(text)};
	struct msghdr msg = {.msg_iov = &part,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = CMSG_SPACE(size)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	memcpy(text, greeting, sizeof(text));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), fds, size);
	return sendmsg(to, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* Takes `fd`. */
static void answer(const struct handover *h, int fd)
{
	if (send_registry(h, fd) && h->options.on_successor != NULL)
		h->options.on_successor(h->options.user, fd);
	else
		close(fd);
}

static void on_ready(void *user, int ready)
{
	const struct handover *h = user;
	int fd;

	(void)ready;
	if (h->options.may_answer != NULL && !h->options.may_answer(h->options.user)) {
		reactor_io_set(h->io, 0); /* until the next check, as below */
		return;
	}
	fd = accept4(h->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		/* Where no descriptor is left it would fail again and again: until the next check. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			reactor_io_set(h->io, 0);
		return;
	}
	if (!private_socket_may_talk(fd)) {
		log_line(LOG_LEVEL_WARN, "%s: a process of another user is refused",
			 h->socket.name);
	} else if (mark_is_on_peer(fd)) {
		log_line(LOG_LEVEL_WARN, "%s: a process that runs plugin code is refused",
			 h->socket.name);
	} else {
		answer(h, fd);
		return;
	}
	close(fd);
}

static int watch(struct handover *h, struct err *err)
{
	h->io = reactor_io_create(h->options.reactor, h->socket.fd, on_ready, h);
	if (h->io == NULL)
		return err_set(err, E_NOMEM, "no memory for the socket %s", h->socket.name);
	reactor_io_set(h->io, REACTOR_READ);
	return 0;
}

static int listen_anew(struct handover *h, struct err *err)
{
	int rc;

	reactor_io_destroy(h->io);
	h->io = NULL;
	rc = private_socket_listen(&h->socket, err);
	if (rc != 0)
		return err_prefix(err, rc, "a successor can't ask for the instances");
	return watch(h, err);
}

static int listen_by(struct handover *h, struct err *err)
{
	if (h->options.listening_fd < 0)
		return listen_anew(h, err);
	private_socket_adopt(&h->socket, h->options.listening_fd, h->options.inode);
	return watch(h, err);
}

static void close_listening(const struct handover_options *options)
{
	if (options->listening_fd >= 0)
		close(options->listening_fd);
}

int handover_offer(const struct handover_options *options, struct handover **ret_handover,
		   struct err *err)
{
	struct handover *h = calloc(1, sizeof(*h));
	int rc;

	if (h == NULL) {
		close_listening(options);
		return err_set(err, E_NOMEM, "no memory for a socket");
	}
	h->options = *options;
	rc = private_socket_init(&h->socket, options->path, SUFFIX, SOCK_SEQPACKET, err);
	if (rc == 0)
		rc = listen_by(h, err);
	else
		close_listening(options);
	if (rc != 0) {
		handover_destroy(h);
		return rc;
	}
	*ret_handover = h;
	return 0;
}

bool handover_check(struct handover *h)
{
	struct err err = {""};
	int rc;

	if (h->io != NULL)
		reactor_io_set(h->io, REACTOR_READ);
	if (h->io != NULL &&
	    (private_socket_is_ours(&h->socket) || private_socket_is_served(&h->socket)))
		return false;
	rc = listen_anew(h, &err);
	if (rc != 0 && !h->failed)
		log_line(LOG_LEVEL_WARN, "%s", err_message(&err, rc));
	h->failed = rc != 0;
	return rc == 0;
}

int handover_listening(const struct handover *h, uint64_t *ret_inode)
{
	*ret_inode = (uint64_t)h->socket.ino;
	return h->io != NULL ? h->socket.fd : -1;
}

const char *handover_path(const struct handover *h)
{
	return h->options.path;
}

void handover_destroy(struct handover *h)
{
	if (h == NULL)
		return;
	reactor_io_destroy(h->io);
	private_socket_fini(&h->socket);
	free(h);
}
