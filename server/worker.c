#include "server/worker.h"
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "pdk-bridge/pdk_known.h"
#include "plugins/runtime.h"
#include "protocol/err.h"
#include "server/command/cmd.h"
#include "server/custody/crash.h"
#include "server/custody/custody.h"
#include "server/custody/fault.h"
#include "server/event/dispatch.h"
#include "server/event/start.h"
#include "server/event/task.h"
#include "server/event/turn.h"
#include "server/event/watchdog.h"
#include "server/log.h"
#include "server/metrics/metrics.h"
#include "server/reactor.h"
#include "server/registry/registry.h"
#include "server/session/session_custody.h"
#include "server/socket/farewell.h"

#define STACKS_KEPT 64        /* though nobody used them since the last sweep */
#define UNDER_WAY 32          /* events; others begin behind them, one in each turn at least */
#define SWEEP_EVERY 10.0      /* seconds */
#define HEAP_PIECE (32 << 20) /* bytes: what is larger is given back at once */
#define HEAP_KEEP \
	(16       \
	 << 20) /* bytes that may be free at the heap's end, and from one sweep to the next one ... */
#define HEAP_REST (1 << 20) /* ... that stay there */
#define LIVE_IDLE 300.0  /* seconds after which an instance's object is dropped, to be made again */
#define LINGER 5.0       /* seconds */
#define RETIRE_SHARE 512 /* bound connections of which one more may be ended at a time */

static const struct pdk_port the_port = {.send = turn_send, .log = turn_log};
static const struct codec *const codecs[] = {&codec_msgpack, &codec_protobuf, NULL};

/* ---- plugins ---- */

static int load_plugins(struct worker *w, struct err *err)
{
	const struct config *config = w->config;

	w->served = calloc(config->plugin_count + 1, sizeof(*w->served));
	w->home.port = &the_port;
	w->home.constants = pdk_constants_create();
	if (w->owns_metrics)
		w->metrics = calloc(config->plugin_count + 1, sizeof(*w->metrics));
	if (w->served == NULL || w->home.constants == NULL || w->metrics == NULL)
		return err_set(err, E_NOMEM, "no memory for plugins");
	for (size_t i = 0; i < config->plugin_count; i++) {
		struct served *served = &w->served[i];
		int rc = config_load_plugin(config, &config->plugins[i], &w->home, &served->plugin,
					    err);

		if (rc != 0)
			return rc;
		w->served_count++;
		served->settings = &config->plugins[i];
		served->metrics = &w->metrics[i];
		served->plugin->env.counters = served->metrics->counters;
		served->plugin->emptied = &served->metrics->dicts_emptied;
		served->plugin->loop = &w->loop;
		served->worker = w;
		served->index = (uint32_t)i;
		served->loaded_at = (double)time(NULL);
		turn_init(served, &w->clock);
	}
	return 0;
}

static void unload_plugins(struct worker *w)
{
	for (size_t i = 0; i < w->served_count; i++) {
		struct plugin *plugin = w->served[i].plugin;

		start_abandon(&w->served[i]);
		start_watch(plugin, true);
		plugin->runtime->unload(plugin);
		start_watch(plugin, false);
		plugin_destroy(plugin);
	}
	pdk_constants_destroy(w->home.constants);
	free(w->served);
	if (w->owns_metrics)
		free(w->metrics);
}

struct served *worker_find(struct worker *w, const char *name, size_t n)
{
	for (size_t i = 0; i < w->served_count; i++) {
		const char *own = w->served[i].plugin->name;

		if (strlen(own) == n && memcmp(own, name, n) == 0)
			return &w->served[i];
	}
	return NULL;
}

struct served *worker_served(struct worker *w, const struct plugin *plugin)
{
	for (size_t i = 0; i < w->served_count; i++)
		if (w->served[i].plugin == plugin)
			return &w->served[i];
	return NULL;
}

static struct plugin *find_plugin(void *user, const char *name)
{
	struct served *served = worker_find(user, name, strlen(name));

	return served != NULL ? served->plugin : NULL;
}

/* ---- connections ---- */

