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
#include "server/reactor.h"
#include "server/socket/private_socket.h"

#define SUFFIX ".next"
#define WAIT_MAX 60.0 /* seconds */
#define FDS_MAX 8     /* of a message; a good one has one */

static const char greeting[] = "outrigger-registry-1";

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

		rc = poll(&polled, 1, left > 0 ? (int)(fmin(left, WAIT_MAX) * 1000) + 1 : 0);
	} while (rc < 0 && errno == EINTR);
	if (rc <= 0)
		return err_set(err, E_TIMEOUT, "it does not answer");
	return receive(socket, ret_fd, err);
}

int handover_ask(const char *path, double until, struct handover_answer *ret, struct err *err)
{
	struct private_socket place;
	struct handover_answer answer = {-1, -1};
	int rc = private_socket_init(&place, path, SUFFIX, SOCK_SEQPACKET, err);

	if (rc != 0)
		return rc;
	answer.connection_fd = private_socket_connect(&place, err);
	if (answer.connection_fd < 0)
		rc = answer.connection_fd;
	else if (!private_socket_may_talk(answer.connection_fd))
		rc = err_set(err, E_MALFORMED, "another user listens there");
	else
		rc = wait_and_receive(answer.connection_fd, until, &answer.registry_fd, err);
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
	memcpy(CMSG_DATA(c), &h->options.fd, sizeof(int));
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
	int fd = accept4(h->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ready;
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
