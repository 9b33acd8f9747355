#include "server/reactor_wait.h"
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "server/reactor.h"
#include "server/reactor_edge.h"

#define SHORT 50    /* milliseconds: a timeout up to that is left as it is */
#define EARLY 0.02  /* seconds; reactor_now is some milliseconds behind */
#define NEARLY 0.01 /* seconds; and so the same time is not the same each time */

static _Thread_local struct reactor_wait *running;

void reactor_wait_init(struct reactor_wait *wait)
{
	*wait = (struct reactor_wait){
		.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
		.due = INFINITY,
	};
}

void reactor_wait_fini(struct reactor_wait *wait)
{
	if (wait->timer_fd >= 0)
		close(wait->timer_fd);
}

void reactor_wait_begin(struct reactor_wait *wait)
{
	running = wait;
}

void reactor_wait_end(void)
{
	running = NULL;
}

void reactor_wait_on_due(struct reactor_wait *wait)
{
	uint64_t times;

	(void)!read(wait->timer_fd, &times, sizeof(times));
	wait->due = INFINITY;
}

static bool set(struct reactor_wait *wait, double due)
{
	struct itimerspec at = {.it_value.tv_sec = (time_t)due};

	at.it_value.tv_nsec = (long)((due - (double)at.it_value.tv_sec) * 1e9);
	if (timerfd_settime(wait->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) != 0)
		return false;
	wait->due = due;
	return true;
}

static bool will_be_woken(struct reactor_wait *wait, int timeout)
{
	double due = reactor_now() + timeout * 1e-3 - EARLY;

	return wait->due <= due + NEARLY || set(wait, due);
}

/* libev handles what it is told of from the last to the first; who came first is to be first. */
static void reverse(struct epoll_event *events, int count)
{
	for (int i = 0; i < count / 2; i++) {
		struct epoll_event event = events[i];

		events[i] = events[count - 1 - i];
		events[count - 1 - i] = event;
	}
}

/* libev calls this one. The names of its declaration's parameters are reserved ones. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
__attribute__((visibility("default"))) int epoll_wait(int fd, struct epoll_event *events, int max,
						      int timeout)
{
	int count;

	if (timeout > SHORT && running != NULL && will_be_woken(running, timeout))
		timeout = -1;
	count = epoll_pwait(fd, events, max, timeout, NULL);
	reactor_edge_note(fd, events, count);
	if (running != NULL)
		reverse(events, count);
	return count;
}
