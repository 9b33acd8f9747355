#include "server/supervisor/group_reload.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/supervisor/control.h"
#include "server/supervisor/group_child.h"

#define AGAIN 10.0 /* seconds between two replacements for a seat */

static void drop_file(struct group *g)
{
	if (g->next_config_fd >= 0)
		close(g->next_config_fd);
	g->next_config_fd = -1;
	group_shared_fini(&g->next_shared);
}

static void drop_dumps(struct group *g)
{
	for (size_t i = 0; i < g->plan->plugin_count; i++) {
		free(g->plugins[i].next_dump);
		g->plugins[i].next_dump = NULL;
	}
}

static int start_successor(struct seat *seat, const struct config *config, struct err *err)
{
	const struct seat_start start = {config, seat->group->next_config_fd,
					 seat->group->next_shared.fd, true};

	return seat_start(seat, &start, &seat->successor, err);
}

int group_prepare(struct group *g, const struct group_next *next, struct err *err)
{
	int rc;

	group_stay(g);
	g->next_seats = next->plan->workers;
	rc = group_config_file(next->config, next->plan, &g->next_config_fd, err);
	if (rc == 0)
		rc = group_shared_follow(&g->shared, next->config, &g->next_shared, err);
	if (rc == 0 && group_add_seats(g, g->next_seats) != 0)
		rc = err_set(err, E_NOMEM, "no memory for workers");
	for (size_t i = 0; rc == 0 && i < g->next_seats; i++)
		rc = start_successor(&g->seats[i], next->config, err);
	if (rc != 0)
		group_stay(g);
	return rc;
}

bool group_is_prepared(const struct group *g)
{
	for (size_t i = 0; i < g->seat_count; i++)
		if (g->seats[i].successor != NULL && g->seats[i].successor->state == CHILD_STARTING)
			return false;
	return true;
}

bool group_is_refused(const struct group *g)
{
	for (size_t i = 0; i < g->next_seats; i++)
		if (g->seats[i].successor == NULL)
			return true;
	return false;
}

void group_stay(struct group *g)
{
	for (size_t i = 0; i < g->seat_count; i++) {
		child_destroy(g->seats[i].successor);
		g->seats[i].successor = NULL;
	}
	group_drop_seats(g, g->plan->workers);
	drop_dumps(g);
	drop_file(g);
}

/* One that is not even ready has nothing to drain. */
static void retire_child(struct group *g, struct child *child, double drain_timeout)
{
	if (child == NULL)
		return;
	child->next = g->leavers;
	g->leavers = child;
	if (child->state == CHILD_READY)
		child_say(child, CONTROL_DRAIN, (uint64_t)(drain_timeout * 1000));
	else
		child_kill(child);
	child->state = CHILD_DRAINING;
}

/* The successor serves. */
static void switch_seat(struct seat *seat, double drain_timeout)
{
	struct child *old = seat->child;

	seat->child = seat->successor;
	seat->successor = NULL;
	reactor_timer_stop(seat->again);
	retire_child(seat->group, old, drain_timeout);
}

bool group_has_failed(const struct group *g)
{
	for (size_t i = 0; i < g->seat_count; i++)
		if (g->seats[i].has_failed)
			return true;
	return false;
}

static void leave_seat(struct seat *seat, double seconds)
{
	struct group *g = seat->group;
	struct child *child = seat->child;

	reactor_timer_stop(seat->again);
	seat->child = NULL;
	if (child == NULL)
		return;
	child_say(child, CONTROL_LEAVE, (uint64_t)(seconds * 1000));
	if (child->state == CHILD_STARTING)
		child_kill(child);
	else
		child->state = CHILD_ENDING;
	child->next = g->leavers;
	g->leavers = child;
}

void group_leave(struct group *g, double seconds)
{
	group_stay(g);
	for (size_t i = 0; i < g->seat_count; i++)
		leave_seat(&g->seats[i], seconds);
	err_set(&g->care.why, E_PLUGIN, "%s is served no more", g->plan->name);
	group_give_up(g);
}

bool group_replace(struct group *g, struct seat *seat)
{
	const struct seat_start start = {g->env->config, g->config_fd, g->shared.fd, true};
	struct err err = {""};
	int rc;

	if (seat->successor != NULL || g->next_config_fd >= 0 ||
	    (seat->replaced_at > 0 && reactor_now() < seat->replaced_at + AGAIN))
		return false;
	seat->replaced_at = reactor_now();
	rc = seat_start(seat, &start, &seat->successor, &err);
	if (rc != 0)
		log_line(LOG_LEVEL_ERR, "a worker of %s can't be started: %s", g->plan->name,
			 err_message(&err, rc));
	return rc == 0;
}

void group_replaced(struct group *g, struct seat *seat)
{
	if (g->next_config_fd >= 0)
		return;
	drop_dumps(g);
	switch_seat(seat, g->env->config->drain_timeout);
	group_serve_again(g);
}

void group_switch(struct group *g, const struct plan_group *plan, double drain_timeout)
{
	for (size_t i = 0; i < g->seat_count; i++) {
		switch_seat(&g->seats[i], drain_timeout);
		g->seats[i].restart = (struct restart){0};
	}
	close(g->config_fd);
	g->config_fd = g->next_config_fd;
	g->next_config_fd = -1;
	group_shared_fini(&g->shared);
	g->shared = g->next_shared;
	g->next_shared = (struct group_shared){.fd = -1};
	g->plan = plan;
	group_drop_seats(g, plan->workers);
	group_serve_again(g);
}
