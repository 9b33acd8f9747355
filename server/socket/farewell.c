#include "server/socket/farewell.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/reactor.h"

#define LINGER 5.0 /* seconds, as a session's */
#define TICK 1.0   /* seconds */
#define MOST 256   /* at a time */

struct guest {
	TAILQ_ENTRY(guest) place;
	int fd;
	struct reactor_io *io;
	double until;
};

/* The oldest first. */
static TAILQ_HEAD(, guest) guests = TAILQ_HEAD_INITIALIZER(guests);
static size_t guest_count;
static struct reactor_timer *tick; /* NULL = nobody is here */

static void see_off(struct guest *guest)
{
	TAILQ_REMOVE(&guests, guest, place);
	guest_count--;
	reactor_io_destroy(guest->io);
	close(guest->fd);
	free(guest);
}

static void on_ready(void *user, int ready)
{
	struct guest *guest = user;
	char ignored[4096];
	ssize_t n = recv(guest->fd, ignored, sizeof(ignored), MSG_DONTWAIT);

	(void)ready;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		see_off(guest);
}

static void on_tick(void *user)
{
	double now = reactor_now();
	struct guest *first;

	(void)user;
	while ((first = TAILQ_FIRST(&guests)) != NULL && first->until <= now)
		see_off(first);
	if (first == NULL)
		reactor_timer_stop(tick);
}

static int begin_ticking(struct reactor *reactor)
{
	if (tick == NULL)
		tick = reactor_timer_create(reactor, on_tick, NULL);
	if (tick == NULL)
		return -1;
	if (TAILQ_EMPTY(&guests))
		reactor_timer_start(tick, TICK, 1);
	return 0;
}

void farewell_say(struct reactor *reactor, int fd)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	(void)send(fd, "\x94", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	if (guest != NULL && begin_ticking(reactor) == 0)
		guest->io = reactor_io_create(reactor, fd, on_ready, guest);
	if (guest == NULL || guest->io == NULL) {
		free(guest);
		close(fd);
		return;
	}
	if (guest_count == MOST)
		see_off(TAILQ_FIRST(&guests));
	guest->fd = fd;
	guest->until = reactor_now() + LINGER;
	TAILQ_INSERT_TAIL(&guests, guest, place);
	guest_count++;
	reactor_io_set(guest->io, REACTOR_READ);
}

void farewell_fini(void)
{
	while (!TAILQ_EMPTY(&guests))
		see_off(TAILQ_FIRST(&guests));
	reactor_timer_destroy(tick);
	tick = NULL;
}
