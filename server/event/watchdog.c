#include "server/event/watchdog.h"
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include "plugins/plugin.h"
#include "plugins/runtime.h"
#include "protocol/err.h"
#include "server/reactor.h"

#define WATCH_SIGNAL (SIGRTMIN + 4)
#define SHORTEST 0.001 /* seconds */
#define AGAIN 0.05     /* between two requests to stop */
#define HOPELESS 1.0   /* of requests to stop, without effect */

/* Shared with the signal's handler, which runs on the same thread. `running` is set last. */
static struct {
	timer_t timer;
	bool has_timer;
	struct plugin *volatile plugin;
	volatile double deadline;
	volatile double timer_at; /* when the timer fires; 0 = it is not set */
	volatile sig_atomic_t running;
	volatile sig_atomic_t fired;
	volatile double fired_at;
	void (*give_up)(void *user, struct plugin *plugin);
	void *user;
} dog;

/* Async-signal-safe. */
static void set_timer(double at, double now)
{
	double wait = at - now > SHORTEST ? at - now : SHORTEST;
	struct itimerspec spec = {0};

	spec.it_value.tv_sec = (time_t)wait;
	spec.it_value.tv_nsec = (long)((wait - (double)spec.it_value.tv_sec) * 1e9);
	dog.timer_at = at;
	timer_settime(dog.timer, 0, &spec, NULL);
}

static void on_signal(int signum)
{
	double now = reactor_now();
	int saved = errno;

	(void)signum;
	dog.timer_at = 0;
	if (dog.running && now >= dog.deadline) {
		if (!dog.fired)
			dog.fired_at = now;
		dog.fired = 1;
		if (now >= dog.fired_at + HOPELESS || !dog.plugin->runtime->interrupt(dog.plugin))
			dog.give_up(dog.user, dog.plugin);
		set_timer(now + AGAIN, now);
	} else if (dog.running) {
		set_timer(dog.deadline, now);
	}
	errno = saved;
}

int watchdog_init(void (*give_up)(void *user, struct plugin *plugin), void *user, struct err *err)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL};

	event.sigev_signo = WATCH_SIGNAL;
	if (sigaction(WATCH_SIGNAL, &action, NULL) != 0 ||
	    timer_create(CLOCK_MONOTONIC, &event, &dog.timer) != 0)
		return err_set(err, E_IO, "can't make a timer: %s", strerror(errno));
	dog.has_timer = true;
	dog.give_up = give_up;
	dog.user = user;
	return 0;
}

void watchdog_fini(void)
{
	if (dog.has_timer)
		timer_delete(dog.timer);
	dog.has_timer = false;
	dog.timer_at = 0;
}

void watchdog_begin(struct plugin *plugin, double deadline)
{
	dog.plugin = plugin;
	dog.deadline = deadline;
	dog.fired = 0;
	atomic_signal_fence(memory_order_seq_cst);
	dog.running = 1;
	atomic_signal_fence(memory_order_seq_cst);
	if (dog.has_timer && (dog.timer_at == 0 || dog.timer_at > deadline))
		set_timer(deadline, reactor_now());
}

void watchdog_end(void)
{
	dog.running = 0;
}

const struct plugin *watchdog_plugin(void)
{
	return dog.running ? dog.plugin : NULL;
}