static void on_session_end(void *user, struct session *s)
{
	struct worker *w = user;
	struct event *event = event_find(w->events, session_event(s));
	uint32_t slot;

	/* One that is just asking is told when it has asked. */
	if (session_event(s) != 0 && event != NULL && event->record->state == EVENT_WAITING)
		turn_lose(event);
	session_table_remove(&w->sessions, s);
	worker_note_load(w);
	if (session_has_slot(s, &slot) && w->on_connection_end != NULL) {
		if (!w->is_alone)
			custody_forget(w->session_env.custody, slot);
		w->on_connection_end(w->user, slot, session_is_released(s));
	}
	w->next_owner = WORKER_ANY_OWNER;
}

void worker_begin_run(const struct served *served, uint64_t event, double since, double deadline)
{
	struct custody *custody = served->worker->session_env.custody;

	watchdog_begin(served->plugin, deadline);
	if (custody != NULL)
		custody_begin_run(custody, served->index, event, since);
	FAULT(HANDLER_RUNS);
}

void worker_end_run(const struct worker *w)
{
	FAULT(HANDLER_CAME_BACK);
	if (w->session_env.custody != NULL)
		custody_end_run(w->session_env.custody);
	watchdog_end();
}

void worker_note_load(struct worker *w)
{
	if (w->session_env.custody != NULL)
		custody_count(w->session_env.custody, w->sessions.count, event_count(w->events));
}

static void release_idle(void *user, struct session *s)
{
	(void)user;
	if (session_may_move(s))
		session_release(s, NULL);
}

void worker_release_idle(struct worker *w)
{
	if (!w->is_alone)
		session_table_each(&w->sessions, release_idle, w);
}

bool worker_pass_on(struct worker *w, struct session *s, uint64_t event)
{
	uint64_t owner = event >> EVENT_COUNTER_BITS;

	if (w->is_alone || owner == w->owner)
		return false;
	w->next_owner = owner;
	session_release(s, NULL);
	return true;
}

static void expect_step(void *user, struct event *event)
{
	struct worker *w = user;
	struct session *s = session_table_find(&w->sessions, event->record->connection);

	if (s != NULL)
		session_expect(s);
}

struct retire {
	size_t ending; /* that the gateway may still meet */
	size_t may_end;
};

static void count_ending(void *user, struct session *s)
{
	((struct retire *)user)->ending += session_is_lingering(s);
}

static void retire_session(void *user, struct session *s)
{
	struct retire *retire = user;

	if (session_retire(s, retire->ending < retire->may_end))
		retire->ending++;
}

/* A gateway that meets the end of a bound connection starts the instance anew, and fails where that meets
 * another one. */
void worker_retire(struct worker *w)
{
	struct retire retire = {.may_end = 1 + w->sessions.count / RETIRE_SHARE};

	event_each(w->events, expect_step, w);
	session_table_each(&w->sessions, count_ending, &retire);
	session_table_each(&w->sessions, retire_session, &retire);
}

size_t worker_connections(const struct worker *w)
{
	return w->sessions.count;
}

void worker_leave(struct worker *w)
{
	for (size_t i = 0; i < w->served_count; i++) {
		struct plugin *plugin = w->served[i].plugin;

		if (plugin->runtime->leave != NULL)
			plugin->runtime->leave(plugin);
	}
}

bool worker_is_busy(const struct worker *w)
{
	if (w->session_env.queue.first != NULL || w->session_env.batch.n > 0)
		return true;
	for (size_t i = 0; i < w->served_count; i++) {
		const struct plugin *plugin = w->served[i].plugin;

		if (plugin->runtime->is_busy != NULL && plugin->runtime->is_busy(plugin))
			return true;
	}
	return false;
}

size_t worker_events(const struct worker *w)
{
	return event_count(w->events);
}

static size_t room(void *user)
{
	const struct worker *w = user;
	size_t count = event_count(w->events);

	return count < UNDER_WAY ? UNDER_WAY - count : 0;
}

static int init_sessions(struct worker *w, const struct worker_options *options)
{
	w->session_env = (struct session_env){
		.reactor = w->reactor,
		.codecs = codecs,
		.limits = w->config->limits,
		.generation = registry_generation(options->registry),
		.custody = options->custody,
		.takes_turns = true,
		.linger = LINGER,
		.queue = {.room = room, .user = w},
		.handler = {.on_call = dispatch_call,
			    .on_bad_call = dispatch_bad_call,
			    .on_end = on_session_end,
			    .user = w},
	};
	if (session_table_init(&w->sessions, w->config->max_connections + WORKER_LINGERERS) != 0)
		return -E_NOMEM;
	return session_env_init(&w->session_env);
}

