#include "server/supervisor/group_passage.h"
#include <stdlib.h>
#include <unistd.h>
#include "server/log.h"
#include "server/socket/listener.h"
#include "server/socket/peer.h"
#include "server/socket/server_sockets.h"
#include "server/supervisor/group_child.h"
#include "server/supervisor/passage.h"

#define SUCCESSORS_MAX 8 /* of a group: any process of our user may ask to be one */
#define ANY_OWNER UINT64_MAX

struct group_passage {
	struct group_passage *next;
	struct group *group;
	struct passage *passage;
	bool leads_to_successor;
	uint64_t owner; /* of all events at the other end; ANY_OWNER = not known */
};

/* ---- what comes ---- */

static void on_parcel(void *user, struct passage *p, struct parcel *parcel)
{
	const struct link_start start = {.fd = parcel->fd,
					 .peer = peer_process(parcel->fd),
					 .on_error = (enum on_error)parcel->find.state.tag};
	struct group_passage *from = user;
	struct group *g = from->group;
	struct link *link = group_take_in(g, &start);

	if (link == NULL) {
		custody_find_fini(&parcel->find);
		passage_return(p, parcel->number);
		return;
	}
	link->lender = p;
	link->lender_number = parcel->number;
	link_hold(link, &parcel->find);
	group_route(g, link, parcel->owner);
}

static struct link *find_lent(const struct group *g, const struct passage *p, uint64_t number)
{
	struct link *link = g->links.list;

	while (link != NULL &&
	       (link->place != LINK_LENT || link->borrower != p || link->number != number))
		link = link->next;
	return link;
}

static void on_returned(void *user, struct passage *p, uint64_t number)
{
	const struct group_passage *from = user;
	struct link *link = find_lent(from->group, p, number);

	if (link != NULL)
		link_destroy(link);
}

static void on_owner(void *user, struct passage *p, uint64_t owner)
{
	(void)p;
	((struct group_passage *)user)->owner = owner;
}

/* ---- its end ---- */

static void forget(struct group_passage *passage)
{
	struct group_passage **at = &passage->group->passages;

	while (*at != passage)
		at = &(*at)->next;
	*at = passage->next;
	passage_destroy(passage->passage);
	free(passage);
}

static void on_end(void *user, struct passage *p)
{
	struct group_passage *passage = user;
	struct group *g = passage->group;
	struct link *next;

	for (struct link *link = g->links.list; link != NULL; link = next) {
		next = link->next;
		if (link->lender == p)
			link->lender = NULL;
		if (link->place == LINK_LENT && link->borrower == p)
			link_recall(link, &g->care);
	}
	forget(passage);
}

void group_close_passages(struct group *g)
{
	while (g->passages != NULL)
		forget(g->passages);
}

/* ---- its beginning ---- */

static void drop_oldest_successor(struct group *g)
{
	struct group_passage *last = NULL;
	size_t count = 0;

	for (struct group_passage *p = g->passages; p != NULL; p = p->next) {
		if (!p->leads_to_successor)
			continue;
		last = p;
		count++;
	}
	if (count >= SUCCESSORS_MAX)
		on_end(last, last->passage);
}

static void add(struct group *g, int fd, bool leads_to_successor)
{
	struct group_passage *added = calloc(1, sizeof(*added));
	const struct passage_handler handler = {on_parcel, on_returned, on_owner, on_end, added};

	if (leads_to_successor)
		drop_oldest_successor(g);
	if (added == NULL) {
		close(fd);
		return;
	}
	*added = (struct group_passage){.next = g->passages,
					.group = g,
					.leads_to_successor = leads_to_successor,
					.owner = ANY_OWNER};
	added->passage = passage_create(g->env->reactor, fd, &handler);
	if (added->passage == NULL)
		free(added);
	else
		g->passages = added;
}

void group_add_predecessor(void *group, int fd)
{
	add(group, fd, false);
}

void group_add_successor(void *group, int fd)
{
	add(group, fd, true);
}

/* ---- what goes ---- */

bool group_has_successor(const struct group *g)
{
	for (const struct group_passage *p = g->passages; p != NULL; p = p->next)
		if (p->leads_to_successor)
			return true;
	return false;
}

/* Who has asked for our registry need not be who serves our sockets now. */
static bool is_successor(const struct group *g, const struct group_passage *p)
{
	for (size_t i = 0; i < g->socket_count; i++)
		if (passage_leads_to(p->passage, listener_path(g->sockets[i]->listener)))
			return true;
	return false;
}

/* Never back to where it came from, nor between two predecessors, or two successors. */
static bool may_lead(const struct group *g, const struct group_passage *p, const struct link *link)
{
	const struct group_passage *from = g->passages;

	while (from != NULL && from->passage != link->lender)
		from = from->next;
	if (from != NULL && from->leads_to_successor == p->leads_to_successor)
		return false;
	return !p->leads_to_successor || is_successor(g, p);
}

bool group_lend(struct group *g, struct link *link, uint64_t owner)
{
	const struct parcel parcel = {link->number, owner, link->fd, link->find};

	for (struct group_passage *p = g->passages; p != NULL; p = p->next) {
		if ((p->owner != ANY_OWNER && p->owner != owner) || !may_lead(g, p, link) ||
		    passage_send(p->passage, &parcel) != 0)
			continue;
		log_line(LOG_LEVEL_DEBUG,
			 "connection %llu goes to the other server, whose event it is for",
			 (unsigned long long)link->number);
		link_lend(link, p->passage);
		return true;
	}
	return false;
}
