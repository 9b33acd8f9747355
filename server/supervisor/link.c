#include "server/supervisor/link.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/session/session.h"
#include "server/session/session_custody.h"
#include "server/supervisor/care.h"
#include "server/supervisor/child.h"
#include "server/supervisor/passage.h"

static void enlist(struct link *link, struct link_set *set)
{
	link->set = set;
	link->next = set->list;
	link->prev = &set->list;
	if (link->next != NULL)
		link->next->prev = &link->next;
	set->list = link;
	set->count++;
	set->unwanted += link->unwanted;
}

static void delist(struct link *link)
{
	struct link_set *set = link->set;

	if (!link->unwanted)
		shares_remove(&set->peers, link->peer, 1);
	set->unwanted -= link->unwanted;
	set->lent -= link->place == LINK_LENT;
	set->count--;
	*link->prev = link->next;
	if (link->next != NULL)
		link->next->prev = link->prev;
}

struct link *link_create(struct link_set *set, const struct link_start *start)
{
	struct link *link = calloc(1, sizeof(*link));

	if (link == NULL || (!start->unwanted && shares_add(&set->peers, start->peer, 1) != 0)) {
		free(link);
		close(start->fd);
		return NULL;
	}
	link->fd = start->fd;
	link->peer = start->peer;
	link->on_error = start->on_error;
	link->unwanted = link->refuse = start->unwanted;
	link->find.state.tag = (uint8_t)start->on_error;
	enlist(link, set);
	return link;
}

void link_destroy(struct link *link)
{
	if (link->place == LINK_CARED)
		session_destroy(link->session);
	else if (link->place == LINK_HELD)
		shutdown(link->fd, SHUT_RDWR);
	if (link->lender != NULL)
		passage_return(link->lender, link->lender_number);
	custody_find_fini(&link->find);
	close(link->fd);
	delist(link);
	free(link);
}

int link_give(struct link *link, struct child *child)
{
	const struct child_connection connection = {
		.link = link,
		.fd = link->fd,
		.peer = link->peer,
		.refuse = link->refuse,
		.find = &link->find,
	};
	int rc = child_give(child, &connection);

	if (rc != 0)
		return rc;
	custody_find_fini(&link->find);
	link->find = (struct custody_find){0};
	link->child = child;
	link->place = LINK_SERVED;
	return 0;
}

void link_hold(struct link *link, struct custody_find *find)
{
	link->find = *find;
	link->find.state.tag = (uint8_t)link->on_error; /* whatever the worker's memory says */
	link->child = NULL;
	link->place = LINK_HELD;
}

/* The session gets a descriptor of its own: it closes it, or ends the connection. */
static struct session *restore(struct link *link, struct care *care)
{
	int fd = fcntl(link->fd, F_DUPFD_CLOEXEC, 0);
	struct custody_find find = link->find;

	link->find = (struct custody_find){0};
	if (fd >= 0)
		return session_restore(&care->env, fd, link->number, &find);
	custody_find_fini(&find);
	return NULL;
}

static bool begin_care(struct link *link, struct care *care)
{
	link->session = restore(link, care);
	if (link->session == NULL) {
		(void)send(link->fd, "\x94", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		link_destroy(link);
		return false;
	}
	link->place = LINK_CARED;
	return true;
}

/* Calls fn on the session, which may end by that. False where the connection is gone. */
static bool run(struct link *link, void (*fn)(struct session *s))
{
	link->kept = true;
	fn(link->session);
	link->kept = false;
	if (!link->over)
		return true;
	link_destroy(link);
	return false;
}

/* `refuse` is how it ends if it is not wanted. */
static bool care_for(struct link *link, struct care *care, void (*refuse)(struct session *s))
{
	if (!begin_care(link, care) || !run(link, session_go_on))
		return false;
	return !link->refuse || run(link, refuse);
}

bool link_care(struct link *link, struct care *care)
{
	return care_for(link, care, session_turn_away);
}

bool link_salvage(struct link *link, struct care *care)
{
	if (link->refuse)
		return care_for(link, care, session_abort);
	if (!begin_care(link, care) || !run(link, session_recover))
		return false;
	return link_let_go(link) || run(link, session_go_on);
}

void link_lend(struct link *link, struct passage *to)
{
	custody_find_fini(&link->find);
	link->find = (struct custody_find){0};
	link->borrower = to;
	link->place = LINK_LENT;
	link->set->lent++;
}

/* Nobody knows what was said on it. */
void link_recall(struct link *link, struct care *care)
{
	struct custody_find nothing = {0};

	link->set->lent--;
	link->borrower = NULL;
	link->refuse = true;
	link_hold(link, &nothing);
	link_salvage(link, care);
}

bool link_catch_up(struct link *link)
{
	return run(link, session_catch_up);
}

bool link_let_go(struct link *link)
{
	struct session *s = link->session;

	if (link->place != LINK_CARED || !session_may_move(s))
		return false;
	link->session = NULL;
	link->place = LINK_HELD;
	session_release(s, &link->find);
	return true;
}

void link_note_end(struct link *link)
{
	link->session = NULL;
	link->place = LINK_HELD;
	link->over = true;
	if (!link->kept)
		link_destroy(link);
}

struct link *link_find(struct link *list, const struct session *s)
{
	while (list != NULL && (list->place != LINK_CARED || list->session != s))
		list = list->next;
	return list;
}