/* ---- the worker ---- */

static void abandon_session(void *user, struct session *s)
{
	(void)user;
	session_abandon_now(s);
}

/* Where the supervisor has the connections, it answers what this process owes. */
static void abandon_all(struct worker *w)
{
	if (w->is_alone)
		session_table_each(&w->sessions, abandon_session, w);
}

/* In the watchdog's signal: plugin code spins and can't be stopped, so nobody would be served again. */
static void give_up(void *user, struct plugin *plugin)
{
	struct worker *w = user;

	log_urgent(plugin->name, "its code never ends and can't be stopped: outrigger ends");
	abandon_all(w);
	_exit(EXIT_FAILED);
}

/* A plugin whose program has gone, or can't be believed. */
static void end_as_crashed(struct plugin *plugin, const char *why)
{
	struct worker *w = plugin->loop->server;

	log_event(LOG_LEVEL_ERR, 0, plugin->name, "%s: outrigger ends", why);
	abandon_all(w);
	_exit(EXIT_FAILED);
}

static void relieve(struct plugin *plugin)
{
	const struct worker *w = plugin->loop->server;

	if (w->on_relief != NULL)
		w->on_relief(w->user);
}

/* In the signal of a crash. */
static void on_crash(void *user)
{
	const struct plugin *plugin = watchdog_plugin();
	struct worker *w = user;

	watchdog_end();
	abandon_all(w);
	if (plugin != NULL)
		log_urgent(plugin->name, "crashed while its code ran: outrigger ends");
	else
		log_urgent("outrigger", "crashed");
}

/* The gateway's id of a request is a variable, which the plugin may have asked for. */
static const struct value *find_request(const struct pdk_rq *rq)
{
	static const char *const names[] = {"kong_request_id", "request_id"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct value name = value_str(names[i]);
		const struct value *id = pdk_rq_known(rq, PDK_ID_nginx_get_var, &name);

		if (id != NULL && value_is_text(id))
			return id;
	}
	return NULL;
}

static void look_up(void *user, uint64_t event_id, struct log_context *ret)
{
	const struct worker *w = user;
	const struct event *event = event_find(w->events, event_id);
	const struct value *request;

	if (event == NULL || event->instance == NULL)
		return;
	ret->phase = phase_name(event->record->phase);
	ret->instance = event->record->instance_id;
	request = find_request(&event->rq);
	if (request == NULL)
		return;
	ret->request = request->s;
	ret->request_len = request->len;
}

/* What a large body takes is kept for the next one: to ask the system for it each time, and to give it back, takes longer
 * than all else that is done with the body. */
static void keep_heap(void)
{
	mallopt(M_MMAP_THRESHOLD, HEAP_PIECE);
	mallopt(M_TRIM_THRESHOLD, HEAP_KEEP);
}

/* ... until none has come from one sweep to the next. */
static void trim_heap(struct worker *w)
{
	bool was_large = w->session_env.memory.was_large;

	if (w->heap_is_large && !was_large)
		malloc_trim(HEAP_REST);
	w->heap_is_large = was_large;
	w->session_env.memory.was_large = false;
}

static void on_sweep(void *user)
{
	struct worker *w = user;

	instance_sweep(w->instances, reactor_now());
	fiber_pool_trim(&w->fibers);
	if (w->session_env.custody != NULL)
		custody_trim(w->session_env.custody);
	trim_heap(w);
	worker_note_load(w);
}

static int init_tables(struct worker *w, const struct worker_options *options)
{
	const struct instance_options instances = {
		.store = registry_store(options->registry),
		.live_idle = LIVE_IDLE,
		.find_plugin = find_plugin,
		.plugin_user = w,
		.reserve_ids = options->reserve_instances,
		.ids_user = options->user,
		.watch = start_watch,
	};
	const struct event_options events = {
		.max = w->config->max_events,
		.owner = options->owner,
		.records = options->custody != NULL ? custody_events(options->custody) : NULL,
		.reserve = options->reserve_events,
		.user = options->user,
	};

	w->instances = instance_table_create(&instances);
	w->events = event_table_create(&events);
	w->sweep = reactor_timer_create(w->reactor, on_sweep, w);
	if (w->instances == NULL || w->events == NULL || w->sweep == NULL)
		return -E_NOMEM;
	reactor_timer_start(w->sweep, SWEEP_EVERY, 1);
	return deadline_clock_init(&w->clock, w->reactor);
}

