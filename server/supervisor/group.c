#include "server/supervisor/group.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "protocol/buf.h"
#include "server/event/event.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/registry/ids_file.h"
#include "server/registry/registry.h"
#include "server/socket/farewell.h"
#include "server/socket/peer.h"
#include "server/socket/server_sockets.h"
#include "server/supervisor/config_text.h"
#include "server/supervisor/group_child.h"
#include "server/supervisor/group_metrics.h"
#include "server/supervisor/group_passage.h"
#include "server/supervisor/salvage.h"

#define LINGERERS 256 /* connections beyond max_connections that are being refused */
#define PATIENCE 4.0  /* seconds for which calls wait for a worker */

/* ---- connections ---- */

static struct child *least_busy(const struct group *g)
{
	struct child *best = NULL;

	for (size_t i = 0; i < g->seat_count; i++) {
		struct child *child = g->seats[i].child;

		if (child != NULL && child->state == CHILD_READY &&
		    (best == NULL || child->connections < best->connections))
			best = child;
	}
	return best;
}

void group_place(struct group *g, struct link *link)
{
	struct child *child = least_busy(g);

	if (child != NULL && link_give(link, child) == 0)
		return;
	if (child != NULL || g->given_up) {
		link_care(link, &g->care);
	} else if (!g->waits) {
		g->waits = true;
		reactor_timer_start(g->patience, PATIENCE, 0);
	}
}

/* Calls fn for each; fn may forget it. */
static void each_link(struct group *g, void (*fn)(struct group *g, struct link *link))
{
	struct link *next;

	for (struct link *link = g->links.list; link != NULL; link = next) {
		next = link->next;
		fn(g, link);
	}
}

/* What is held goes to a worker, and so does what is cared for and at rest. */
static void tidy_link(struct group *g, struct link *link)
{
	if (link->place == LINK_CARED && group_serves(g))
		link_let_go(link);
	if (link->place == LINK_HELD)
		group_place(g, link);
}

void group_tidy(struct group *g)
{
	each_link(g, tidy_link);
}

static void on_tidy(void *user)
{
	group_tidy(user);
}

static void give_up_link(struct group *g, struct link *link)
{
	if (link->place == LINK_HELD)
		link_care(link, &g->care);
}

void group_give_up(struct group *g)
{
	g->given_up = true;
	each_link(g, give_up_link);
}

static void on_patience_end(void *user)
{
	struct group *g = user;

	g->waits = false;
	if (!group_serves(g))
		group_give_up(g);
}

void group_serve_again(struct group *g)
{
	g->given_up = g->waits = false;
	reactor_timer_stop(g->patience);
	group_tidy(g);
}

static void on_care_end(void *user, struct session *s)
{
	struct group *g = user;
	struct link *link = link_find(g->links.list, s);

	if (link != NULL)
		link_note_end(link);
}

static void on_care_rest(void *user)
{
	struct group *g = user;

	if (group_serves(g))
		reactor_timer_start(g->tidy, 0, 0);
}

static bool has_room(const struct group *g, uint64_t peer)
{
	static struct log_limit limit;
	size_t max = g->env->config->max_connections, wanted = g->links.count - g->links.unwanted;

	if (wanted < max && shares_allow(&g->links.peers, peer, max))
		return true;
	if (log_is_due(&limit))
		log_line(LOG_LEVEL_ERR,
			 "a connection is refused: there are %zu already, %zu of them of the same "
			 "process (max_connections)",
			 wanted, shares_of(&g->links.peers, peer));
	return false;
}

struct link *group_take_in(struct group *g, const struct link_start *start)
{
	struct link_start judged = *start;
	struct link *link;

	judged.unwanted = start->unwanted || !has_room(g, start->peer);
	if (judged.unwanted && g->links.unwanted >= LINGERERS) {
		farewell_say(g->env->reactor, start->fd);
		return NULL;
	}
	link = link_create(&g->links, &judged);
	if (link == NULL)
		log_line(LOG_LEVEL_ERR, "no memory for a connection");
	else
		link->number = ++g->next_number;
	return link;
}

