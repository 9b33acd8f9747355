#include "server/supervisor/group_child.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/buf.h"
#include "server/config/config.h"
#include "server/config/config_value.h"
#include "server/confine/environment.h"
#include "server/confine/filter.h"
#include "server/event/event.h"
#include "server/file.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/registry/ids_file.h"
#include "server/supervisor/config_text.h"
#include "server/supervisor/control.h"
#include "server/supervisor/group_metrics.h"
#include "server/supervisor/group_passage.h"
#include "server/supervisor/group_reload.h"
#include "server/supervisor/salvage.h"
#include "server/supervisor/sealed_file.h"

#define SLOTS_MORE 256 /* than max_connections: for those that are being refused */

int group_config_file(const struct config *config, const struct plan_group *plan, int *ret_fd,
		      struct err *err)
{
	struct buf text = {0};
	int rc = config_text_write(config, plan->plugins, plan->plugin_count, &text, err);

	if (rc == 0)
		rc = sealed_file_create("outrigger.conf", buf_head(&text), buf_len(&text), ret_fd,
					err);
	buf_fini(&text);
	return rc;
}

/* ---- who is who ---- */

static struct seat *seat_of(struct group *g, const struct child *child)
{
	struct seat *seat = &g->seats[child->seat];

	return seat->child == child || seat->successor == child ? seat : NULL;
}

static bool is_successor(struct group *g, const struct child *child)
{
	return g->seats[child->seat].successor == child;
}

static struct child *find_owner(const struct group *g, uint64_t owner)
{
	for (size_t i = 0; i < g->seat_count; i++) {
		struct child *child = g->seats[i].child;

		if (child != NULL && child->owner == owner && child->state == CHILD_READY)
			return child;
	}
	for (struct child *child = g->leavers; child != NULL; child = child->next)
		if (child->owner == owner)
			return child;
	return NULL;
}

/* ---- what workers say ---- */

static void on_plugin(void *user, struct child *child, size_t index, char *dump)
{
	struct group *g = user;
	struct group_plugin *said;
	char **place;

	if (index >= g->plan->plugin_count) {
		free(dump);
		return;
	}
	said = &g->plugins[index];
	place = is_successor(g, child) ? &said->next_dump : &said->dump;
	if (place == &said->dump && (*place == NULL || strcmp(*place, dump) != 0))
		said->is_announced = false;
	free(*place);
	*place = dump;
}

static void on_ready(void *user, struct child *child)
{
	struct group *g = user;

	group_tell_sockets(g, child);
	if (!is_successor(g, child))
		group_serve_again(g);
	else
		group_replaced(g, &g->seats[child->seat]);
	g->env->on_settled(g->env->user);
}

static void on_relief(void *user, struct child *child)
{
	struct group *g = user;
	struct seat *seat = seat_of(g, child);

	if (seat != NULL && seat->child == child && group_replace(g, seat))
		log_line(LOG_LEVEL_NOTICE, "worker %d of %s gets a successor, as it wants to leave",
			 (int)child->pid, g->plan->name);
}

static void on_ended(void *user, struct child *child, struct link *link)
{
	(void)user;
	(void)child;
	link_destroy(link);
}

void group_route(struct group *g, struct link *link, uint64_t owner)
{
	struct child *to = find_owner(g, owner);
	bool is_elsewhere = owner < EVENT_OWNERS && !g->had_owner[owner];

	if (to != NULL && link_give(link, to) == 0)
		return;
	if (!is_elsewhere || link->refuse || !group_lend(g, link, owner))
		link_care(link, &g->care);
}

static void on_released(void *user, struct child *child, struct link *link,
			struct custody_find *find, uint64_t owner)
{
	struct group *g = user;

	link_hold(link, find);
	if (owner == CONTROL_ANY)
		group_place(g, link);
	else if (owner == child->owner) /* it has not got the event */
		link_care(link, &g->care);
	else
		group_route(g, link, owner);
}

