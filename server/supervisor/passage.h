/* passage.h - the way between two servers of the same sockets, by which a connection moves from one to the other.
 *
 * The hand-over socket's connection (handover.h), kept. Who sends a connection keeps its own descriptor of it
 * until the other server says that it needs its sender no more: if that server is gone before, the sender
 * ends the connection so that the gateway fails closed. What comes is hostile input. */
#ifndef SERVER_SUPERVISOR_PASSAGE_H
#define SERVER_SUPERVISOR_PASSAGE_H
#include <stdint.h>
#include "server/custody/custody_file.h"

struct passage; /* opaque: one end */
struct reactor;

/* A connection on its way. That it fails open is the word of who had it first; what is neither has become closed. */
struct parcel {
	uint64_t number; /* the sender's name for it */
	uint64_t owner;  /* of the event whose step it brings */
	int fd;
	struct custody_find find;
};

/* All on the loop's stack. */
struct passage_handler {
	/* Takes the parcel's descriptor and bytes. */
	void (*on_parcel)(void *user, struct passage *p, struct parcel *parcel);
	/* One that was sent needs us no more. */
	void (*on_returned)(void *user, struct passage *p, uint64_t number);
	/* It is one worker, with the events of that owner and no others. */
	void (*on_owner)(void *user, struct passage *p, uint64_t owner);
	/* The other server is gone. Destroy it then or later. */
	void (*on_end)(void *user, struct passage *p);
	void *user;
};

/* Returns owned, or NULL on lack of memory. Takes `fd`, a SOCK_SEQPACKET, also on failure. */
struct passage *passage_create(struct reactor *reactor, int fd,
			       const struct passage_handler *handler);
/* May be called from the handler. Accepts NULL. */
void passage_destroy(struct passage *p);
/* Borrows the parcel. -E_CLOSED, -E_IO, -E_NOMEM, -E_LIMIT, -E_TOO_LARGE: it was not sent. */
int passage_send(struct passage *p, const struct parcel *parcel);
/* Tells the other server that we are one worker: on_owner. */
void passage_say_owner(struct passage *p, uint64_t owner);
/* Tells the sender that it is needed no more. */
void passage_return(struct passage *p, uint64_t number);
/* Whether the other server is the process that listens at that plugin socket. */
bool passage_leads_to(const struct passage *p, const char *path);

#endif
