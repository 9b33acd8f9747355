#include "server/event/deadline.h"
#include <stddef.h>
#include <utlist.h>
#include "protocol/err.h"
#include "server/reactor.h"

#define SHORTEST_WAIT 0.01 /* seconds: deadlines that lie close together share a wake-up */

static void set_timer(struct deadline_clock *clock, double at, double now)
{
	double wait = at - now;

	clock->next = at;
	reactor_timer_start(clock->timer, wait > SHORTEST_WAIT ? wait : SHORTEST_WAIT, 0);
}

static void on_timer(void *user)
{
	struct deadline_clock *clock = user;

	clock->next = 0;
	deadline_clock_run(clock, reactor_now());
}

int deadline_clock_init(struct deadline_clock *clock, struct reactor *reactor)
{
	*clock = (struct deadline_clock){0};
	clock->timer = reactor_timer_create(reactor, on_timer, clock);
	return clock->timer != NULL ? 0 : -E_NOMEM;
}

void deadline_clock_fini(struct deadline_clock *clock)
{
	reactor_timer_destroy(clock->timer);
	*clock = (struct deadline_clock){0};
}

void deadline_list_init(struct deadline_list *list, struct deadline_clock *clock,
			void (*expired)(struct deadline *))
{
	*list = (struct deadline_list){.clock = clock, .expired = expired};
	list->next = clock->lists;
	clock->lists = list;
}

/* From the end, where it nearly always belongs. (utlist: head->prev is the last one.) */
static void insert(struct deadline_list *list, struct deadline *deadline)
{
	struct deadline *before = list->head != NULL ? list->head->prev : NULL;

	while (before != NULL && before->at > deadline->at)
		before = before != list->head ? before->prev : NULL;
	if (before == NULL)
		DL_PREPEND(list->head, deadline);
	else
		DL_APPEND_ELEM(list->head, before, deadline);
	deadline->list = list;
}

void deadline_set(struct deadline *deadline, struct deadline_list *list, double at)
{
	struct deadline_clock *clock = list->clock;

	deadline_clear(deadline);
	deadline->at = at;
	insert(list, deadline);
	if (clock->next == 0 || at < clock->next)
		set_timer(clock, at, reactor_now());
}

void deadline_clear(struct deadline *deadline)
{
	if (deadline->list == NULL)
		return;
	DL_DELETE(deadline->list->head, deadline);
	deadline->list = NULL;
}

static void run_list(struct deadline_list *list, double now)
{
	while (list->head != NULL && list->head->at <= now) {
		struct deadline *due = list->head;

		deadline_clear(due);
		list->expired(due);
	}
}

void deadline_clock_run(struct deadline_clock *clock, double now)
{
	struct deadline_list *list;
	double next = 0;

	for (list = clock->lists; list != NULL; list = list->next)
		run_list(list, now);
	for (list = clock->lists; list != NULL; list = list->next)
		if (list->head != NULL && (next == 0 || list->head->at < next))
			next = list->head->at;
	if (next != 0)
		set_timer(clock, next, now);
}
