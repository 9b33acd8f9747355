#include "server/event/watchdog.h"
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "plugins/plugin.h"
#include "plugins/runtime.h"
#include "protocol/err.h"
#include "server/process.h"
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
	int waited_fd;                 /* process_waited's */
	volatile double waited_before; /* when the timer was set for a deadline, at the latest */
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

/* Async-signal-safe. */
static void watch(double now)
{
	dog.waited_before = process_waited(dog.waited_fd);
	set_timer(dog.deadline, now);
}

/* The deadline, later by what a busy machine has kept from us: that is not the plugin's fault. */
static double fair_deadline(void)
{
	return dog.deadline + process_waited(dog.waited_fd) - dog.waited_before;
}

static void insist(double now)
{
	if (now >= fair_deadline() || !dog.plugin->runtime->interrupt(dog.plugin))
		dog.give_up(dog.user, dog.plugin);
	set_timer(now + AGAIN, now);
}

/* From here on the deadline is that of our patience. */
static void stop_plugin(double now)
{
	dog.fired = 1;
	dog.deadline = now + HOPELESS;
	dog.waited_before = process_waited(dog.waited_fd);
	insist(now);
}

static void look(double now)
{
	if (dog.fired)
		insist(now);
	else if (now < dog.deadline)
		watch(now);
	else if (now < fair_deadline())
		set_timer(fair_deadline(), now);
	else
		stop_plugin(now);
}

static void on_signal(int signum)
{
	int saved = errno;

	(void)signum;
	dog.timer_at = 0;
	if (dog.running)
		look(reactor_now());
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
	dog.waited_fd = process_waited_open(0);
	dog.give_up = give_up;
	dog.user = user;
	return 0;
}

void watchdog_fini(void)
{
	if (dog.has_timer)
		timer_delete(dog.timer);
	if (dog.has_timer && dog.waited_fd >= 0)
		close(dog.waited_fd);
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
		watch(reactor_now());
}

void watchdog_end(void)
{
	dog.running = 0;
}

const struct plugin *watchdog_plugin(void)
{
	return dog.running ? dog.plugin : NULL;
}