/* ---- deaths ---- */

static void note_failure(struct group *g, const struct child *child)
{
	if (child->failure_rc != 0) {
		g->failure_rc = child->failure_rc;
		g->failure = child->failure;
	} else {
		g->failure_rc = err_set(&g->failure, E_PLUGIN, "the worker of %s has ended: %s",
					g->plan->name, child->end);
	}
	err_set(&g->care.why, E_PLUGIN, "no worker serves %s: %s", g->plan->name, g->failure.text);
}

static void say_when(const struct seat *seat, double wait)
{
	const struct group *g = seat->group;

	if (seat->restart.quarantined)
		log_line(
			LOG_LEVEL_ALERT,
			"%s is in quarantine: its worker has ended %zu times in a row; it is tried "
			"again in %gs",
			g->plan->name, seat->restart.deaths, wait);
	else if (wait > 0)
		log_line(LOG_LEVEL_NOTICE, "%s gets its next worker in %gs", g->plan->name, wait);
}

static void empty_seat(struct seat *seat, const struct child *child)
{
	struct group *g = seat->group;
	const struct config *config = g->env->config;
	const struct restart_policy policy = {config->quarantine_after, config->quarantine_time};
	/* That nobody has come to it says nothing against the plugin: the next one waits at once. */
	bool is_alone = child->failure_rc == -E_ABSENT;
	double wait = is_alone ? 0
			       : restart_note_death(&seat->restart, &policy,
						    reactor_now() - child->started_at);

	seat->child = NULL;
	note_failure(g, child);
	say_when(seat, wait);
	if (seat->restart.quarantined && !group_serves(g))
		group_give_up(g);
	seat->again_at = reactor_now() + wait;
	seat->restarts++;
	g->crashes += !is_alone;
	reactor_timer_start(seat->again, wait, 0);
}

static void leave_list(struct group *g, struct child *child)
{
	struct child **at = &g->leavers;

	while (*at != NULL && *at != child)
		at = &(*at)->next;
	if (*at != NULL)
		*at = child->next;
}

static void on_seated_exit(struct seat *seat, struct child *child)
{
	struct group *g = seat->group;

	if (child->state == CHILD_STARTING && child->failure_rc != 0)
		log_line(LOG_LEVEL_ERR, "%s can't be served: %s", g->plan->name,
			 child->failure.text);
	seat->has_failed = true;
	if (seat->successor == child) {
		seat->successor = NULL;
		note_failure(g, child);
	} else {
		empty_seat(seat, child);
	}
}

static void on_child_exit(void *user, struct child *child)
{
	struct group *g = user;
	struct seat *seat = seat_of(g, child);

	err_set(&g->care.why, E_PLUGIN, "the worker of %s has ended: %s", g->plan->name,
		child->end);
	if (child->state != CHILD_STARTING)
		salvage(g, child);
	group_keep_metrics(g, child);
	if (seat != NULL)
		on_seated_exit(seat, child);
	else
		leave_list(g, child);
	child_destroy(child);
	group_tidy(g);
	g->env->on_settled(g->env->user);
}

/* ---- beginnings ---- */

static bool has_owner(const struct child *child, unsigned owner)
{
	return child != NULL && child->owner == owner;
}

/* Whether any worker of the group has it, one that only begins or leaves included. */
static bool is_taken(const struct group *g, unsigned owner)
{
	for (size_t i = 0; i < g->seat_count; i++)
		if (has_owner(g->seats[i].child, owner) || has_owner(g->seats[i].successor, owner))
			return true;
	for (const struct child *child = g->leavers; child != NULL; child = child->next)
		if (child->owner == owner)
			return true;
	return false;
}

/* They come round again, after a thousand starts; there are fewer workers than owners. */
static unsigned take_owner(const struct group *g)
{
	struct group_env *env = g->env;

	do
		env->next_owner = env->next_owner % (EVENT_OWNERS - 1) + 1;
	while (is_taken(g, env->next_owner));
	return env->next_owner;
}

