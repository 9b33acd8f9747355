#include "server/reactor.h"
#include <ev.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include "protocol/lines.h"
#include "server/reactor_edge.h"
#include "server/reactor_wait.h"

struct reactor {
	struct ev_loop *loop;
	struct reactor_wait wait;
	struct reactor_io *due;
};

struct reactor_io {
	_Alignas(LINE) ev_io watcher; /* first; what each event needs is on one line */
	void (*fn)(void *user, int ready);
	void *user;
	struct ev_loop *loop;
	bool is_edge; /* told once of each change */
};

struct reactor_timer {
	ev_timer watcher; /* first */
	struct ev_loop *loop;
	void (*fn)(void *user);
	void *user;
};

struct reactor_later {
	ev_prepare watcher; /* first */
	ev_idle awake;      /* as long as it is active, the loop does not wait */
	struct ev_loop *loop;
	void (*fn)(void *user);
	void *user;
	bool is_called;
};

struct reactor_signal {
	ev_signal watcher; /* first */
	struct ev_loop *loop;
	void (*fn)(void *user, int signum);
	void *user;
};

static _Thread_local double last_exact;

static void on_due(void *user, int ready)
{
	(void)ready;
	reactor_wait_on_due(user);
}

static void before_wait(struct ev_loop *loop) EV_NOEXCEPT
{
	reactor_wait_begin(&((struct reactor *)ev_userdata(loop))->wait);
}

static void after_wait(struct ev_loop *loop) EV_NOEXCEPT
{
	(void)loop;
	reactor_wait_end();
}

/* The loop may end though it watches that. */
static int watch_due(struct reactor *r)
{
	reactor_wait_init(&r->wait);
	if (r->wait.timer_fd < 0)
		return 0;
	ev_set_userdata(r->loop, r);
	ev_set_loop_release_cb(r->loop, before_wait, after_wait);
	r->due = reactor_io_create(r, r->wait.timer_fd, on_due, &r->wait);
	if (r->due == NULL)
		return -1;
	reactor_io_set(r->due, REACTOR_READ);
	ev_unref(r->loop);
	return 0;
}

struct reactor *reactor_create(void)
{
	struct reactor *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->loop = ev_loop_new(EVFLAG_AUTO);
	if (r->loop != NULL && watch_due(r) == 0)
		return r;
	reactor_destroy(r);
	return NULL;
}

void reactor_destroy(struct reactor *r)
{
	if (r == NULL)
		return;
	if (r->due != NULL) {
		ev_ref(r->loop);
		reactor_io_destroy(r->due);
	}
	if (r->loop != NULL) {
		reactor_wait_fini(&r->wait);
		ev_loop_destroy(r->loop);
	}
	free(r);
}

void reactor_run(struct reactor *r)
{
	ev_run(r->loop, 0);
}

void reactor_stop(struct reactor *r)
{
	ev_break(r->loop, EVBREAK_ALL);
}

static double read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double reactor_now(void)
{
	return read_clock(CLOCK_MONOTONIC_COARSE);
}

double reactor_now_exact(void)
{
	return last_exact = read_clock(CLOCK_MONOTONIC);
}

double reactor_now_last(void)
{
	return last_exact;
}

static void on_io(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct reactor_io *io = (struct reactor_io *)watcher;
	int ready = 0;

	(void)loop;
	if (revents & EV_READ)
		ready |= REACTOR_READ;
	if (revents & EV_WRITE)
		ready |= REACTOR_WRITE;
	io->fn(io->user, ready);
}

struct reactor_io *reactor_io_create(struct reactor *r, int fd, void (*fn)(void *user, int ready),
				     void *user)
{
	struct reactor_io *io = lines_alloc(sizeof(*io));

	if (io == NULL)
		return NULL;
	io->loop = r->loop;
	io->fn = fn;
	io->user = user;
	ev_io_init(&io->watcher, on_io, fd, 0);
	return io;
}

struct reactor_io *reactor_io_create_edge(struct reactor *r, int fd,
					  void (*fn)(void *user, int ready), void *user)
{
	struct reactor_io *io = reactor_io_create(r, fd, fn, user);

	if (io == NULL)
		return NULL;
	if (reactor_edge_mark(fd) != 0) {
		free(io);
		return NULL;
	}
	io->is_edge = true;
	return io;
}

void reactor_io_again(struct reactor_io *io)
{
	if (io->is_edge)
		reactor_edge_again(io->watcher.fd);
}

