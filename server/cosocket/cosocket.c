#include "server/cosocket/cosocket.h"
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/cosocket/cosocket_address.h"
#include "server/cosocket/cosocket_name.h"
#include "server/cosocket/cosocket_pool.h"
#include "server/cosocket/cosocket_tls.h"
#include "server/reactor.h"

/* ---- errors ---- */

int cosocket_fail(int number, struct err *err)
{
	char text[128];
	const char *words = strerror(number);
	size_t i;

	for (i = 0; i < sizeof(text) - 1 && words[i] != '\0'; i++)
		text[i] = (char)tolower((unsigned char)words[i]);
	text[i] = '\0';
	err_write(err, "%s", text);
	return COSOCKET_FAILED;
}

int cosocket_refuse(int number, struct err *err)
{
	if (number != EPERM)
		return cosocket_fail(number, err);
	err_write(err, "operation not permitted: the plugin's network is off");
	return COSOCKET_FAILED;
}

/* What the last call on a descriptor has come to. */
static int status_of(int number, int wanted, struct err *err)
{
	if (number == EAGAIN || number == EWOULDBLOCK || number == EINPROGRESS)
		return wanted;
	return cosocket_fail(number, err);
}

/* ---- a descriptor ---- */

static void on_ready(void *user, int ready)
{
	struct cosocket *s = user;

	if (s->fn != NULL)
		s->fn(s->user, ready);
	else
		reactor_io_set(s->io, 0);
}

void cosocket_listen(struct cosocket *s, void (*fn)(void *user, int ready), void *user)
{
	s->fn = fn;
	s->user = user;
}

void cosocket_watch(struct cosocket *s, int events)
{
	reactor_io_set(s->io, events);
}

void cosocket_close(struct cosocket *s)
{
	if (s == NULL)
		return;
	reactor_io_destroy(s->io);
	cosocket_tls_end(s);
	close(s->fd);
	free(s);
}

/* Datagrams of Unix sockets are answered to a name, which the system makes up. */
static int name_ourselves(const struct cosocket *s)
{
	const sa_family_t family = AF_UNIX;

	if (!s->is_datagram || !s->is_bound_to_file)
		return 0;
	return bind(s->fd, (const struct sockaddr *)&family, sizeof(family));
}

static struct cosocket *create(struct cosocket_home *home, int fd,
			       const struct cosocket_place *place)
{
	struct cosocket *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	*s = (struct cosocket){.home = home,
			       .fd = fd,
			       .is_datagram = place->is_datagram,
			       .is_bound_to_file = place->path != NULL};
	s->io = reactor_io_create(home->reactor, fd, on_ready, s);
	if (s->io != NULL)
		return s;
	free(s);
	return NULL;
}

static int begin(const struct cosocket *s, const struct cosocket_address *address, struct err *err)
{
	int on = 1;

	if (!s->is_datagram && !s->is_bound_to_file)
		setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (name_ourselves(s) == 0 && connect(s->fd, &address->any, address->length) == 0)
		return COSOCKET_DONE;
	return status_of(errno, COSOCKET_WRITE, err);
}

static int cosocket_open(struct cosocket_home *home, const struct cosocket_place *place,
			 struct cosocket **ret, struct err *err)
{
	int type = place->is_datagram ? SOCK_DGRAM : SOCK_STREAM;
	struct cosocket_address address;
	struct cosocket *s;
	int fd, status;

	if (!cosocket_address_fill(&address, place)) {
		err_write(err, "bad address");
		return COSOCKET_FAILED;
	}
	fd = socket(address.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return cosocket_refuse(errno, err);
	s = create(home, fd, place);
	if (s == NULL) {
		close(fd);
		err_write(err, "no memory");
		return COSOCKET_FAILED;
	}
	status = begin(s, &address, err);
	if (status == COSOCKET_FAILED)
		cosocket_close(s);
	else
		*ret = s;
	return status;
}

static int cosocket_connected(const struct cosocket *s, struct err *err)
{
	int number = 0;
	socklen_t n = sizeof(number);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &number, &n) != 0)
		number = errno;
	return number == 0 ? COSOCKET_DONE : cosocket_fail(number, err);
}

/* ---- bytes ---- */

