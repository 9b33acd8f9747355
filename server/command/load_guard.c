#include "server/command/load_guard.h"
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
#include "server/command/cmd.h"
#include "server/log.h"

static struct {
	const char *plugin;
	struct sigaction before;
} guard;

/* Async-signal-safe. */
static void give_up(int signum)
{
	(void)signum;
	log_urgent(guard.plugin, "it is still not loaded after load_timeout: look for an endless "
				 "loop in what runs when its code is loaded");
	_exit(EXIT_FAILED);
}

static void set_timer(double seconds)
{
	struct itimerval timer = {{0, 0}, {0, 0}};

	timer.it_value.tv_sec = (time_t)seconds;
	timer.it_value.tv_usec = (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6);
	setitimer(ITIMER_REAL, &timer, NULL);
}

void load_guard_begin(const char *plugin, double seconds)
{
	const struct sigaction action = {.sa_handler = give_up};

	guard.plugin = plugin;
	sigaction(SIGALRM, &action, &guard.before);
	set_timer(seconds);
}

void load_guard_end(void)
{
	set_timer(0);
	sigaction(SIGALRM, &guard.before, NULL);
}
