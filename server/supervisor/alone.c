#include "server/supervisor/alone.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/confine/mark.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/registry/handover.h"
#include "server/worker.h"
#include "server/worker_adopt.h"

#define TICK 0.02         /* seconds between two looks at who else serves */
#define OFFER_TICK 0.1    /* seconds between two looks at our offers */
#define ACCEPTS_AT_ONCE 8 /* other workers may listen, too */

/* ---- sockets ---- */

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void close_socket(struct alone_socket *socket)
{
	reactor_io_destroy(socket->io);
	registry_offers_fini(&socket->offers);
	close_fd(socket->offer_fd);
	close_fd(socket->fd);
	free(socket->path);
	free(socket);
}

static struct alone_socket *find(const struct alone *a, const char *path)
{
	struct alone_socket *socket = a->sockets;

	while (socket != NULL && strcmp(socket->path, path) != 0)
		socket = socket->next;
	return socket;
}

static struct alone_socket *add(struct alone *a, const char *path)
{
	struct alone_socket *socket = calloc(1, sizeof(*socket));

	if (socket == NULL)
		return NULL;
	socket->path = strdup(path);
	if (socket->path == NULL) {
		free(socket);
		return NULL;
	}
	socket->alone = a;
	socket->fd = socket->offer_fd = -1;
	socket->next = a->sockets;
	a->sockets = socket;
	return socket;
}

int alone_listen(struct alone *a, const char *path, int fd, uint64_t inode, enum on_error on_error)
{
	struct alone_socket *socket = find(a, path);

	if (socket == NULL)
		socket = add(a, path);
	if (socket == NULL) {
		close(fd);
		return -E_NOMEM;
	}
	close_fd(socket->fd);
	socket->fd = fd;
	socket->inode = inode;
	socket->on_error = on_error;
	return 0;
}

void alone_offer(struct alone *a, const char *path, int fd, uint64_t inode)
{
	struct alone_socket *socket = find(a, path);

	if (socket == NULL) {
		close(fd);
		return;
	}
	close_fd(socket->offer_fd);
	socket->offer_fd = fd;
	socket->offer_inode = inode;
}

static bool is_welcome(const struct alone *a, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (mark_is_on_peer(fd))
		return false;
	return a->config->allowed_uids == NULL ||
	       (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
		user_list_has(&a->allowed, peer.uid));
}

static bool accept_one(struct alone_socket *socket)
{
	struct alone *a = socket->alone;
	int fd = accept4(socket->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		worker_adopt(a->worker, fd, socket->on_error,
			     is_welcome(a, fd) ? WORKER_SERVE : WORKER_REFUSE);
	return fd >= 0;
}

static void on_acceptable(void *user, int ready)
{
	int n = 0;

	(void)ready;
	while (n < ACCEPTS_AT_ONCE && accept_one(user))
		n++;
}

static int watch(struct alone *a)
{
	for (struct alone_socket *socket = a->sockets; socket != NULL; socket = socket->next) {
		socket->io = reactor_io_create(a->reactor, socket->fd, on_acceptable, socket);
		if (socket->io == NULL)
			return -E_NOMEM;
		reactor_io_set(socket->io, REACTOR_READ);
	}
	return 0;
}

static bool is_ours(const struct alone_socket *socket)
{
	struct stat st;

	return stat(socket->path, &st) != 0 || (uint64_t)st.st_ino == socket->inode;
}

/* Who connected before the file was replaced is still served. */
static bool is_superseded(const struct alone *a)
{
	for (struct alone_socket *socket = a->sockets; socket != NULL; socket = socket->next) {
		if (is_ours(socket))
			return false;
		while (accept_one(socket))
			;
	}
	return true;
}

/* ---- the end ---- */

static void leave(struct alone *a, const char *why)
{
	log_line(LOG_LEVEL_NOTICE, "worker leaves: %s", why);
	a->leaves = true;
	worker_leave(a->worker);
	a->leave_at = reactor_now() + a->config->drain_timeout;
}

/* Also without a connection an event may go on, as long as a successor may bring its next step. */
static void check_leaving(struct alone *a, double now)
{
	bool may_come = a->passages.list != NULL && worker_events(a->worker) > 0;
	bool is_busy = worker_connections(a->worker) > 0 || worker_is_busy(a->worker) || may_come;

	if (!is_busy || now >= a->leave_at)
		reactor_stop(a->reactor);
	else
		worker_retire(a->worker);
}

static void offer(struct alone *a)
{
	for (struct alone_socket *socket = a->sockets; socket != NULL; socket = socket->next) {
		const struct handover_options options = {
			.reactor = a->reactor,
			.path = socket->path,
			.fd = registry_fd(a->registry),
			.listening_fd = socket->offer_fd,
			.inode = socket->offer_inode,
			.may_answer = alone_passages_may_add,
			.on_successor = alone_passages_add,
			.user = &a->passages,
		};

		socket->offer_fd = -1;
		registry_offer_by(&socket->offers, &options);
	}
}

static void check_offers(struct alone *a, double now)
{
	if (now - a->checked_at < OFFER_TICK)
		return;
	a->checked_at = now;
	for (struct alone_socket *socket = a->sockets; socket != NULL; socket = socket->next)
		registry_offers_check(&socket->offers);
}

static void on_tick(void *user)
{
	struct alone *a = user;
	double now = reactor_now();

	alone_passages_check(&a->passages);
	if (worker_connections(a->worker) > 0)
		a->connected_at = now;
	if (a->leaves)
		check_leaving(a, now);
	else if (is_superseded(a))
		leave(a, "a successor serves all sockets");
	else if (now - a->connected_at > a->config->orphan_timeout)
		leave(a, "nobody is connected any more");
	else
		check_offers(a, now);
}

int alone_begin(struct alone *a, struct err *err)
{
	int rc = 0;

	log_line(LOG_LEVEL_WARN, "the supervisor is gone: serving until nobody is connected, or a "
				 "successor takes over");
	a->is_alone = true;
	a->worker->is_alone = true;
	a->connected_at = reactor_now();
	a->passages = (struct alone_passages){.reactor = a->reactor, .worker = a->worker};
	if (a->config->allowed_uids != NULL)
		rc = user_list_init(&a->allowed, a->config->allowed_uids, err);
	a->tick = reactor_timer_create(a->reactor, on_tick, a);
	if (rc == 0)
		rc = a->tick != NULL ? watch(a) : -E_NOMEM;
	if (rc != 0)
		return rc;
	offer(a);
	reactor_timer_start(a->tick, TICK, 1);
	return rc;
}

void alone_fini(struct alone *a)
{
	alone_passages_fini(&a->passages);
	while (a->sockets != NULL) {
		struct alone_socket *socket = a->sockets;

		a->sockets = socket->next;
		close_socket(socket);
	}
	reactor_timer_destroy(a->tick);
	user_list_fini(&a->allowed);
}
