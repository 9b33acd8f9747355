/* link.h - one connection as the supervisor has it: a duplicate of it, and where its state is.
 *
 * Places. SERVED: in a slot of a worker, which reads and writes it. HELD: here, as plain data; nobody reads.
 * CARED: here, as a session, whose calls the supervisor answers (care.h). LENT: another server serves it. */
#ifndef SERVER_SUPERVISOR_LINK_H
#define SERVER_SUPERVISOR_LINK_H
#include "server/config/config.h"
#include "server/custody/custody_file.h"
#include "server/socket/shares.h"

struct care;
struct child;
struct passage;
struct session;

enum link_place {
	LINK_HELD,
	LINK_SERVED,
	LINK_CARED,
	LINK_LENT,
};

/* All of a group; zeroed = none. */
struct link_set {
	struct link *list;
	size_t count;
	size_t unwanted;     /* of them, ... */
	size_t lent;         /* ... and that another server serves */
	struct shares peers; /* who has the others */
};

struct link {
	struct link *next, **prev; /* of the set's list */
	struct link_set *set;
	int fd;
	uint64_t number; /* for the log */
	enum on_error on_error;
	enum link_place place;
	uint64_t peer; /* the process at the other end, as of peer.h */
	bool unwanted; /* was so when it came */
	bool refuse;   /* it is to be ended */
	bool kept; /* somebody below on the stack looks whether it is over, and then forgets it */
	bool over;
	struct child *child;      /* SERVED */
	struct custody_find find; /* HELD */
	struct session *session;  /* CARED */
	struct passage *borrower; /* LENT; borrowed, as the next one */
	struct passage *lender;   /* who is told of its end, by ...; NULL = nobody */
	uint64_t lender_number;   /* ... that name */
};

/* What is known of a new one. */
struct link_start {
	int fd;
	uint64_t peer;
	enum on_error on_error;
	bool unwanted; /* it is to be refused */
};
/* HELD, with nothing said on it. Takes `fd`, also on failure. NULL on lack of memory. */
struct link *link_create(struct link_set *set, const struct link_start *start);
/* Ends the connection, unless it is served; and forgets it. */
void link_destroy(struct link *link);
/* From HELD to SERVED. As child_give. */
int link_give(struct link *link, struct child *child);
/* From SERVED to HELD; takes *find. */
void link_hold(struct link *link, struct custody_find *find);
/* From HELD to CARED: what comes is answered, ... False where the connection is gone by that. */
bool link_care(struct link *link, struct care *care);
/* ... or, of a dead worker, first what it owed. HELD again where that is all. False as above. */
bool link_salvage(struct link *link, struct care *care);
/* Of one that is CARED: answers what has come already, without the loop. False as above. */
bool link_catch_up(struct link *link);
/* From HELD to LENT: was sent there. */
void link_lend(struct link *link, struct passage *to);
/* Who had it is gone: ends it so that the gateway fails closed. */
void link_recall(struct link *link, struct care *care);
/* From CARED to HELD, if nobody has anything to say there. Whether it is HELD now. */
bool link_let_go(struct link *link);
/* The session has ended: forgets the connection, or leaves that to who keeps it. */
void link_note_end(struct link *link);
/* The one of that session, or NULL. */
struct link *link_find(struct link *list, const struct session *s);

#endif
