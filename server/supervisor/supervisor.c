#include "server/supervisor/supervisor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/arena.h"
#include "protocol/err.h"
#include "server/admin/admin.h"
#include "server/confine/confine.h"
#include "server/custody/fault.h"
#include "server/event/event.h"
#include "server/leaving.h"
#include "server/log.h"
#include "server/notify.h"
#include "server/reactor.h"
#include "server/registry/ids_file.h"
#include "server/serving.h"
#include "server/socket/farewell.h"
#include "server/socket/peer.h"
#include "server/socket/server_sockets.h"
#include "server/supervisor/announce.h"
#include "server/supervisor/control.h"
#include "server/supervisor/group_passage.h"
#include "server/supervisor/group_reload.h"
#include "server/supervisor/memory.h"
#include "server/supervisor/processor.h"
#include "server/supervisor/reload.h"
#include "server/supervisor/retired.h"
#include "server/supervisor/watch.h"

#define STALL_TICK 0.25 /* seconds between two looks at what runs */
#define LAST_WAIT 2.0   /* seconds that workers get beyond their time when we end */

struct supervisor {
	struct supervisor_options options;
	const struct config *config; /* the one that holds: the first, or `reloaded` */
	struct config *reloaded;     /* owned; NULL before a reload */
	struct reactor *reactor;
	struct ids_file ids;
	struct plan plan;
	struct group_env env;
	struct peer_memo known;
	struct group **groups;   /* of the plan; owned */
	struct retired *retired; /* that a reload has left out; owned */
	struct server_sockets sockets;
	struct leaving leaving;
	struct reactor_timer *stall_tick;
	struct reactor_timer *settled; /* a reload may be */
	struct admin *admin;           /* NULL = none */
	char reload_text[sizeof(
		struct err)]; /* what became of the latest one; "" = there was none */
	double started_at;
	struct watch *watch; /* NULL = off */
	struct reload reload;
	struct memory_watch memory;
	bool begins; /* workers start, sockets are not there yet */
};

/* ---- what is left to be served ---- */

static size_t count_connections(void *user)
{
	const struct supervisor *s = user;
	size_t count = 0;

	for (size_t i = 0; i < s->plan.count; i++)
		count += s->groups[i]->links.count - s->groups[i]->links.lent;
	return count;
}

static size_t count_events(void *user)
{
	const struct supervisor *s = user;
	size_t count = 0;

	for (size_t i = 0; i < s->plan.count; i++)
		count += group_events(s->groups[i]);
	return count;
}

static bool is_followed(void *user)
{
	const struct supervisor *s = user;

	for (size_t i = 0; i < s->plan.count; i++)
		if (group_has_successor(s->groups[i]))
			return true;
	return false;
}

static void say_all(const struct supervisor *s, unsigned type, uint64_t number)
{
	for (size_t i = 0; i < s->plan.count; i++)
		group_say(s->groups[i], type, number);
	retired_say(s->retired, type, number);
}

static void retire(void *user)
{
	say_all(user, CONTROL_RETIRE, 0);
}

static void check(void *user, bool superseded)
{
	struct supervisor *s = user;

	if (superseded) {
		admin_destroy(s->admin);
		s->admin = NULL;
		return;
	}
	admin_check(s->admin);
	for (size_t i = 0; i < s->plan.count; i++) {
		group_check_offers(s->groups[i]);
		announce_again(s->groups[i]);
	}
}

static void reopen_log(void *user)
{
	log_reopen();
	say_all(user, CONTROL_LOG_REOPEN, 0);
}

static void on_connection(void *user, int fd, const struct server_socket *socket,
			  enum listener_verdict verdict)
{
	(void)user;
	group_accept(socket->owner, fd, socket->on_error, verdict != LISTENER_WELCOME);
}

static void on_renewed(void *user, const struct server_socket *socket)
{
	(void)user;
	group_tell_socket(socket->owner, socket);
}

static void on_stall_tick(void *user)
{
	struct supervisor *s = user;
	double now = reactor_now();

	for (size_t i = 0; i < s->plan.count; i++) {
		group_check_stalls(s->groups[i], now);
		processor_check(s->groups[i], now);
	}
	retired_check(&s->retired, now);
	memory_check(&s->memory, s->config, s->groups, s->plan.count);
	if (s->leaving.stage == LEAVING_NOW)
		notify_leaves();
	notify_alive(now);
}

