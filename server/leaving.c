#include "server/leaving.h"
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/log.h"
#include "server/process.h"
#include "server/reactor.h"
#include "server/socket/server_sockets.h"

#define TICK 1.0          /* seconds between two looks at sockets and parent */
#define LEAVING_TICK 0.02 /* the same while we only wait for the end */
#define PARTING 1.0       /* seconds in which a parent that told us to leave is expected to end */

static const int numbers[LEAVING_SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

static pid_t parent;
static long gateway; /* the parent's: nginx' master, where a worker started us; 0 = unknown */

void leaving_remember_parent(const struct config *config)
{
	parent = getppid();
	gateway = config->exit_with_parent ? process_parent(parent) : 0;
}

bool leaving_has_parent(void)
{
	return getppid() == parent;
}

static size_t connections(const struct leaving *l)
{
	return l->ops.connections(l->user);
}

static void enter(struct leaving *l, enum leaving_stage stage)
{
	server_sockets_hand_over(l->sockets);
	l->stage = stage;
	reactor_timer_start(l->tick, LEAVING_TICK, 1);
}

static void leave(struct leaving *l, const char *why)
{
	log_line(LOG_LEVEL_NOTICE, "leaving: %s", why);
	enter(l, LEAVING_NOW);
	if (l->ops.leave != NULL)
		l->ops.leave(l->user);
	l->leave_at = reactor_now() + l->config->drain_timeout;
}

static void orphan(struct leaving *l)
{
	log_line(LOG_LEVEL_NOTICE, "the process that started us is gone: serving until nobody is "
				   "connected, or a successor takes over");
	enter(l, LEAVING_ORPHANED);
	l->connected_at = reactor_now();
}

static void check_orphan(struct leaving *l, double now)
{
	if (l->superseded)
		leave(l, "a successor serves all sockets");
	else if (connections(l) > 0)
		l->connected_at = now;
	else if (!process_is_alive(gateway) || now - l->connected_at > l->config->orphan_timeout)
		leave(l, "nobody is connected any more");
}

/* A gateway that reloads starts our successor and has us told to leave when it may not serve yet: to leave
 * then would be a gap, in which the gateway lets requests through. So we wait for our parent's end, and are
 * an orphan from then on. A parent that stays has no successor for us: somebody else wants us to leave. */
static void part(struct leaving *l)
{
	enter(l, LEAVING_PARTING);
	l->leave_at = reactor_now() + PARTING;
}

static void check_parting(struct leaving *l, double now)
{
	if (!leaving_has_parent())
		orphan(l);
	else if (l->superseded || now >= l->leave_at)
		leave(l, strsignal(SIGTERM));
}

/* Accepts what is left where a successor listens now. True when that is new. */
static bool check_sockets(struct leaving *l)
{
	bool before = l->superseded;

	l->superseded = !server_sockets_check(l->sockets);
	l->ops.check(l->user, l->superseded);
	return l->superseded && !before;
}

/* Whether an event may go on. Without any connection it has no gateway, unless the next step comes to a
 * successor, who brings it. */
static bool has_events(const struct leaving *l)
{
	bool may_come = l->superseded && l->ops.is_followed != NULL && l->ops.is_followed(l->user);

	return l->ops.events(l->user) > 0 && (connections(l) > 0 || may_come);
}

/* Where there is a successor, the
 * gateway is asked to close our connections, and waited for. Whether a successor is on its way is asked
 * before whether it is there, or one that arrives in between would not be seen; and who was let in last
 * gets a turn. */
static void check_leaving(struct leaving *l, double now)
{
	bool is_awaited = server_sockets_are_awaited(l->sockets);
	bool is_busy = check_sockets(l) || is_awaited ||
		       (l->ops.is_busy != NULL && l->ops.is_busy(l->user)) || has_events(l);

	if (l->superseded) {
		l->ops.retire(l->user);
		is_busy = is_busy || connections(l) > 0;
	}
	if (!is_busy || now >= l->leave_at)
		reactor_stop(l->reactor);
}

static void on_tick(void *user)
{
	struct leaving *l = user;
	double now = reactor_now();

	if (l->stage == LEAVING_NOW) {
		check_leaving(l, now);
		return;
	}
	check_sockets(l);
	if (l->stage == LEAVING_NOT && l->config->exit_with_parent && !leaving_has_parent())
		orphan(l);
	else if (l->stage == LEAVING_PARTING)
		check_parting(l, now);
	else if (l->stage == LEAVING_ORPHANED)
		check_orphan(l, now);
}

static void on_signal(void *user, int signum)
{
	struct leaving *l = user;

	if (signum == SIGUSR1) {
		l->ops.reopen_log(l->user);
	} else if (signum == SIGHUP && l->ops.reload != NULL) {
		l->ops.reload(l->user);
	} else if (l->stage == LEAVING_NOW) {
		log_line(LOG_LEVEL_NOTICE, "a second signal: leaving at once");
		l->leave_at = reactor_now();
		reactor_stop(l->reactor);
	} else if (signum == SIGTERM && l->stage == LEAVING_NOT && gateway > 0) {
		part(l);
	} else {
		leave(l, strsignal(signum));
		check_leaving(l, reactor_now());
	}
}

/* `how` is SIG_BLOCK or SIG_UNBLOCK. */
static void hold_log_signal(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(how, &set, NULL);
}

void leaving_hold_signals(void)
{
	hold_log_signal(SIG_BLOCK);
}

static int watch_signals(struct leaving *l)
{
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < LEAVING_SIGNALS; i++) {
		l->signals[i] = reactor_signal_create(l->reactor, numbers[i], on_signal, l);
		if (l->signals[i] == NULL)
			return -E_NOMEM;
	}
	return 0;
}

int leaving_init(struct leaving *l, struct err *err)
{
	int rc;

	l->tick = reactor_timer_create(l->reactor, on_tick, l);
	rc = l->tick != NULL ? watch_signals(l) : -E_NOMEM;
	hold_log_signal(SIG_UNBLOCK);
	if (rc != 0)
		return err_set(err, E_NOMEM, "no memory for signals");
	reactor_timer_start(l->tick, TICK, 1);
	return 0;
}

/* The process is about to end as it should: a signal that comes now must not make it look otherwise. */
void leaving_fini(struct leaving *l)
{
	for (size_t i = 0; i < LEAVING_SIGNALS; i++) {
		if (l->signals[i] == NULL)
			continue;
		reactor_signal_destroy(l->signals[i]);
		signal(numbers[i], SIG_IGN);
	}
	reactor_timer_destroy(l->tick);
	*l = (struct leaving){0};
}
