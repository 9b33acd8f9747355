/* alone_passage.h - how a worker without its supervisor gets the steps of its events that reach a successor.
 *
 * The successor has asked it for the registry and keeps that connection, as between two supervisors (passage.h). It
 * sends connections over it, which are served here like those that were accepted. */
#ifndef SERVER_SUPERVISOR_ALONE_PASSAGE_H
#define SERVER_SUPERVISOR_ALONE_PASSAGE_H
#include <stdbool.h>
#include <stdint.h>

struct passage;
struct reactor;
struct worker;

/* A connection that came so; its sender waits for its end. */
struct alone_parcel {
	struct alone_parcel *next;
	uint64_t session; /* its number in the worker */
	uint64_t number;  /* the sender's name for it */
};

struct alone_passage {
	struct alone_passage *next;
	struct alone_passages *all;
	struct passage *passage;
	struct alone_parcel *parcels;
};

/* All of a worker; zeroed but for what is borrowed = none. */
struct alone_passages {
	struct reactor *reactor;
	struct worker *worker;
	struct alone_passage *list;
	double added_at; /* when the latest was */
};

/* For struct handover_options: who was given the registry; and whether he may be, which is not twice in a second, so that
 * who asks several times finds all workers of the group. `user` is the struct alone_passages. Takes `fd`. */
void alone_passages_add(void *user, int fd);
bool alone_passages_may_add(void *user);
/* To be called now and then: tells senders which connections have ended. */
void alone_passages_check(struct alone_passages *all);
void alone_passages_fini(struct alone_passages *all);

#endif
