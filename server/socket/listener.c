#include "server/socket/listener.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/config/user.h"
#include "server/confine/mark.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/socket/farewell.h"

#define ACCEPTS_AT_ONCE 64 /* then others get their turn */
#define PAUSE 0.1          /* seconds without accepting when the system has no more descriptors */

struct listener {
	struct reactor *reactor;
	struct socket_file file;
	struct reactor_io *io;
	struct reactor_timer *pause;
	struct listener_options options;
	int spare_fd;   /* given up to accept, and refuse, when there is no other; -1 = none */
	bool exhausted; /* said in the log already */
	bool lost;      /* the file has vanished and can't be made again; said in the log already */
	bool handed_over; /* it is a successor's to make the file */
};

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Plugins can't call plugins. */
static bool is_plugin_code(const struct listener *l, int fd)
{
	static struct log_limit limit, limit_unknown;
	enum mark mark = mark_find_on_peer(fd);

	if (mark == MARK_PRESENT && log_is_due(&limit))
		log_line(LOG_LEVEL_ERR,
			 "%s: a process that runs plugin code is refused: plugins can't call "
			 "plugins",
			 l->file.path);
	if (mark == MARK_UNKNOWN && log_is_due(&limit_unknown))
		log_line(LOG_LEVEL_ERR,
			 "%s: a process is refused, since it can't be seen whether it runs plugin "
			 "code: it has ended, or no descriptor is left (limit of open files)",
			 l->file.path);
	return mark != MARK_ABSENT;
}

static enum listener_verdict judge(const struct listener *l, int fd)
{
	static struct log_limit limit;
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (is_plugin_code(l, fd))
		return LISTENER_STRANGER;
	if (l->options.allowed == NULL)
		return LISTENER_WELCOME;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return LISTENER_STRANGER;
	if (user_list_has(l->options.allowed, peer.uid))
		return LISTENER_WELCOME;
	if (log_is_due(&limit))
		log_line(LOG_LEVEL_ERR,
			 "%s: a process of user %u (pid %d) is refused: the user is not in "
			 "allowed_uids",
			 l->file.path, (unsigned)peer.uid, (int)peer.pid);
	return LISTENER_STRANGER;
}

static int accept_one(const struct listener *l)
{
	return accept4(l->file.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static void pause_accepting(struct listener *l)
{
	reactor_io_set(l->io, 0);
	reactor_timer_start(l->pause, PAUSE, 0);
}

/* No descriptor is left. A connection that stays in the backlog would wait for the gateway's whole
 * timeout, so one is let in and turned away. Its descriptor is the spare one until it has gone. */
static void turn_away(struct listener *l)
{
	int fd;

	if (!l->exhausted)
		log_line(
			LOG_LEVEL_ERR,
			"%s: no descriptor is left for new connections: raise the limit of open files",
			l->file.path);
	l->exhausted = true;
	if (l->spare_fd >= 0)
		close(l->spare_fd);
	fd = accept_one(l);
	if (fd >= 0)
		farewell_say(l->reactor, fd);
	l->spare_fd = open_spare();
	if (fd < 0)
		pause_accepting(l);
}

/* False when there is nothing more to accept at the moment. */
static bool take_one(struct listener *l)
{
	int fd = accept_one(l);

	if (fd >= 0) {
		l->exhausted = false;
		l->options.on_connection(l->options.user, fd, judge(l, fd));
		return true;
	}
	if (errno == ECONNABORTED || errno == EINTR)
		return true;
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		turn_away(l);
	return false;
}

static void on_ready(void *user, int ready)
{
	struct listener *l = user;
	int n = 0;

	(void)ready;
	while (n < ACCEPTS_AT_ONCE && take_one(l))
		n++;
}

static void on_pause_end(void *user)
{
	struct listener *l = user;

	if (l->io != NULL)
		reactor_io_set(l->io, REACTOR_READ);
}

static int watch(struct listener *l, struct err *err)
{
	reactor_io_destroy(l->io);
	l->io = reactor_io_create(l->reactor, l->file.fd, on_ready, l);
	if (l->io == NULL)
		return err_set(err, E_NOMEM, "no memory to listen on %s", l->file.path);
	reactor_io_set(l->io, REACTOR_READ);
	return 0;
}

static void stop_watching(struct listener *l)
{
	reactor_io_destroy(l->io);
	l->io = NULL;
}

int listener_create(struct reactor *reactor, const struct listener_options *options,
		    struct listener **ret_listener, struct err *err)
{
	struct listener *l = calloc(1, sizeof(*l));
	int rc;

	if (l == NULL)
		return err_set(err, E_NOMEM, "no memory to listen on %s", options->path);
	l->reactor = reactor;
	l->options = *options;
	l->spare_fd = open_spare();
	l->pause = reactor_timer_create(reactor, on_pause_end, l);
	rc = socket_file_init(&l->file, options->path, &options->socket, err);
	if (rc == 0)
		rc = l->pause != NULL ? watch(l, err) : -E_NOMEM;
	if (rc != 0) {
		listener_destroy(l);
		return rc;
	}
	*ret_listener = l;
	return 0;
}

void listener_destroy(struct listener *l)
{
	if (l == NULL)
		return;
	stop_watching(l);
	reactor_timer_destroy(l->pause);
	socket_file_fini(&l->file);
	if (l->spare_fd >= 0)
		close(l->spare_fd);
	free(l);
}

const char *listener_path(const struct listener *l)
{
	return l->file.path;
}

int listener_fd(const struct listener *l)
{
	return l->io != NULL ? l->file.fd : -1;
}

uint64_t listener_inode(const struct listener *l)
{
	return (uint64_t)l->file.ino;
}

/* The gateway may delete sockets in its prefix when it starts. What fails is tried again. */
static void renew(struct listener *l)
{
	struct err err = {""};
	int rc;

	stop_watching(l);
	rc = socket_file_renew(&l->file, &err);
	if (rc == 0)
		log_line(LOG_LEVEL_NOTICE, "%s had vanished and was made again", l->file.path);
	else if (!l->lost)
		log_line(LOG_LEVEL_ERR, "%s has vanished and can't be made again: %s", l->file.path,
			 err_message(&err, rc));
	l->lost = rc != 0;
	if (l->file.fd >= 0)
		watch(l, NULL);
	if (rc == 0 && l->options.on_renewed != NULL)
		l->options.on_renewed(l->options.user);
}

void listener_accept_all(struct listener *l)
{
	while (l->io != NULL && take_one(l))
		;
}

/* Who connected before the file was replaced is still served. */
static void yield_to_successor(struct listener *l)
{
	log_line(LOG_LEVEL_NOTICE, "%s is served by a successor now", l->file.path);
	listener_accept_all(l);
	stop_watching(l);
	reactor_timer_stop(l->pause);
}

bool listener_check(struct listener *l)
{
	if (l->io == NULL)
		return false;
	switch (socket_file_look(&l->file)) {
	case SOCKET_FILE_GONE:
		if (!l->handed_over)
			renew(l);
		break;
	case SOCKET_FILE_TAKEN:
		yield_to_successor(l);
		break;
	case SOCKET_FILE_OURS:
		break;
	}
	return l->io != NULL;
}

void listener_hand_over(struct listener *l)
{
	l->handed_over = true;
	socket_file_hand_over(&l->file);
}

bool listener_is_awaited(const struct listener *l)
{
	return socket_file_is_awaited(&l->file);
}
