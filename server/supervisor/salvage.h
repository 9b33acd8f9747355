/* salvage.h - what becomes of a dead worker's connections and events, at once. */
#ifndef SERVER_SUPERVISOR_SALVAGE_H
#define SERVER_SUPERVISOR_SALVAGE_H

struct child;
struct group;

/* Answers every call that the worker owed an answer, and holds the connections that go on. Says in the log
 * how it ended, and whose code ran. */
void salvage(struct group *g, struct child *child);

#endif
