/* leaving.h - when a server leaves, and how: signals, its parent's end, a successor at its sockets.
 *
 * Stages. SERVING. PARTING: a gateway that reloads has us told to leave when our successor may not serve yet,
 * so we wait for our parent's end first. ORPHANED: who started us is gone, others of its kind may need us
 * still. LEAVING: running events get to end. Then the loop stops. */
#ifndef SERVER_LEAVING_H
#define SERVER_LEAVING_H
#include <stdbool.h>
#include <stddef.h>

struct config;
struct err;
struct reactor;
struct reactor_signal;
struct reactor_timer;
struct server_sockets;

/* What is left to be served, by whomever. */
struct leaving_ops {
	size_t (*connections)(void *user);
	size_t (*events)(void *user);
	/* The process is about to end; and whether plugins still do something by themselves. NULL: others see
	 * to that. */
	void (*leave)(void *user);
	bool (*is_busy)(void *user);
	/* Whether a successor brings us steps of our events by connections of its own. NULL: none does. */
	bool (*is_followed)(void *user);
	/* Has the gateway let go of the connections that no running event needs. */
	void (*retire)(void *user);
	/* The log is to be opened anew (SIGUSR1). */
	void (*reopen_log)(void *user);
	/* Called now and then; `superseded` when a successor serves all our sockets. */
	void (*check)(void *user, bool superseded);
	/* SIGHUP; NULL = it means to leave. */
	void (*reload)(void *user);
};

enum leaving_stage {
	LEAVING_NOT, /* it serves */
	LEAVING_PARTING,
	LEAVING_ORPHANED,
	LEAVING_NOW,
};

#define LEAVING_SIGNALS 4

struct leaving {
	const struct config *config;
	struct reactor *reactor;
	struct server_sockets *sockets;
	struct leaving_ops ops;
	void *user;
	struct reactor_timer *tick;
	struct reactor_signal *signals[LEAVING_SIGNALS];
	enum leaving_stage stage;
	bool superseded;     /* a successor serves all sockets */
	double leave_at;     /* PARTING, NOW: at the latest */
	double connected_at; /* ORPHANED: when there was last a connection */
};

/* Notes who our parent is. To be called before anything that takes time. */
void leaving_remember_parent(const struct config *config);
/* Whether that one still is our parent. */
bool leaving_has_parent(void);
/* Who sees a socket may send SIGUSR1, which by default would end us: it is held from this call until
 * leaving_init watches it. */
void leaving_hold_signals(void);
/* Fills the rest of a struct whose members up to `user` are set; watches signals and sockets. -E_NOMEM. */
int leaving_init(struct leaving *l, struct err *err);
/* Accepts a zeroed one. */
void leaving_fini(struct leaving *l);

#endif