/* ---- reload ---- */

static struct reload_place reload_place(struct supervisor *s)
{
	return (struct reload_place){s->groups, &s->env, &s->plan, &s->sockets};
}

static void refuse_reload(struct supervisor *s, const struct err *err, int rc)
{
	snprintf(s->reload_text, sizeof(s->reload_text), "failed: %s", err_message(err, rc));
	admin_reload_ended(s->admin, rc, err);
	notify_ready(s->config->plugin_count);
	log_line(LOG_LEVEL_ERR, "reload is given up, what was there before serves on: %s",
		 err_message(err, rc));
}

/* One that is under way is followed by another. */
static int begin_reload(struct supervisor *s, struct err *err)
{
	const struct reload_place place = reload_place(s);
	struct config *config;
	int rc = -E_NOMEM;

	if (s->reload.runs) {
		s->reload.again = true;
		return 0;
	}
	log_line(LOG_LEVEL_NOTICE, "reload: new workers are started");
	config = calloc(1, sizeof(*config));
	if (config != NULL)
		rc = s->options.reread(s->options.user, config, err);
	if (rc == 0)
		rc = reload_begin(&s->reload, &place, config, err);
	else
		free(config);
	if (rc == 0)
		notify_reloads();
	return rc;
}

static void reload(void *user)
{
	struct supervisor *s = user;
	struct err err = {""};
	int rc;

	if (s->leaving.stage != LEAVING_NOT)
		return;
	rc = begin_reload(s, &err);
	if (rc != 0)
		refuse_reload(s, &err, rc);
}

static void renew_group(struct supervisor *s, size_t i)
{
	struct group *g = s->groups[i];

	if (!g->is_new) {
		group_switch(g, &s->plan.groups[i], s->config->drain_timeout);
		announce_changes(g);
		return;
	}
	g->env = &s->env;
	g->is_new = false;
	group_offer(g);
	announce_new(g);
}

/* Leaves in `old`, the groups that were there before, those that don't stay. */
static size_t leave_out(const struct supervisor *s, struct group **old)
{
	size_t count = 0;

	for (size_t i = 0; i < s->plan.count; i++) {
		if (reload_keeps(&s->reload, old[i]))
			continue;
		announce_retired(old[i]);
		old[count++] = old[i];
	}
	return count;
}

/* All that holds of the old configuration changes hands here. */
static void switch_over(struct supervisor *s, struct retired *old)
{
	*old = (struct retired){
		.config = s->reloaded,
		.plan = s->plan,
		.env = s->env,
		.groups = s->groups,
		.count = leave_out(s, s->groups),
		.sockets = &s->sockets,
		.until = reactor_now() + s->config->drain_timeout,
	};
	s->config = s->reloaded = s->reload.config;
	s->plan = s->reload.plan;
	s->groups = s->reload.groups;
	s->memory = (struct memory_watch){0};
	s->env.config = s->leaving.config = s->config;
	server_sockets_configure(&s->sockets, s->config);
	s->reload = (struct reload){.again = s->reload.again};
	for (size_t i = 0; i < s->plan.count; i++)
		renew_group(s, i);
	retired_add(&s->retired, old);
	snprintf(s->reload_text, sizeof(s->reload_text), "done");
	admin_reload_ended(s->admin, 0, NULL);
	notify_ready(s->config->plugin_count);
	log_line(LOG_LEVEL_NOTICE, "reload: done");
}

static int try_switch(struct supervisor *s, const struct reload_place *place, struct err *err)
{
	struct retired *old = calloc(1, sizeof(*old));
	int rc = old != NULL ? reload_refusal(&s->reload, err) : -E_NOMEM;

	if (rc == 0)
		rc = reload_listen(&s->reload, place, err);
	if (rc == 0)
		switch_over(s, old);
	else
		free(old);
	return rc;
}

/* A worker's message may be on the stack where its group settles, and a refusal ends the group: so this waits for the
 * loop. */
static void check_reload(void *user)
{
	struct supervisor *s = user;
	const struct reload_place place = reload_place(s);
	struct err err = {""};
	int rc;

	if (!reload_is_settled(&s->reload))
		return;
	rc = try_switch(s, &place, &err);
	if (rc != 0) {
		refuse_reload(s, &err, rc);
		reload_cancel(&s->reload, &place);
	}
	if (!s->reload.again)
		return;
	s->reload.again = false;
	reload(s);
}