static int cosocket_read(struct cosocket *s, void *to, size_t room, size_t *ret_n, struct err *err)
{
	ssize_t n;

	if (s->tls != NULL)
		return cosocket_tls_read(s, to, room, ret_n, err);
	do
		n = recv(s->fd, to, room, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return status_of(errno, COSOCKET_READ, err);
	if (n == 0 && !s->is_datagram)
		return COSOCKET_END;
	*ret_n = (size_t)n;
	return COSOCKET_DONE;
}

static int cosocket_write(struct cosocket *s, const void *bytes, size_t n, size_t *ret_n,
			  struct err *err)
{
	ssize_t sent;

	if (s->tls != NULL)
		return cosocket_tls_write(s, bytes, n, ret_n, err);
	do
		sent = send(s->fd, bytes, n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return status_of(errno, COSOCKET_WRITE, err);
	*ret_n = (size_t)sent;
	return COSOCKET_DONE;
}

bool cosocket_is_quiet(const struct cosocket *s)
{
	char byte;

	return recv(s->fd, &byte, 1, MSG_PEEK) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

static int cosocket_shut(struct cosocket *s, struct err *err)
{
	return shutdown(s->fd, SHUT_WR) == 0 ? COSOCKET_DONE : cosocket_fail(errno, err);
}

/* ---- options ---- */

static const struct {
	int level, name;
} options[] = {
	[COSOCKET_KEEPALIVE] = {SOL_SOCKET, SO_KEEPALIVE},
	[COSOCKET_REUSEADDR] = {SOL_SOCKET, SO_REUSEADDR},
	[COSOCKET_NODELAY] = {IPPROTO_TCP, TCP_NODELAY},
	[COSOCKET_SNDBUF] = {SOL_SOCKET, SO_SNDBUF},
	[COSOCKET_RCVBUF] = {SOL_SOCKET, SO_RCVBUF},
};

/* With the capital letters that nginx leaves in these. */
static int fail_option(int number, struct err *err)
{
	err_write(err, "%s", strerror(number));
	return COSOCKET_FAILED;
}

static int cosocket_get_option(const struct cosocket *s, enum cosocket_option option, int *ret,
			       struct err *err)
{
	socklen_t n = sizeof(*ret);

	if (getsockopt(s->fd, options[option].level, options[option].name, ret, &n) == 0)
		return COSOCKET_DONE;
	return fail_option(errno, err);
}

static int cosocket_set_option(const struct cosocket *s, enum cosocket_option option, int value,
			       struct err *err)
{
	if (setsockopt(s->fd, options[option].level, options[option].name, &value, sizeof(value)) ==
	    0)
		return COSOCKET_DONE;
	return fail_option(errno, err);
}

/* ---- all of it ---- */

void cosocket_home_init(struct cosocket_home *home, struct reactor *reactor,
			const struct config *config)
{
	home->reactor = reactor;
	home->config = config;
	home->sockets = (struct sockets){
		.home = home,
		.pool_size = config->lua_socket_pool_size,
		.open = cosocket_open,
		.connected = cosocket_connected,
		.listen = cosocket_listen,
		.watch = cosocket_watch,
		.read = cosocket_read,
		.write = cosocket_write,
		.handshake = cosocket_tls_handshake,
		.has_tls = cosocket_tls_is_done,
		.session = cosocket_tls_session,
		.session_free = cosocket_tls_session_free,
		.is_quiet = cosocket_is_quiet,
		.shut = cosocket_shut,
		.get_option = cosocket_get_option,
		.set_option = cosocket_set_option,
		.close = cosocket_close,
		.resolve = cosocket_name_resolve,
		.forget = cosocket_name_forget,
		.pools = {.create = cosocket_pools_create,
			  .destroy = cosocket_pools_destroy,
			  .find = cosocket_pool_find,
			  .add = cosocket_pool_create,
			  .take = cosocket_pool_take,
			  .put = cosocket_pool_put,
			  .enter = cosocket_pool_enter,
			  .leave = cosocket_pool_leave,
			  .wait = cosocket_pool_wait,
			  .unwait = cosocket_pool_unwait},
	};
}

void cosocket_home_fini(struct cosocket_home *home)
{
	cosocket_name_end(home);
	cosocket_tls_end_all(home);
}
