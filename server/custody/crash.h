/* crash.h - the last words of a process that crashes.
 *
 * A gateway that waits takes a connection which ends without a word for "go on". So before the process
 * dies of a fault, be it in a plugin or in ours, its owner gets to say otherwise. Then the fault takes its
 * course: a core, a sanitizer's report, the signal as the process's status. One per process. */
#ifndef SERVER_CUSTODY_CRASH_H
#define SERVER_CUSTODY_CRASH_H

/* `last_words` is called in a signal's handler, on a stack of its own; what it reads may be damaged. */
void crash_init(void (*last_words)(void *user), void *user);
/* Crashes are silent again. Also before crash_init. */
void crash_fini(void);

#endif