void group_accept(struct group *g, int fd, enum on_error on_error, bool refuse)
{
	const struct link_start start = {fd, peer_memo_process(g->env->known, fd), on_error,
					 refuse};
	struct link *link = group_take_in(g, &start);

	if (link != NULL)
		group_place(g, link);
}

/* ---- all workers ---- */

static void each_child(const struct group *g, void (*fn)(struct child *child, void *arg), void *arg)
{
	for (size_t i = 0; i < g->seat_count; i++) {
		if (g->seats[i].child != NULL)
			fn(g->seats[i].child, arg);
		if (g->seats[i].successor != NULL)
			fn(g->seats[i].successor, arg);
	}
	for (struct child *child = g->leavers; child != NULL; child = child->next)
		fn(child, arg);
}

/* Events are counted when code pauses: the first one is not while its code runs. */
static void add_events(struct child *child, void *arg)
{
	struct custody_load load;

	if (custody_file_load(child->custody_fd, &load) == 0)
		*(size_t *)arg += load.events + (load.events == 0 && load.runs && load.event != 0);
}

size_t group_events(const struct group *g)
{
	size_t count = 0;

	each_child(g, add_events, &count);
	return count;
}

struct word {
	unsigned type;
	uint64_t number;
};

static void say(struct child *child, void *arg)
{
	const struct word *word = arg;

	child_say(child, word->type, word->number);
}

void group_say(const struct group *g, unsigned type, uint64_t number)
{
	struct word word = {type, number};

	each_child(g, say, &word);
}

/* One that is still starting reads nothing, and has nothing to end: a program that it waits for may never come. */
static void wait_for(struct child *child, void *arg)
{
	if (child->state == CHILD_STARTING)
		child_kill(child);
	if (!child_wait(child, *(const double *)arg))
		log_line(LOG_LEVEL_WARN, "worker %d does not leave and is killed", (int)child->pid);
}

void group_wait(struct group *g, double deadline)
{
	each_child(g, wait_for, &deadline);
}

static void end_child(struct child *child, void *arg)
{
	(void)arg;
	child_end(child);
}

/* One that has yet to begin has no connection, and what it says would begin its service. */
static void hear_child(struct child *child, void *arg)
{
	(void)arg;
	if (child->state == CHILD_ENDING)
		child_hear(child);
}

static void salvage_child(struct child *child, void *arg)
{
	if (child->state == CHILD_ENDING)
		salvage(arg, child);
}

/* All are killed before any is heard, and all are heard before any is salvaged: what one of them has let go
 * must not be lost with another one. */
void group_end(struct group *g)
{
	if (g->env == NULL)
		return;
	g->given_up = true;
	err_set(&g->care.why, E_PLUGIN, "no worker serves %s: outrigger ends", g->plan->name);
	each_child(g, end_child, NULL);
	each_child(g, hear_child, NULL);
	each_child(g, salvage_child, g);
}

static void say_socket(struct child *child, void *arg)
{
	child_listen(child, arg);
}

void group_tell_socket(const struct group *g, const struct server_socket *socket)
{
	each_child(g, say_socket, (void *)socket);
}

static void say_offers(struct child *child, void *arg)
{
	const struct registry_offers *offers = arg;

	for (size_t i = 0; i < offers->count; i++)
		child_offer(child, offers->offers[i]);
}

void group_tell_sockets(struct group *g, struct child *child)
{
	for (size_t i = 0; i < g->socket_count; i++)
		child_listen(child, g->sockets[i]);
	say_offers(child, &g->registry.offers);
}

int group_listen(struct group *g, const struct server_socket *socket)
{
	const struct server_socket **more =
		reallocarray(g->sockets, g->socket_count + 1, sizeof(const struct server_socket *));

	if (more == NULL)
		return -E_NOMEM;
	g->sockets = more;
	g->sockets[g->socket_count++] = socket;
	group_tell_socket(g, socket);
	return 0;
}

/* ---- the group ---- */

bool group_serves(const struct group *g)
{
	return least_busy(g) != NULL;
}

bool group_is_settled(const struct group *g)
{
	for (size_t i = 0; i < g->seat_count; i++) {
		const struct seat *seat = &g->seats[i];

		if (!seat->has_failed && (seat->child == NULL || seat->child->state != CHILD_READY))
			return false;
	}
	return true;
}