static int init(struct worker *w, const struct worker_options *options, struct err *err)
{
	int rc = init_tables(w, options);

	keep_heap();
	if (rc == 0)
		rc = init_sessions(w, options);
	if (rc != 0)
		return err_set(err, E_NOMEM, "no memory for the tables of events and connections");
	crash_init(on_crash, w);
	log_set_lookup(look_up, w);
	rc = watchdog_init(give_up, w, err);
	return rc == 0 ? load_plugins(w, err) : rc;
}

/* Code that has waited for something other than the gateway. */
static void resume(struct pdk_rq *rq)
{
	if (rq->phase == PHASE_INIT_WORKER)
		start_continue(rq);
	else
		turn_continue(rq);
}

int worker_create(const struct worker_options *options, struct worker **ret_worker, struct err *err)
{
	struct worker *w = calloc(1, sizeof(*w));
	int rc;

	if (w == NULL)
		return err_set(err, E_NOMEM, "no memory for a worker");
	w->config = options->config;
	w->reactor = options->reactor;
	w->is_alone = options->custody == NULL;
	w->server_pid = w->is_alone ? getpid() : getppid();
	w->owner = options->owner;
	w->home.dicts = options->dicts;
	w->home.programs = options->programs;
	w->metrics = options->metrics;
	w->owns_metrics = w->metrics == NULL;
	w->next_owner = WORKER_ANY_OWNER;
	w->on_connection_end = options->on_connection_end;
	w->on_relief = options->on_relief;
	w->user = options->user;
	cosocket_home_init(&w->cosockets, w->reactor, w->config);
	w->loop = (struct loop){
		.reactor = w->reactor,
		.timer_create = reactor_timer_create,
		.timer_start = reactor_timer_start,
		.timer_destroy = reactor_timer_destroy,
		.io_create = reactor_io_create,
		.io_set = reactor_io_set,
		.io_destroy = reactor_io_destroy,
		.run = task_run,
		.task_start = task_start,
		.task_resume = task_resume,
		.task_end = task_end,
		.event_resume = resume,
		.crash = end_as_crashed,
		.relieve = relieve,
		.sockets = &w->cosockets.sockets,
		.seat = options->seat,
		.seats = w->config->plugin_count > 0 ? (unsigned)w->config->plugins[0].workers : 1,
		.server = w,
	};
	fiber_pool_init(&w->fibers, FIBER_STACK_SIZE, STACKS_KEPT);
	rc = init(w, options, err);
	if (rc != 0) {
		worker_destroy(w);
		return rc;
	}
	/* When the supervisor dies before the first event, nobody is there to be asked. */
	event_stock(w->events);
	for (size_t i = 0; i < w->served_count; i++)
		start_plugin(&w->served[i]);
	*ret_worker = w;
	return 0;
}

static void end_event(void *user, struct event *event)
{
	(void)user;
	log_event(LOG_LEVEL_WARN, event->record->id, event->served->plugin->name,
		  "%s is given up: outrigger ends", phase_name(event->record->phase));
	turn_end(event);
}

static void end_session(void *user, struct session *s)
{
	struct worker *w = user;

	session_table_remove(&w->sessions, s);
	session_abandon(s);
}

void worker_destroy(struct worker *w)
{
	if (w == NULL)
		return;
	if (w->events != NULL)
		event_each(w->events, end_event, w);
	session_table_each(&w->sessions, end_session, w);
	crash_fini();
	log_set_lookup(NULL, NULL);
	instance_table_destroy(w->instances);
	event_table_destroy(w->events);
	unload_plugins(w);
	cosocket_home_fini(&w->cosockets);
	watchdog_fini();
	farewell_fini();
	session_env_fini(&w->session_env);
	session_table_fini(&w->sessions);
	deadline_clock_fini(&w->clock);
	reactor_timer_destroy(w->sweep);
	fiber_pool_fini(&w->fibers);
	free(w);
}
