/* remote_serve.c - the link as the loop sees it: messages that come, heartbeats, the program's end. */
#include <math.h>
#include <stdio.h>
#include "plugins/loop.h"
#include "plugins/remote/remote_impl.h"
#include "protocol/err.h"

#define AT_ONCE 256 /* envelopes; then others get their turn */
#define READABLE 1

int remote_break(const struct remote_plugin *p, const char *why, struct err *err)
{
	const struct loop *loop = p->plugin->loop;
	char end[96];

	remote_link_describe_end(&p->link, end, sizeof(end));
	err_set(err, E_PLUGIN, "its program %s", *end != '\0' ? end : why);
	if (loop != NULL && p->io != NULL)
		loop->crash(p->plugin, err != NULL ? err->text : why);
	return -E_PLUGIN;
}

static void break_off(const struct remote_plugin *p, const char *why)
{
	struct err err = {""};

	remote_break(p, why, &err);
}

int remote_send(struct remote_plugin *p, const struct remote_envelope *envelope, struct err *err)
{
	struct err why = {""};
	int rc = remote_link_send(&p->link, envelope, &why);

	remote_look_soon(p);
	if (rc == -E_LIMIT || rc == -E_CLOSED || rc == -E_IO)
		return remote_break(p, why.text, err);
	return rc == 0 ? 0 : err_set(err, (enum err_code)(-rc), "%s", err_message(&why, rc));
}

/* ---- what comes ---- */

/* Somebody else is to serve in our place. If that can't be, then nobody does, as soon as nothing runs. */
static void want_relief(struct remote_plugin *p)
{
	const struct loop *loop = p->plugin->loop;

	if (p->leaving)
		return;
	p->leaving = true;
	loop->relieve(p->plugin);
	loop->timer_start(p->relief, fmin(REMOTE_RELIEF, p->link.patience), 0);
}

void remote_leave_if_idle(const struct remote_plugin *p)
{
	if (p->is_closed && p->credit == REMOTE_CREDIT)
		break_off(p, "has left");
}

static void on_relief_late(void *user)
{
	struct remote_plugin *p = user;

	p->is_closed = true;
	remote_leave_if_idle(p);
}

static const char *take(struct remote_plugin *p, struct remote_message *m)
{
	switch (m->envelope.type) {
	case REMOTE_CALL:
	case REMOTE_END:
		return remote_event_take(p, m);
	case REMOTE_PONG:
		if (p->unanswered == 0)
			return "answers what nobody asked";
		p->unanswered = 0;
		return NULL;
	case REMOTE_LEAVE:
		want_relief(p);
		return NULL;
	default:
		return "says what only Outrigger says";
	}
}

static void take_or_break(struct remote_plugin *p, struct remote_message *m, int rc,
			  struct err *err)
{
	const char *lie = rc == 1 ? take(p, m) : NULL;

	if (rc < 0)
		err_prefix(err, rc, "breaks the protocol");
	if (rc < 0 || lie != NULL)
		break_off(p, rc < 0 ? err->text : lie);
}

/* The descriptor tells of changes only: all that is there must be taken, or looked for again. */
static void look(void *user)
{
	struct remote_plugin *p = user;
	struct remote_message m;
	struct err err = {""};
	int rc = 1, n;

	if (remote_link_flush(&p->link, &err) != 0)
		break_off(p, err.text);
	remote_message_init(&m);
	for (n = 0; rc > 0 && n < AT_ONCE; n++) {
		rc = remote_link_receive(&p->link, &m, &err);
		take_or_break(p, &m, rc, &err);
	}
	remote_message_fini(&m);
	if (rc > 0)
		remote_look_soon(p);
	remote_event_use_credit(p);
}

static void on_ready(void *user, int ready)
{
	(void)ready;
	look(user);
}

static void on_exit_ready(void *user, int ready)
{
	(void)ready;
	break_off(user, "has ended");
}

/* One that is stopped, or does nothing but run, answers nothing. */
static void on_beat(void *user)
{
	struct remote_plugin *p = user;
	struct err err = {""};

	if (p->unanswered >= REMOTE_SILENCE)
		break_off(p, "answers no heartbeat any more");
	p->unanswered++;
	remote_send(p, &(struct remote_envelope){.type = REMOTE_PING}, &err);
}

void remote_look_soon(struct remote_plugin *p)
{
	if (p->look != NULL)
		p->plugin->loop->timer_start(p->look, 0, 0);
}

static void on_stranger(void *user, int ready)
{
	struct remote_plugin *p = user;

	(void)ready;
	remote_guard_look(&p->link.guard);
}

/* ---- beginning and end ---- */

static int begin_guard(struct remote_plugin *p)
{
	const struct loop *loop = p->plugin->loop;
	int fds[REMOTE_GUARD_FDS];
	size_t n = remote_guard_fds(&p->link.guard, fds);

	for (size_t i = 0; i < n; i++) {
		p->guard_io[i] = loop->io_create(loop->reactor, fds[i], on_stranger, p);
		if (p->guard_io[i] == NULL)
			return -E_NOMEM;
		loop->io_set(p->guard_io[i], READABLE);
	}
	remote_guard_look(&p->link.guard);
	return 0;
}

int remote_serve_begin(struct remote_plugin *p, struct err *err)
{
	const struct loop *loop = p->plugin->loop;

	p->io = loop->io_create(loop->reactor, p->link.fd, on_ready, p);
	if (p->link.pidfd >= 0)
		p->exit_io = loop->io_create(loop->reactor, p->link.pidfd, on_exit_ready, p);
	p->relief = loop->timer_create(loop->reactor, on_relief_late, p);
	p->look = loop->timer_create(loop->reactor, look, p);
	p->beat = loop->timer_create(loop->reactor, on_beat, p);
	if (p->io == NULL || (p->exit_io == NULL && p->link.pidfd >= 0) || p->look == NULL ||
	    p->beat == NULL || p->relief == NULL || begin_guard(p) != 0) {
		remote_serve_end(p);
		return err_set(err, E_NOMEM, "no memory for the link to a program");
	}
	loop->io_set(p->io, READABLE);
	if (p->exit_io != NULL)
		loop->io_set(p->exit_io, READABLE);
	loop->timer_start(p->beat, p->heartbeat, 1);
	remote_look_soon(p);
	return 0;
}

void remote_serve_end(struct remote_plugin *p)
{
	const struct loop *loop = p->plugin->loop;

	if (loop == NULL)
		return;
	loop->io_destroy(p->io);
	loop->io_destroy(p->exit_io);
	for (size_t i = 0; i < REMOTE_GUARD_FDS; i++) {
		loop->io_destroy(p->guard_io[i]);
		p->guard_io[i] = NULL;
	}
	loop->timer_destroy(p->look);
	loop->timer_destroy(p->beat);
	loop->timer_destroy(p->relief);
	p->io = p->exit_io = NULL;
	p->look = p->beat = p->relief = NULL;
}
