/* watchdog.h - ends a handler that never comes back to the loop.
 *
 * While plugin code runs, nothing of ours does; so a timer's signal looks whether it has run for too long,
 * and then asks its runtime to stop it (struct runtime, interrupt), again and again until it does. The
 * timer is only set when it is not running, so that a busy server makes one system call for it per
 * timeout, not per event. What a busy machine keeps from the process does not count. Machine code that the runtime made of a loop may never look up; then there is
 * nothing left but to end the process, in a way in which the gateway fails closed. One per process. */
#ifndef SERVER_EVENT_WATCHDOG_H
#define SERVER_EVENT_WATCHDOG_H

struct err;
struct plugin;

/* Takes a signal for itself. `give_up` ends the process, when a handler can't be stopped; it is called in
 * the signal's handler, and must not come back. -E_IO. */
int watchdog_init(void (*give_up)(void *user, struct plugin *plugin), void *user, struct err *err);
void watchdog_fini(void);
/* Code of that plugin runs from now on, until watchdog_end, and at longest until `deadline`. */
void watchdog_begin(struct plugin *plugin, double deadline);
void watchdog_end(void);

/* The plugin whose code runs at the moment, or NULL. Async-signal-safe. */
const struct plugin *watchdog_plugin(void);

#endif
