/* remote_link.c - the ZeroMQ socket to one program. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "plugins/remote/remote_impl.h"
#include "plugins/remote/remote_zmq.h"
#include "protocol/err.h"
#include "protocol/limits.h"
#include "protocol/value.h"

#define LINGER 1000        /* milliseconds for the last messages to go out */
#define LEAVE_WITHIN 2000  /* milliseconds for the program to end */
#define DEATH_WITHIN 500   /* milliseconds that a dead program may outlive its connection by */
#define SEND_QUEUE 16384   /* messages: those of instances, which need no credit */
#define GATHER 65536       /* bytes; beyond, ZeroMQ's share is small */
#define RECEIVE_QUEUE 1024 /* messages that it may be ahead of us; then its sends wait */
#define HANDSHAKE_WITHIN \
	5000 /* milliseconds; who has not come in then holds no descriptor any more */

/* ---- messages ---- */

void remote_message_init(struct remote_message *m)
{
	*m = (struct remote_message){0};
	arena_init(&m->arena, LIMIT_EVENT_MEMORY);
	zmq.zmq_msg_init(&m->bytes);
}

void remote_message_fini(struct remote_message *m)
{
	zmq.zmq_msg_close(&m->bytes);
	arena_fini(&m->arena);
}

void remote_message_move(struct remote_message *to, struct remote_message *from)
{
	struct arena spare = to->arena;

	arena_reset(&spare);
	zmq.zmq_msg_move(&to->bytes, &from->bytes);
	to->arena = from->arena;
	to->envelope = from->envelope;
	from->arena = spare;
}

/* ---- making one ---- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(const char *what, struct err *err)
{
	return err_set(err, E_IO, "ZeroMQ: %s: %s", what, zmq.zmq_strerror(zmq.zmq_errno()));
}

static bool set_int(void *socket, int option, int value)
{
	return zmq.zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

static bool set_options(void *socket, const struct remote_program *program, int listen_fd)
{
	int64_t message_max = (int64_t)program->message_max;

	return zmq.zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof(message_max)) == 0 &&
	       set_int(socket, ZMQ_ROUTER_MANDATORY, 1) && set_int(socket, ZMQ_LINGER, LINGER) &&
	       set_int(socket, ZMQ_SNDHWM, SEND_QUEUE) &&
	       set_int(socket, ZMQ_RCVHWM, RECEIVE_QUEUE) && set_int(socket, ZMQ_IPV6, 1) &&
	       set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_WITHIN) &&
	       set_int(socket, ZMQ_USE_FD, listen_fd);
}

/* The socket listens already. */
static int open_socket(struct remote_link *link, const struct remote_program *program,
		       struct err *err)
{
	size_t size = sizeof(link->fd);
	int listen_fd, rc;

	link->context = zmq.zmq_ctx_new();
	link->socket = link->context != NULL ? zmq.zmq_socket(link->context, ZMQ_ROUTER) : NULL;
	if (link->socket == NULL)
		return fail("no socket", err);
	rc = remote_guard_init(&link->guard, program->keys, link->context, link->socket, err);
	if (rc != 0)
		return rc;
	listen_fd = fcntl(program->listen_fd, F_DUPFD_CLOEXEC, 0);
	if (listen_fd < 0 || !set_options(link->socket, program, listen_fd) ||
	    zmq.zmq_bind(link->socket, program->endpoint) != 0 ||
	    zmq.zmq_getsockopt(link->socket, ZMQ_FD, &link->fd, &size) != 0)
		return fail("can't listen", err);
	return 0;
}

int remote_link_init(struct remote_link *link, const struct remote_program *program,
		     const struct plugin *plugin, struct err *err)
{
	*link = (struct remote_link){
		.pidfd = program->pidfd < 0 ? -1 : fcntl(program->pidfd, F_DUPFD_CLOEXEC, 0),
		.guard = {.plugin = plugin},
		.patience = program->patience,
		.until = now() + program->patience,
		.message_max = program->message_max,
	};
	if (link->pidfd < 0 && program->pidfd >= 0)
		return err_set(err, E_IO, "can't watch a program: %s", strerror(errno));
	return open_socket(link, program, err);
}

static bool ends_within(const struct remote_link *link, long milliseconds)
{
	zmq_pollitem_t ended = {.fd = link->pidfd, .events = ZMQ_POLLIN};

	return zmq.zmq_poll(&ended, 1, milliseconds) == 1;
}

static void wait_for_end(const struct remote_link *link)
{
	if (ends_within(link, LEAVE_WITHIN))
		waitid(P_PIDFD, (id_t)link->pidfd, &(siginfo_t){0}, WEXITED | WNOHANG);
}