void group_offer(struct group *g)
{
	server_registry_offer(&g->registry, g->env->reactor);
	each_child(g, say_offers, &g->registry.offers);
}

void group_check_offers(struct group *g)
{
	if (registry_offers_check(&g->registry.offers))
		each_child(g, say_offers, &g->registry.offers);
}

void group_start(struct group *g)
{
	for (size_t i = 0; i < g->seat_count; i++)
		seat_fill(&g->seats[i]);
}

static void take_shared(void *user, int fd)
{
	struct group *g = user;

	group_shared_adopt(&g->shared, fd);
}

static int make_files(struct group *g, struct err *err)
{
	const struct server_registry_options registry = {
		.config = g->env->config,
		.plugins = g->plan->plugins,
		.count = g->plan->plugin_count,
		.generation = g->env->ids->generation,
		.processes = g->plan->workers,
		.on_predecessor = group_add_predecessor,
		.on_successor = group_add_successor,
		.on_shared = take_shared,
		.shared_fd = &g->shared.fd,
		.user = g,
	};
	int rc = group_config_file(g->env->config, g->plan, &g->config_fd, err);

	if (rc == 0)
		rc = group_shared_init(&g->shared, g->env->config, err);
	if (rc == 0)
		rc = server_registry_init(&g->registry, &registry, err);
	if (rc == 0)
		g->care.env.generation = registry_generation(g->registry.registry);
	return rc;
}

static int make_seats(struct group *g)
{
	g->plugins = calloc(g->plan->plugin_count, sizeof(*g->plugins));
	g->seats = calloc(SEATS_MAX, sizeof(*g->seats));
	g->patience = reactor_timer_create(g->env->reactor, on_patience_end, g);
	g->tidy = reactor_timer_create(g->env->reactor, on_tidy, g);
	if (g->plugins == NULL || g->seats == NULL || g->patience == NULL || g->tidy == NULL)
		return -E_NOMEM;
	return group_add_seats(g, g->plan->workers);
}

int group_init(struct group *g, struct group_env *env, const struct plan_group *plan,
	       struct err *err)
{
	int rc;

	*g = (struct group){.env = env, .plan = plan, .config_fd = -1, .next_config_fd = -1};
	g->shared.fd = g->next_shared.fd = -1;
	g->care = (struct care){.ids = env->event_ids,
				.on_end = on_care_end,
				.on_rest = on_care_rest,
				.on_answer = group_count_answer,
				.user = g};
	rc = care_init(&g->care, env->reactor, env->config, env->ids->generation);
	if (rc == 0)
		rc = make_seats(g);
	return rc == 0 ? make_files(g, err) : err_set(err, E_NOMEM, "no memory for workers");
}

static void forget_link(struct group *g, struct link *link)
{
	(void)g;
	link_destroy(link);
}

static void abandon_link(struct group *g, struct link *link)
{
	if (link->place == LINK_SERVED || link->place == LINK_LENT)
		return;
	if (link->place == LINK_HELD && !link_care(link, &g->care))
		return;
	if (!link_catch_up(link))
		return;
	session_abandon(link->session);
	link->place = LINK_HELD;
}

void group_fini(struct group *g)
{
	if (g->env == NULL)
		return;
	each_link(g, abandon_link);
	for (size_t i = 0; i < g->seat_count; i++)
		seat_fini(&g->seats[i]);
	while (g->leavers != NULL) {
		struct child *child = g->leavers;

		g->leavers = child->next;
		child_destroy(child);
	}
	each_link(g, forget_link);
	group_close_passages(g);
	shares_fini(&g->links.peers);
	for (size_t i = 0; g->plugins != NULL && i < g->plan->plugin_count; i++) {
		free(g->plugins[i].dump);
		free(g->plugins[i].next_dump);
	}
	reactor_timer_destroy(g->patience);
	reactor_timer_destroy(g->tidy);
	care_fini(&g->care);
	if (g->config_fd >= 0)
		close(g->config_fd);
	group_shared_fini(&g->shared);
	server_registry_fini(&g->registry);
	free(g->plugins);
	free(g->seats);
	free(g->sockets);
	*g = (struct group){0};
}
