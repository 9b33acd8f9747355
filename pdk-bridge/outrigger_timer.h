/* outrigger_timer.h - functions that are called later. Part of outrigger.h.
 *
 * A timer's function has a run of its own, of the phase "timer": straight-line code on a stack of its own,
 * with memory and hooks that go when it returns, and the configuration and instance of who started it.
 * There is no request: PDK functions that would ask the gateway give OUTRIGGER_UNSUPPORTED. It may log,
 * and start and stop timers. One that runs for longer than stall_timeout is ended with the process. A
 * result other than 0 is logged, and a timer that repeats goes on.
 *
 * A timer ends with the run that started it; those of events and of other timers end with their instance,
 * after its instance_stop. An instance that no request has used for five minutes is dropped, and made
 * again when one does: what is to go on meanwhile belongs into init or configure. `arg` is the plugin's:
 * memory that lives as long as the timer, or that its function frees. */
#ifndef OUTRIGGER_TIMER_H
#define OUTRIGGER_TIMER_H
#include "outrigger_event.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int (*outrigger_timer_fn)(struct outrigger_rq *rq, void *arg);

/* Calls fn once, `seconds` from now. *ret_id, unless NULL, gets a number above 0 that no other timer of the
 * plugin has or will have. OUTRIGGER_BAD_ARGUMENT: seconds is negative, or not finite.
 * OUTRIGGER_FAILED: the plugin has 16384 timers already. OUTRIGGER_NO_MEMORY. */
OUTRIGGER_EXPORT int outrigger_timer_after(struct outrigger_rq *rq, double seconds,
					   outrigger_timer_fn fn, void *arg, uint64_t *ret_id);
/* The same every `seconds`, at least 0.001, until it is stopped. Runs that are missed, since something else
 * took so long, are not made up for. */
OUTRIGGER_EXPORT int outrigger_timer_every(struct outrigger_rq *rq, double seconds,
					   outrigger_timer_fn fn, void *arg, uint64_t *ret_id);
/* Its function is not called any more. May be called from it; nothing happens if there is no such timer. */
OUTRIGGER_EXPORT void outrigger_timer_stop(struct outrigger_rq *rq, uint64_t id);

#ifdef __cplusplus
}
#endif
#endif
