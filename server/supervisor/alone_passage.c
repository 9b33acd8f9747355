#include "server/supervisor/alone_passage.h"
#include <stdlib.h>
#include <unistd.h>
#include "server/reactor.h"
#include "server/supervisor/passage.h"
#include "server/worker.h"
#include "server/worker_adopt.h"

#define PASSAGES_MAX 8  /* any process of our user may ask for one */
#define OTHERS_TURN 1.0 /* seconds in which other workers answer */

static void forget(struct alone_passage *p)
{
	struct alone_passage **at = &p->all->list;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	while (p->parcels != NULL) {
		struct alone_parcel *parcel = p->parcels;

		p->parcels = parcel->next;
		free(parcel);
	}
	passage_destroy(p->passage);
	free(p);
}

static void on_end(void *user, struct passage *passage)
{
	(void)passage;
	forget(user);
}

/* What can't be served is ended by its sender, who sees the passage's end. */
static void on_parcel(void *user, struct passage *passage, struct parcel *parcel)
{
	struct alone_passage *p = user;
	struct alone_parcel *kept = calloc(1, sizeof(*kept));

	(void)passage;
	if (kept == NULL) {
		close(parcel->fd);
		custody_find_fini(&parcel->find);
	} else if (worker_adopt_found(p->all->worker, parcel->fd, &parcel->find, &kept->session)) {
		kept->number = parcel->number;
		kept->next = p->parcels;
		p->parcels = kept;
		return;
	}
	free(kept);
	forget(p);
}

/* We send none, and are the one worker. */
static void on_returned(void *user, struct passage *passage, uint64_t number)
{
	(void)user;
	(void)passage;
	(void)number;
}

static void on_owner(void *user, struct passage *passage, uint64_t owner)
{
	(void)user;
	(void)passage;
	(void)owner;
}

static void drop_oldest(struct alone_passages *all)
{
	struct alone_passage *last = all->list;
	size_t count = 0;

	for (struct alone_passage *p = all->list; p != NULL; p = p->next, count++)
		last = p;
	if (count >= PASSAGES_MAX)
		forget(last);
}

void alone_passages_add(void *user, int fd)
{
	struct alone_passages *all = user;
	struct alone_passage *p = calloc(1, sizeof(*p));
	const struct passage_handler handler = {on_parcel, on_returned, on_owner, on_end, p};

	drop_oldest(all);
	if (p == NULL) {
		close(fd);
		return;
	}
	*p = (struct alone_passage){.next = all->list, .all = all};
	p->passage = passage_create(all->reactor, fd, &handler);
	if (p->passage == NULL) {
		free(p);
		return;
	}
	all->list = p;
	all->added_at = reactor_now();
	passage_say_owner(p->passage, all->worker->owner);
}

bool alone_passages_may_add(void *user)
{
	const struct alone_passages *all = user;

	return all->list == NULL || reactor_now() - all->added_at > OTHERS_TURN;
}

static void check(struct alone_passage *p)
{
	struct alone_parcel **at = &p->parcels;

	while (*at != NULL) {
		struct alone_parcel *parcel = *at;

		if (worker_has_connection(p->all->worker, parcel->session)) {
			at = &parcel->next;
			continue;
		}
		*at = parcel->next;
		passage_return(p->passage, parcel->number);
		free(parcel);
	}
}

void alone_passages_check(struct alone_passages *all)
{
	for (struct alone_passage *p = all->list; p != NULL; p = p->next)
		check(p);
}

void alone_passages_fini(struct alone_passages *all)
{
	while (all->list != NULL)
		forget(all->list);
}
