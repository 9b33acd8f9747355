#include "server/event/event.h"
#include <stdlib.h>
#include "protocol/lines.h"
#include "server/custody/fault.h"
#include "server/socket/shares.h"

struct event_table {
	struct event_options options;
	struct event_record *records;
	struct event **events; /* by slot; NULL where the record is free */
	struct event *idle;    /* for use again, last used first: its memory is warm */
	uint64_t mask;         /* slots - 1; a power of two */
	uint64_t next, end;    /* counters that we may use */
	size_t count;
	struct shares peers; /* who they are for */
};

/* More slots than events, so that a free one is always near. */
size_t event_slots(size_t max)
{
	size_t slots = 64;

	while (slots < max + max / 4)
		slots *= 2;
	return slots;
}

struct event_table *event_table_create(const struct event_options *options)
{
	struct event_table *t = calloc(1, sizeof(*t));
	size_t slots = event_slots(options->max);

	if (t == NULL)
		return NULL;
	t->options = *options;
	t->mask = slots - 1;
	t->records = options->records != NULL ? options->records
					      : lines_alloc(slots * sizeof(*t->records));
	t->events = calloc(slots, sizeof(struct event *));
	if (t->records != NULL && t->events != NULL)
		return t;
	event_table_destroy(t);
	return NULL;
}

static void destroy_event(struct event *event)
{
	arena_fini(&event->arena);
	free(event);
}

void event_table_destroy(struct event_table *t)
{
	if (t == NULL)
		return;
	for (uint64_t slot = 0; t->events != NULL && slot <= t->mask; slot++)
		if (t->events[slot] != NULL)
			destroy_event(t->events[slot]);
	while (t->idle != NULL) {
		struct event *event = t->idle;

		t->idle = event->next_idle;
		destroy_event(event);
	}
	shares_fini(&t->peers);
	free(t->events);
	if (t->records != t->options.records)
		free(t->records);
	free(t);
}

static int refill(struct event_table *t, struct err *err)
{
	int rc;

	if (t->next < t->end)
		return 0;
	if (t->options.reserve == NULL) {
		t->next = 1;
		t->end = (uint64_t)1 << EVENT_COUNTER_BITS;
		return 0;
	}
	rc = t->options.reserve(t->options.user, &t->next, &t->end, err);
	if (rc != 0)
		t->next = t->end;
	return rc;
}

void event_stock(struct event_table *t)
{
	(void)refill(t, NULL);
}

static uint64_t make_id(const struct event_table *t, uint64_t counter)
{
	return ((uint64_t)t->options.owner << EVENT_COUNTER_BITS) | counter;
}

uint64_t event_burn_id(struct event_table *t)
{
	return refill(t, NULL) == 0 ? make_id(t, t->next++) : 0;
}

/* A counter whose slot is free. There is one: slots are more than events. */
static int take_counter(struct event_table *t, uint64_t *ret_counter, struct err *err)
{
	do {
		int rc = refill(t, err);

		if (rc != 0)
			return rc;
		*ret_counter = t->next++;
	} while (t->events[*ret_counter & t->mask] != NULL);
	return 0;
}

static struct event *take_idle(struct event_table *t)
{
	struct event *event = t->idle;

	if (event == NULL)
		return lines_alloc(sizeof(*event));
	t->idle = event->next_idle;
	event->next_idle = NULL;
	return event;
}

/* All but the arena. Only the first byte of the error's text counts. */
static void clear_event(struct event *event)
{
	event->record = NULL;
	event->served = NULL;
	event->instance = NULL;
	event->rq = (struct pdk_rq){0};
	event->deadline = (struct deadline){0};
	event->rc = 0;
	event->err.text[0] = '\0';
}

static int check_room(const struct event_table *t, uint64_t peer, struct err *err)
{
	if (t->count >= t->options.max)
		return err_set(err, E_LIMIT, "%zu events run, no more are allowed (max_events)",
			       t->count);
	if (!shares_allow(&t->peers, peer, t->options.max))
		return err_set(err, E_LIMIT,
			       "%zu events of one process run, the rest is for others (max_events)",
			       shares_of(&t->peers, peer));
	return 0;
}

int event_take(struct event_table *t, uint64_t peer, struct event **ret_event, struct err *err)
{
	struct event *event;
	uint64_t counter = 0;
	int rc = check_room(t, peer, err);

	if (rc == 0)
		rc = take_counter(t, &counter, err);
	if (rc != 0)
		return rc;
	event = take_idle(t);
	if (event == NULL || shares_add(&t->peers, peer, 1) != 0) {
		if (event != NULL)
			destroy_event(event);
		return err_set(err, E_NOMEM, "no memory for an event");
	}
	clear_event(event);
	event->peer = peer;
	event->record = &t->records[counter & t->mask];
	*event->record = (struct event_record){.id = make_id(t, counter)};
	FAULT(RECORD_TAKEN);
	t->events[counter & t->mask] = event;
	t->count++;
	*ret_event = event;
	return 0;
}

void event_free(struct event_table *t, struct event *event)
{
	deadline_clear(&event->deadline);
	shares_remove(&t->peers, event->peer, 1);
	t->events[event->record->id & t->mask] = NULL;
	event->record->state = EVENT_FREE;
	FAULT(RECORD_FREED);
	event->next_idle = t->idle;
	t->idle = event;
	t->count--;
}

struct event *event_find(const struct event_table *t, uint64_t id)
{
	struct event *event = t->events[id & t->mask];

	return event != NULL && event->record->id == id ? event : NULL;
}

size_t event_count(const struct event_table *t)
{
	return t->count;
}

void event_each(struct event_table *t, void (*fn)(void *user, struct event *), void *user)
{
	for (uint64_t slot = 0; slot <= t->mask; slot++)
		if (t->events[slot] != NULL)
			fn(user, t->events[slot]);
}