/* ---- for people ---- */

static int fill_status(void *user, struct arena *arena, struct status *ret)
{
	const struct supervisor *s = user;
	struct status_group *groups = arena_alloc(arena, (s->plan.count + 1) * sizeof(*groups));
	int rc = groups != NULL ? 0 : -E_NOMEM;

	for (size_t i = 0; rc == 0 && i < s->plan.count; i++)
		rc = group_fill_status(s->groups[i], arena, &groups[i]);
	*ret = (struct status){
		.uptime = reactor_now() - s->started_at,
		.reload = s->reload_text[0] != '\0' ? s->reload_text : NULL,
		.groups = groups,
		.group_count = s->plan.count,
	};
	return rc;
}

static int reload_for_admin(void *user, struct err *err)
{
	struct supervisor *s = user;

	if (s->leaving.stage != LEAVING_NOT)
		return err_set(err, E_UNSUPPORTED, "the server leaves");
	return begin_reload(s, err);
}

/* ---- the beginning ---- */

static bool all_settled(const struct supervisor *s)
{
	for (size_t i = 0; i < s->plan.count; i++)
		if (!group_is_settled(s->groups[i]))
			return false;
	return true;
}

static void on_settled(void *user)
{
	struct supervisor *s = user;

	if (s->begins && all_settled(s))
		reactor_stop(s->reactor);
	else if (!s->begins)
		reactor_timer_start(s->settled, 0, 0);
}

static void free_group_array(struct group **groups, size_t count)
{
	for (size_t i = 0; groups != NULL && i < count; i++)
		free(groups[i]);
	free(groups);
}

/* Zeroed ones. NULL on lack of memory. */
static struct group **make_group_array(size_t count)
{
	struct group **groups = calloc(count + 1, sizeof(struct group *));

	for (size_t i = 0; groups != NULL && i < count; i++) {
		groups[i] = calloc(1, sizeof(struct group));
		if (groups[i] == NULL) {
			free_group_array(groups, count);
			return NULL;
		}
	}
	return groups;
}

static int make_groups(struct supervisor *s, struct err *err)
{
	const struct event_options ids = {
		.max = 1, .reserve = ids_file_reserve_events, .user = &s->ids};
	int rc = plan_init(&s->plan, s->config, err);

	s->env = (struct group_env){
		.reactor = s->reactor,
		.config = s->config,
		.ids = &s->ids,
		.event_ids = event_table_create(&ids),
		.next_owner = (unsigned)((uint64_t)s->ids.generation * 61 % EVENT_OWNERS),
		.known = &s->known,
		.on_settled = on_settled,
		.user = s,
	};
	if (rc == 0)
		s->groups = make_group_array(s->plan.count);
	if (rc == 0 && (s->env.event_ids == NULL || s->groups == NULL))
		rc = err_set(err, E_NOMEM, "no memory for workers");
	for (size_t i = 0; rc == 0 && i < s->plan.count; i++)
		rc = group_init(s->groups[i], &s->env, &s->plan.groups[i], err);
	return rc;
}

/* Where any group serves, those that can't do not hinder it; a program that comes by itself may come later. */
static int start_workers(struct supervisor *s, struct err *err)
{
	const struct group *first;

	for (size_t i = 0; i < s->plan.count; i++)
		group_start(s->groups[i]);
	FAULT_FORGET_ENVIRONMENT();
	s->begins = true;
	if (!all_settled(s))
		reactor_run(s->reactor);
	s->begins = false;
	for (size_t i = 0; i < s->plan.count; i++)
		if (group_serves(s->groups[i]) || s->groups[i]->failure_rc == -E_ABSENT)
			return 0;
	first = s->groups[0];
	if (first != NULL && err != NULL)
		*err = first->failure;
	return first != NULL ? first->failure_rc : -E_CONF;
}

static int listen_everywhere(struct supervisor *s, struct err *err)
{
	const struct server_sockets_options options = {
		.config = s->config,
		.reactor = s->reactor,
		.on_connection = on_connection,
		.on_renewed = on_renewed,
		.user = s,
		.outlived = true,
	};
	int rc = server_sockets_init(&s->sockets, &options, err);

	for (size_t i = 0; rc == 0 && i < s->sockets.count; i++) {
		struct server_socket *socket = s->sockets.sockets[i];
		struct group *g = s->groups[s->plan.group_of[socket->plugin]];

		socket->owner = g;
		rc = group_listen(g, socket);
	}
	return rc;
}

