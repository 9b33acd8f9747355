#include "server/supervisor/control.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/reactor.h"

#define READS_AT_ONCE 64 /* then others get their turn */

/* How a message begins; its text follows. */
struct head {
	uint32_t type;
	uint32_t slot;
	uint64_t number;
};

/* A message that could not be sent at once. */
struct queued {
	struct queued *next;
	struct head head;
	int fd;
	size_t text_len;
	char text[];
};

struct control {
	struct control_handler handler;
	struct reactor_io *io;
	struct queued *first, **last;
	int fd;
	bool ended;     /* the handler knows */
	bool held;      /* a function below on the stack uses it ... */
	bool destroyed; /* ... and has to free it */
};

/* Room for one descriptor. */
union passed {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int control_pair(int ret_fds[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret_fds) == 0)
		return 0;
	return err_set(err, E_IO, "can't make a pair of sockets: %s", strerror(errno));
}

/* ---- sending ---- */

static void close_passed(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void pass(struct msghdr *packet, union passed *room, int fd)
{
	struct cmsghdr *c;

	memset(room, 0, sizeof(*room));
	packet->msg_control = room->bytes;
	packet->msg_controllen = sizeof(room->bytes);
	c = CMSG_FIRSTHDR(packet);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
}

/* 0, -E_LIMIT when it has to wait, -E_CLOSED. */
static int send_one(const struct control *c, const struct head *head, int fd, const char *text,
		    size_t text_len)
{
	struct iovec parts[2] = {{(void *)head, sizeof(*head)}, {(void *)text, text_len}};
	struct msghdr packet = {.msg_iov = parts, .msg_iovlen = text_len > 0 ? 2 : 1};
	union passed room;
	ssize_t n;

	if (fd >= 0)
		pass(&packet, &room, fd);
	do
		n = sendmsg(c->fd, &packet, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	return errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS ? -E_LIMIT : -E_CLOSED;
}

static void watch(struct control *c)
{
	int events = c->ended ? 0 : REACTOR_READ;

	if (c->first != NULL && !c->ended)
		events |= REACTOR_WRITE;
	reactor_io_set(c->io, events);
}

static void drop_first(struct control *c)
{
	struct queued *q = c->first;

	c->first = q->next;
	if (c->first == NULL)
		c->last = &c->first;
	close_passed(q->fd);
	free(q);
}

static void send_queued(struct control *c)
{
	while (c->first != NULL) {
		const struct queued *q = c->first;

		if (send_one(c, &q->head, q->fd, q->text, q->text_len) == -E_LIMIT)
			return;
		drop_first(c);
	}
}

static int queue(struct control *c, const struct head *head, const struct control_msg *msg)
{
	struct queued *q = malloc(sizeof(*q) + msg->text_len);

	if (q == NULL)
		return -E_NOMEM;
	*q = (struct queued){.head = *head, .fd = -1, .text_len = msg->text_len};
	if (msg->fd >= 0) {
		q->fd = fcntl(msg->fd, F_DUPFD_CLOEXEC, 0);
		if (q->fd < 0) {
			free(q);
			return -E_LIMIT;
		}
	}
	if (msg->text_len > 0)
		memcpy(q->text, msg->text, msg->text_len);
	*c->last = q;
	c->last = &q->next;
	return 0;
}

int control_send(struct control *c, const struct control_msg *msg)
{
	const struct head head = {msg->type, msg->slot, msg->number};
	int rc = -E_LIMIT;

	if (c->ended || msg->text_len > CONTROL_TEXT_MAX)
		return c->ended ? -E_CLOSED : -E_TOO_LARGE;
	if (c->first == NULL)
		rc = send_one(c, &head, msg->fd, msg->text, msg->text_len);
	if (rc == -E_LIMIT) {
		rc = queue(c, &head, msg);
		watch(c);
	}
	return rc;
}

void control_flush(struct control *c, double until)
{
	struct pollfd writable = {.fd = c->fd, .events = POLLOUT};

	for (send_queued(c); c->first != NULL; send_queued(c)) {
		double left = until - reactor_now();

		if (left <= 0 || (poll(&writable, 1, (int)(left * 1000) + 1) < 0 && errno != EINTR))
			return;
	}
}

/* ---- receiving ---- */

static void end(struct control *c, bool broken)
{
	if (c->ended)
		return;
	c->ended = true;
	watch(c);
	c->handler.on_end(c->handler.user, broken);
}

/* The descriptor that came along; -1 = none. */
static int find_passed(struct msghdr *packet)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(packet);
	int fd = -1;

	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

/* A whole message, of a type that there is. */
static bool makes_sense(const struct msghdr *packet, size_t n, const struct head *head)
{
	return n >= sizeof(*head) && !(packet->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) &&
	       head->type < CONTROL_TYPES;
}

/* False when nothing more is to be read at the moment. */
static bool receive_one(struct control *c)
{
	static char text[CONTROL_TEXT_MAX];
	struct head head = {0};
	struct iovec parts[2] = {{&head, sizeof(head)}, {text, sizeof(text)}};
	union passed room = {0};
	struct msghdr packet = {.msg_iov = parts,
				.msg_iovlen = 2,
				.msg_control = room.bytes,
				.msg_controllen = CMSG_LEN(sizeof(int))}; /* the rest is padding */
	struct control_msg msg;
	ssize_t n = recvmsg(c->fd, &packet, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	msg.fd = n > 0 ? find_passed(&packet) : -1;
	if (n <= 0 || !makes_sense(&packet, (size_t)n, &head)) {
		close_passed(msg.fd);
		end(c, n > 0);
		return false;
	}
	msg = (struct control_msg){head.type, head.slot, head.number,
				   msg.fd,    text,      (size_t)n - sizeof(head)};
	c->handler.on_message(c->handler.user, &msg);
	return true;
}

static void destroy(struct control *c)
{
	reactor_io_destroy(c->io);
	while (c->first != NULL)
		drop_first(c);
	close(c->fd);
	free(c);
}

/* Hands on at most `max` messages. */
static void receive(struct control *c, int max)
{
	bool was_held = c->held; /* a handler may look for more */

	c->held = true;
	while (max-- > 0 && !c->destroyed && !c->ended && receive_one(c))
		;
	c->held = was_held;
	if (!c->destroyed)
		watch(c);
	else if (!was_held)
		destroy(c);
}

static void on_ready(void *user, int ready)
{
	struct control *c = user;

	if (ready & REACTOR_WRITE)
		send_queued(c);
	receive(c, ready & REACTOR_READ ? READS_AT_ONCE : 0);
}

void control_receive(struct control *c)
{
	receive(c, INT_MAX);
}

struct control *control_create(struct reactor *reactor, int fd,
			       const struct control_handler *handler)
{
	struct control *c = calloc(1, sizeof(*c));

	if (c != NULL)
		c->io = reactor_io_create(reactor, fd, on_ready, c);
	if (c == NULL || c->io == NULL) {
		free(c);
		close(fd);
		return NULL;
	}
	c->handler = *handler;
	c->fd = fd;
	c->last = &c->first;
	watch(c);
	return c;
}

void control_destroy(struct control *c)
{
	if (c == NULL)
		return;
	if (c->held)
		c->destroyed = true;
	else
		destroy(c);
}