void reactor_io_set(struct reactor_io *io, int events)
{
	int wanted = 0;
	bool is_told;

	if (events & REACTOR_READ)
		wanted |= EV_READ;
	if (events & REACTOR_WRITE)
		wanted |= EV_WRITE;
	if (wanted == (io->watcher.events & (EV_READ | EV_WRITE)))
		return;
	is_told = ev_is_pending(&io->watcher); /* which ev_io_stop forgets */
	ev_io_stop(io->loop, &io->watcher);
	ev_io_set(&io->watcher, io->watcher.fd, wanted);
	if (wanted != 0)
		ev_io_start(io->loop, &io->watcher);
	if (is_told)
		reactor_io_again(io);
}

void reactor_io_destroy(struct reactor_io *io)
{
	if (io == NULL)
		return;
	ev_io_stop(io->loop, &io->watcher);
	if (io->is_edge)
		reactor_edge_unmark(io->watcher.fd);
	free(io);
}

static void on_timer(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct reactor_timer *timer = (struct reactor_timer *)watcher;

	(void)loop;
	(void)revents;
	timer->fn(timer->user);
}

struct reactor_timer *reactor_timer_create(struct reactor *r, void (*fn)(void *user), void *user)
{
	struct reactor_timer *timer = calloc(1, sizeof(*timer));

	if (timer == NULL)
		return NULL;
	timer->loop = r->loop;
	timer->fn = fn;
	timer->user = user;
	ev_timer_init(&timer->watcher, on_timer, 0, 0);
	return timer;
}

void reactor_timer_start(struct reactor_timer *timer, double seconds, int repeat)
{
	ev_timer_stop(timer->loop, &timer->watcher);
	/* The loop's own clock stands still while a handler runs. */
	ev_now_update(timer->loop);
	ev_timer_set(&timer->watcher, seconds, repeat ? seconds : 0);
	ev_timer_start(timer->loop, &timer->watcher);
}

void reactor_timer_stop(struct reactor_timer *timer)
{
	ev_timer_stop(timer->loop, &timer->watcher);
}

void reactor_timer_destroy(struct reactor_timer *timer)
{
	if (timer == NULL)
		return;
	ev_timer_stop(timer->loop, &timer->watcher);
	free(timer);
}

static void on_later(struct ev_loop *loop, ev_prepare *watcher, int revents)
{
	struct reactor_later *later = (struct reactor_later *)watcher;

	(void)revents;
	ev_prepare_stop(loop, watcher);
	ev_idle_stop(loop, &later->awake);
	later->is_called = true;
	later->fn(later->user);
	later->is_called = false;
}

static void stay_awake(struct ev_loop *loop, ev_idle *watcher, int revents)
{
	(void)loop;
	(void)watcher;
	(void)revents;
}

struct reactor_later *reactor_later_create(struct reactor *r, void (*fn)(void *user), void *user)
{
	struct reactor_later *later = calloc(1, sizeof(*later));

	if (later == NULL)
		return NULL;
	later->loop = r->loop;
	later->fn = fn;
	later->user = user;
	ev_prepare_init(&later->watcher, on_later);
	ev_idle_init(&later->awake, stay_awake);
	return later;
}

void reactor_later_start(struct reactor_later *later)
{
	ev_prepare_start(later->loop, &later->watcher);
	if (later->is_called)
		ev_idle_start(later->loop, &later->awake);
}

void reactor_later_destroy(struct reactor_later *later)
{
	if (later == NULL)
		return;
	ev_prepare_stop(later->loop, &later->watcher);
	ev_idle_stop(later->loop, &later->awake);
	free(later);
}

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int revents)
{
	struct reactor_signal *sig = (struct reactor_signal *)watcher;

	(void)loop;
	(void)revents;
	sig->fn(sig->user, watcher->signum);
}

struct reactor_signal *reactor_signal_create(struct reactor *r, int signum,
					     void (*fn)(void *user, int signum), void *user)
{
	struct reactor_signal *sig = calloc(1, sizeof(*sig));

	if (sig == NULL)
		return NULL;
	sig->loop = r->loop;
	sig->fn = fn;
	sig->user = user;
	ev_signal_init(&sig->watcher, on_signal, signum);
	ev_signal_start(sig->loop, &sig->watcher);
	return sig;
}

void reactor_signal_destroy(struct reactor_signal *sig)
{
	if (sig == NULL)
		return;
	ev_signal_stop(sig->loop, &sig->watcher);
	free(sig);
}