/* What can't be watched does not hinder serving. */
static void watch_files(struct supervisor *s)
{
	struct err err = {""};
	int rc = 0;

	if (s->config->watch && s->config->plugins_dir != NULL)
		rc = watch_create(s->reactor, s->config, reload, s, &s->watch, &err);
	if (rc != 0)
		log_line(LOG_LEVEL_ERR, "watch: %s", err_message(&err, rc));
}

static int begin(struct supervisor *s, struct err *err)
{
	const struct status_source status = {fill_status, reload_for_admin, s};
	int rc;

	s->started_at = reactor_now();
	s->reactor = reactor_create();
	if (s->reactor != NULL)
		s->stall_tick = reactor_timer_create(s->reactor, on_stall_tick, s);
	if (s->stall_tick != NULL)
		s->settled = reactor_timer_create(s->reactor, check_reload, s);
	if (s->settled == NULL)
		return err_set(err, E_NOMEM, "no memory for the loop");
	serving_raise_limit(s->config);
	leaving_hold_signals();
	rc = serving_open_ids(s->config, &s->ids, err);
	if (rc == 0)
		rc = make_groups(s, err);
	s->ids.waits = false; /* from here on the loop runs */
	if (rc == 0)
		rc = start_workers(s, err);
	if (rc == 0)
		rc = listen_everywhere(s, err);
	s->leaving = (struct leaving){
		.config = s->config,
		.reactor = s->reactor,
		.sockets = &s->sockets,
		.ops = {.connections = count_connections,
			.events = count_events,
			.is_followed = is_followed,
			.retire = retire,
			.reopen_log = reopen_log,
			.check = check,
			.reload = reload},
		.user = s,
	};
	if (rc == 0)
		rc = leaving_init(&s->leaving, err);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < s->plan.count; i++)
		group_offer(s->groups[i]);
	rc = serving_create_admin(s->config, s->reactor, &status, &s->admin, err);
	if (rc != 0)
		return rc;
	watch_files(s);
	for (size_t i = 0; i < s->plan.count; i++)
		announce_group(s->groups[i]);
	reactor_timer_start(s->stall_tick, STALL_TICK, 1);
	notify_ready(s->config->plugin_count);
	return 0;
}

/* ---- the end ---- */

/* Workers end their events and connections, and what their plugins do by themselves; who does not is killed. */
static void end_workers(struct supervisor *s)
{
	double now = reactor_now(), left = s->leaving.leave_at - now;

	if (s->leaving.stage != LEAVING_NOW || left < 0)
		left = 0;
	say_all(s, CONTROL_LEAVE, (uint64_t)(left * 1000));
	for (size_t i = 0; i < s->plan.count; i++)
		group_wait(s->groups[i], now + left + LAST_WAIT);
	for (size_t i = 0; i < s->plan.count; i++)
		group_end(s->groups[i]);
}

static void end(struct supervisor *s)
{
	const struct reload_place place = reload_place(s);

	notify_leaves();
	admin_destroy(s->admin);
	watch_destroy(s->watch);
	if (s->reload.runs)
		reload_cancel(&s->reload, &place);
	retired_fini(&s->retired);
	server_sockets_fini(&s->sockets);
	if (s->groups != NULL)
		end_workers(s);
	for (size_t i = 0; s->groups != NULL && i < s->plan.count; i++)
		group_fini(s->groups[i]);
	free_group_array(s->groups, s->plan.count);
	leaving_fini(&s->leaving);
	event_table_destroy(s->env.event_ids);
	plan_fini(&s->plan);
	config_fini(s->reloaded);
	free(s->reloaded);
	ids_file_fini(&s->ids);
	peer_memo_fini(&s->known);
	farewell_fini();
	reactor_timer_destroy(s->stall_tick);
	reactor_timer_destroy(s->settled);
	reactor_destroy(s->reactor);
	notify_fini();
}

int supervisor_run(const struct supervisor_options *options, struct err *err)
{
	struct supervisor s = {.options = *options, .config = options->config};
	int rc = serving_open(s.config, err);

	if (rc != 0)
		return rc;
	notify_init();
	rc = confine_supervisor(s.config, err);
	if (rc == 0)
		rc = begin(&s, err);
	if (rc == 0)
		reactor_run(s.reactor);
	end(&s);
	serving_close(options->config, rc, err);
	return rc;
}
