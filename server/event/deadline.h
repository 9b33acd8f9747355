/* deadline.h - many deadlines on one timer, without a system call for each.
 *
 * Glossary: a *list* holds deadlines in order of time. Those that have the same span ("10 s from now")
 * belong into one list: each then goes to its end, at no cost. A *clock* drives its lists by one timer,
 * which is set for the earliest deadline and does not care if that one is gone when it fires. */
#ifndef SERVER_EVENT_DEADLINE_H
#define SERVER_EVENT_DEADLINE_H
#include <stdbool.h>

struct reactor;
struct reactor_timer;
struct deadline_clock;
struct deadline_list;

/* One deadline; part of the thing that has it. Zeroed = not set. */
struct deadline {
	double at;                  /* monotonic seconds */
	struct deadline_list *list; /* NULL while it is not set */
	struct deadline *prev, *next;
};

struct deadline_list {
	struct deadline *head;
	struct deadline_clock *clock;
	struct deadline_list *next;         /* of the clock */
	void (*expired)(struct deadline *); /* the deadline is no longer set when this is called */
};

struct deadline_clock {
	struct deadline_list *lists;
	struct reactor_timer *timer;
	double next; /* what the timer is set for; 0 = it is not running */
};

/* 0 or -E_NOMEM. */
int deadline_clock_init(struct deadline_clock *clock, struct reactor *reactor);
/* Lists and deadlines are forgotten. Accepts a zeroed clock. */
void deadline_clock_fini(struct deadline_clock *clock);
void deadline_list_init(struct deadline_list *list, struct deadline_clock *clock,
			void (*expired)(struct deadline *));
/* Sets it, or moves it from where it was. */
void deadline_set(struct deadline *deadline, struct deadline_list *list, double at);
void deadline_clear(struct deadline *deadline);
/* Calls `expired` for all that are due at `now`. The timer does this; tests do it by hand. */
void deadline_clock_run(struct deadline_clock *clock, double now);

#endif