static bool has_plugin(const struct group *g, const char *name)
{
	bool has = false;

	for (size_t i = 0; i < g->plan->plugin_count; i++)
		has |= strcmp(g->env->config->plugins[g->plan->plugins[i]].name, name) == 0;
	return has;
}

/* What the filter of system calls keeps from plugins otherwise. The settings may be those of a reload. */
static bool shares_memory(const struct group *g, const struct config *config)
{
	bool shares = !config->seccomp || !filter_is_known();

	for (size_t i = 0; i < config->plugin_count; i++)
		shares |= value_list_has(config->plugins[i].allow, "shared_memory") &&
			  has_plugin(g, config->plugins[i].name);
	return shares;
}

int seat_start(struct seat *seat, const struct seat_start *start, struct child **ret_child,
	       struct err *err)
{
	struct group *g = seat->group;
	const struct config *config = start->config;
	char *name = file_printf("%s/%zu", g->plan->name, seat->number);
	char **environment = environment_keep(environ, config->keep_environment);
	const struct child_options options = {
		.reactor = g->env->reactor,
		.name = name,
		.plugin_count = g->plan->plugin_count,
		.config_fd = start->config_fd,
		.checks = start->checks,
		.shares_memory = shares_memory(g, config),
		.registry_fd = registry_fd(g->registry.registry),
		.shared_fd = start->shared_fd,
		.layout = {.slots = (uint32_t)config->max_connections + SLOTS_MORE,
			   .events = (uint32_t)event_slots(config->max_events),
			   .region = custody_region_for(config->limits.message_size)},
		.owner = take_owner(g),
		.ids = g->env->ids,
		.environment = environment,
		.handler = {on_plugin, on_ready, on_relief, on_ended, on_released, on_child_exit,
			    g},
	};
	int rc = -E_NOMEM;

	if (name != NULL && environment != NULL)
		rc = child_create(&options, ret_child, err);
	free(name);
	free(environment);
	if (rc != 0)
		return rc;
	g->had_owner[options.owner] = true;
	(*ret_child)->seat = seat->number;
	return 0;
}

void seat_fill(struct seat *seat)
{
	const struct group *g = seat->group;
	const struct seat_start start = {g->env->config, g->config_fd, g->shared.fd, false};
	struct err err = {""};
	int rc = seat_start(seat, &start, &seat->child, &err);

	if (rc == 0)
		return;
	log_line(LOG_LEVEL_ERR, "a worker of %s can't be started: %s", seat->group->plan->name,
		 err_message(&err, rc));
	seat->has_failed = true;
	seat->group->failure_rc = rc;
	seat->group->failure = err;
	reactor_timer_start(seat->again, 1, 0);
}

static void on_again(void *user)
{
	struct seat *seat = user;

	if (seat->child == NULL)
		seat_fill(seat);
}

int seat_init(struct seat *seat, struct group *g, size_t number)
{
	*seat = (struct seat){.group = g, .number = number};
	seat->again = reactor_timer_create(g->env->reactor, on_again, seat);
	return seat->again != NULL ? 0 : -E_NOMEM;
}

void seat_fini(struct seat *seat)
{
	reactor_timer_destroy(seat->again);
	child_destroy(seat->child);
	child_destroy(seat->successor);
}

int group_add_seats(struct group *g, size_t count)
{
	if (count > SEATS_MAX)
		return -E_LIMIT;
	for (; g->seat_count < count; g->seat_count++)
		if (seat_init(&g->seats[g->seat_count], g, g->seat_count) != 0)
			return -E_NOMEM;
	return 0;
}

void group_drop_seats(struct group *g, size_t count)
{
	while (g->seat_count > count) {
		struct seat *seat = &g->seats[--g->seat_count];

		seat_fini(seat);
		*seat = (struct seat){0};
	}
}