void remote_link_fini(struct remote_link *link)
{
	if (link->context == NULL)
		return;
	if (link->socket != NULL && link->peer_len > 0 && link->pidfd >= 0)
		wait_for_end(link);
	if (link->socket != NULL)
		zmq.zmq_close(link->socket);
	if (link->taken > 0)
		zmq.zmq_msg_close(&link->several);
	remote_guard_fini(&link->guard);
	zmq.zmq_ctx_term(link->context);
	if (link->pidfd >= 0)
		close(link->pidfd);
	buf_fini(&link->out);
	*link = (struct remote_link){0};
}

void remote_link_describe_end(const struct remote_link *link, char *text, size_t size)
{
	siginfo_t info = {0};

	*text = '\0';
	if (link->pidfd < 0)
		return;
	if (waitid(P_PIDFD, (id_t)link->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	    info.si_pid == 0)
		return;
	if (info.si_code == CLD_EXITED)
		snprintf(text, size, "ended with exit code %d", info.si_status);
	else
		snprintf(text, size, "was ended by signal %d, %s", info.si_status,
			 strsignal(info.si_status));
}

/* ---- receiving ---- */

/* What is left of the message whose first parts were received. */
static void drop_rest(const struct remote_link *link)
{
	int more = 0;
	size_t size = sizeof(more);
	zmq_msg_t spare;

	zmq.zmq_msg_init(&spare);
	while (zmq.zmq_getsockopt(link->socket, ZMQ_RCVMORE, &more, &size) == 0 && more != 0 &&
	       zmq.zmq_msg_recv(&spare, link->socket, ZMQ_DONTWAIT) >= 0)
		;
	zmq.zmq_msg_close(&spare);
}

/* It may try again, when ours has gone. */
static void send_away(const struct remote_link *link, const char *peer, size_t n)
{
	struct buf leave = {0};

	drop_rest(link);
	if (remote_envelope_write(&leave, &(struct remote_envelope){.type = REMOTE_LEAVE}) == 0 &&
	    zmq.zmq_send(link->socket, peer, n, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
		zmq.zmq_send(link->socket, buf_head(&leave), buf_len(&leave), ZMQ_DONTWAIT);
	buf_fini(&leave);
}

bool remote_link_dismiss(struct remote_link *link)
{
	if (link->pidfd >= 0)
		return false;
	if (link->peer_len > 0)
		send_away(link, link->peer, link->peer_len);
	link->peer_len = 0;
	link->gather = 0;
	return true;
}

/* The first part is who sends: ZeroMQ's own name of the program. 1, REMOTE_ANOTHER, 0 when there is nothing. */
static int receive_peer(struct remote_link *link, struct err *err)
{
	char peer[REMOTE_PEER_MAX];
	int n = zmq.zmq_recv(link->socket, peer, sizeof(peer), ZMQ_DONTWAIT);

	if (n < 0)
		return zmq.zmq_errno() == EAGAIN || zmq.zmq_errno() == EINTR ? 0
									     : fail("receive", err);
	if (n == 0 || (size_t)n > sizeof(peer))
		return err_set(err, E_MALFORMED, "a message has no sender");
	if (link->peer_len == 0) {
		memcpy(link->peer, peer, (size_t)n);
		link->peer_len = (size_t)n;
	}
	if (link->peer_len == (size_t)n && memcmp(link->peer, peer, (size_t)n) == 0)
		return 1;
	if (link->pidfd >= 0)
		return err_set(err, E_MALFORMED, "it has connected a second time");
	send_away(link, peer, (size_t)n);
	return REMOTE_ANOTHER;
}

static int receive_bytes(struct remote_link *link, zmq_msg_t *ret, struct err *err)
{
	int rc = receive_peer(link, err);

	if (rc != 1)
		return rc;
	if (zmq.zmq_msg_recv(ret, link->socket, ZMQ_DONTWAIT) < 0)
		return fail("receive", err);
	if (zmq.zmq_msg_more(ret))
		return err_set(err, E_MALFORMED, "a message has several parts");
	return 1;
}

/* ZeroMQ's copies share what is not tiny. */
static int keep(struct remote_link *link, zmq_msg_t *bytes, size_t taken, struct err *err)
{
	if (link->gather == 0)
		return err_set(err, E_MALFORMED, "a message has several envelopes");
	zmq.zmq_msg_init(&link->several);
	if (zmq.zmq_msg_copy(&link->several, bytes) != 0)
		return fail("copy", err);
	link->taken = taken;
	return 0;
}

static int pass_over(struct remote_link *link, zmq_msg_t *bytes, size_t n, struct err *err)
{
	size_t size = zmq.zmq_msg_size(bytes);

	if (link->taken == 0)
		return n < size ? keep(link, bytes, n, err) : 0;
	link->taken += n;
	if (link->taken < size)
		return 0;
	zmq.zmq_msg_close(&link->several);
	link->taken = 0;
	return 0;
}

static int read_next(struct remote_link *link, struct remote_message *ret, struct err *err)
{
	const unsigned char *bytes = zmq.zmq_msg_data(&ret->bytes);
	size_t n;
	int rc;

	arena_reset(&ret->arena);
	rc = remote_envelope_read(bytes + link->taken, zmq.zmq_msg_size(&ret->bytes) - link->taken,
				  &ret->arena, &ret->envelope, &n, err);
	return rc == 0 ? pass_over(link, &ret->bytes, n, err) : rc;
}

int remote_link_receive(struct remote_link *link, struct remote_message *ret, struct err *err)
{
	int rc = 1;

	if (link->taken > 0)
		rc = zmq.zmq_msg_copy(&ret->bytes, &link->several) == 0 ? 1 : fail("copy", err);
	else
		rc = receive_bytes(link, &ret->bytes, err);
	if (rc != 1)
		return rc;
	rc = read_next(link, ret, err);
	return rc == 0 ? 1 : rc;
}

/* Whoever comes in vain again and again is no reason to wait for longer. */
static int check_patience(const struct remote_link *link, struct err *err)
{
	if (link->pidfd >= 0 || now() < link->until)
		return 0;
	return err_set(err, E_ABSENT, "no program has come within %.3gs", link->patience);
}

/* Its end, too; and what guards the socket. */
static int wait_for_word(struct remote_link *link, struct err *err)
{
	zmq_pollitem_t items[4] = {{.socket = link->socket, .events = ZMQ_POLLIN}};
	size_t n = 1 + remote_guard_items(&link->guard, &items[1]);
	double left = link->until - now();
	char end[96];

	if (link->pidfd >= 0)
		items[n++] = (zmq_pollitem_t){.fd = link->pidfd, .events = ZMQ_POLLIN};
	else if (left < 0)
		left = 0;
	if (zmq.zmq_poll(items, (int)n, link->pidfd >= 0 ? -1 : (long)(left * 1000) + 1) < 0 &&
	    zmq.zmq_errno() != EINTR)
		return fail("wait", err);
	remote_guard_look(&link->guard);
	remote_link_describe_end(link, end, sizeof(end));
	if (*end != '\0')
		return err_set(err, E_PLUGIN, "its program %s before it said anything", end);
	return 0;
}

int remote_link_wait(struct remote_link *link, struct remote_message *ret, struct err *err)
{
	int rc = check_patience(link, err);

	while (rc == 0) {
		rc = remote_link_receive(link, ret, err);
		if (rc == 1)
			return 0;
		if (rc == 0 || rc == REMOTE_ANOTHER)
			rc = wait_for_word(link, err);
		if (rc == 0)
			rc = check_patience(link, err);
	}
	return rc;
}

/* ---- sending ---- */

/* The kernel closes the files of a killed process before it tells of its end. Who asks how the program ended is to be
 * told, and nothing can be done with the link meanwhile. */
static int fail_as_closed(const struct remote_link *link, struct err *err)
{
	if (link->pidfd >= 0)
		ends_within(link, DEATH_WITHIN);
	return err_set(err, E_CLOSED, "has closed its connection");
}

static int fail_to_send(const struct remote_link *link, struct err *err)
{
	if (zmq.zmq_errno() == EAGAIN)
		return err_set(err, E_LIMIT, "does not read what it is sent");
	if (zmq.zmq_errno() == EHOSTUNREACH)
		return fail_as_closed(link, err);
	return err_set(err, E_IO, "can't be reached: %s", zmq.zmq_strerror(zmq.zmq_errno()));
}

int remote_link_send(struct remote_link *link, const struct remote_envelope *envelope,
		     struct err *err)
{
	int rc = remote_envelope_write(&link->out, envelope);

	if (rc != 0)
		return err_set(err, (enum err_code)(-rc), "a message can't be made: %s",
			       err_text(rc));
	return buf_len(&link->out) < link->gather ? 0 : remote_link_flush(link, err);
}

static int send_out(struct remote_link *link, struct err *err)
{
	if (zmq.zmq_send(link->socket, link->peer, link->peer_len, ZMQ_SNDMORE | ZMQ_DONTWAIT) <
		    0 ||
	    zmq.zmq_send(link->socket, buf_head(&link->out), buf_len(&link->out), ZMQ_DONTWAIT) < 0)
		return fail_to_send(link, err);
	return 0;
}

int remote_link_flush(struct remote_link *link, struct err *err)
{
	int rc = buf_len(&link->out) > 0 ? send_out(link, err) : 0;

	buf_consume(&link->out, buf_len(&link->out));
	return rc;
}

void remote_link_gather(struct remote_link *link)
{
	link->gather = link->message_max < GATHER ? link->message_max : GATHER;
}
