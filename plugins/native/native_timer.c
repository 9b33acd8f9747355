/* native_timer.c - outrigger_timer.h: timers on the server's loop, each run with memory and hooks of its own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "plugins/loop.h"
#include "plugins/native/native_impl.h"
#include "protocol/limits.h"

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(timer) ((timer)->oom = true)
#include <uthash.h>
#include <utlist.h>

#define SHORTEST 0.001 /* seconds between two runs */

struct native_timer {
	uint64_t id;
	struct outrigger_rq *owner;
	struct native_timer *prev, *next; /* of the owner */
	struct reactor_timer *timer;      /* NULL once it is stopped */
	outrigger_timer_fn fn;
	void *arg;
	bool repeats;
	bool runs; /* right now */
	bool oom;  /* uthash could not add it */
	UT_hash_handle hh;
};

static struct native_plugin *plugin_of(const struct outrigger_rq *run)
{
	return run->plugin->impl;
}

static void destroy(struct native_timer *t)
{
	struct native_plugin *p = plugin_of(t->owner);

	HASH_DEL(p->timers, t);
	DL_DELETE(t->owner->timers, t);
	t->owner->plugin->loop->timer_destroy(t->timer);
	free(t);
}

/* One that runs goes when it has. */
static void stop(struct native_timer *t)
{
	if (t->runs)
		t->repeats = false;
	else
		destroy(t);
}

void native_timer_stop_all(struct outrigger_rq *owner)
{
	struct native_timer *t, *next;

	DL_FOREACH_SAFE (owner->timers, t, next)
		stop(t);
}

/* ---- a run ---- */

struct firing {
	struct native_timer *timer;
	struct native_scope scope;
	int returned;
};

static void call(void *arg)
{
	struct pdk_rq *rq = arg;
	struct firing *f = rq->runtime;

	f->returned = f->timer->fn(&f->scope.run, f->timer->arg);
}

static void begin(struct firing *f, struct native_timer *t)
{
	struct outrigger_rq *owner = t->owner;

	*f = (struct firing){.timer = t};
	native_scope_init(&f->scope, owner->plugin, "timer", owner->conf);
	f->scope.rq.runtime = f;
	f->scope.run.owner = owner;
	f->scope.run.instance = owner->instance;
	t->runs = true;
}

static void end(struct firing *f)
{
	struct native_timer *t = f->timer;

	native_scope_fini(&f->scope);
	t->runs = false;
	if (!t->repeats)
		destroy(t);
}

static void report(struct firing *f, struct err *err, int rc)
{
	const struct pdk_port *port = f->scope.rq.env->port;

	err_prefix(err, rc, "a timer failed");
	port->log(&f->scope.rq, LOG_LEVEL_ERR, err->text, strlen(err->text));
}

static void on_timer(void *user)
{
	struct native_timer *t = user;
	struct plugin *plugin = t->owner->plugin;
	struct err err = {""};
	struct firing f;
	int rc;

	begin(&f, t);
	rc = plugin->loop->run(plugin, &f.scope.rq, call, &err);
	if (rc == 0)
		rc = native_run_result(&f.scope.run, f.returned, E_HANDLER, &err);
	if (rc != 0)
		report(&f, &err, rc);
	end(&f);
}

/* ---- starting and stopping ---- */

static int add(struct native_timer *t)
{
	struct native_plugin *p = plugin_of(t->owner);
	const struct loop *loop = t->owner->plugin->loop;

	t->timer = loop->timer_create(loop->reactor, on_timer, t);
	if (t->timer == NULL)
		return -E_NOMEM;
	t->id = ++p->last_timer;
	HASH_ADD(hh, p->timers, id, sizeof(t->id), t);
	if (t->oom) {
		loop->timer_destroy(t->timer);
		return -E_NOMEM;
	}
	DL_APPEND(t->owner->timers, t);
	return 0;
}

static int refuse(struct outrigger_rq *run, double seconds)
{
	run->err.text[0] = '\0';
	if (run->plugin->loop == NULL)
		return err_set(&run->err, E_UNSUPPORTED, "there are no timers where nobody serves");
	if (!isfinite(seconds) || seconds < 0)
		return err_set(&run->err, E_ARGUMENT, "a timer can't wait for %g s", seconds);
	if (HASH_COUNT(plugin_of(run)->timers) >= LIMIT_TIMERS)
		return err_set(&run->err, E_LIMIT, "the plugin has %d timers already",
			       LIMIT_TIMERS);
	return 0;
}

static int start(struct outrigger_rq *run, const struct native_timer *like, double seconds,
		 uint64_t *ret_id)
{
	struct native_timer *t;
	int rc = refuse(run, seconds);

	if (rc != 0)
		return native_status(rc);
	t = malloc(sizeof(*t));
	if (t != NULL) {
		*t = *like;
		t->owner = run->owner;
	}
	if (t == NULL || add(t) != 0) {
		free(t);
		return native_status(err_set(&run->err, E_NOMEM, "no memory for a timer"));
	}
	if (t->repeats && seconds < SHORTEST)
		seconds = SHORTEST; /* the loop takes 0 for "once" */
	run->plugin->loop->timer_start(t->timer, seconds, t->repeats);
	if (ret_id != NULL)
		*ret_id = t->id;
	return OUTRIGGER_OK;
}

int outrigger_timer_after(struct outrigger_rq *rq, double seconds, outrigger_timer_fn fn, void *arg,
			  uint64_t *ret_id)
{
	const struct native_timer like = {.fn = fn, .arg = arg};

	return start(rq, &like, seconds, ret_id);
}

int outrigger_timer_every(struct outrigger_rq *rq, double seconds, outrigger_timer_fn fn, void *arg,
			  uint64_t *ret_id)
{
	const struct native_timer like = {.fn = fn, .arg = arg, .repeats = true};

	return start(rq, &like, seconds, ret_id);
}

void outrigger_timer_stop(struct outrigger_rq *rq, uint64_t id)
{
	struct native_timer *t;

	HASH_FIND(hh, plugin_of(rq)->timers, &id, sizeof(id), t);
	if (t != NULL)
		stop(t);
}
