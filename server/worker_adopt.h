/* worker_adopt.h - how connections come to a worker: accepted, by the supervisor's slot, or from another server. */
#ifndef SERVER_WORKER_ADOPT_H
#define SERVER_WORKER_ADOPT_H
#include <stdbool.h>
#include <stdint.h>
#include "server/config/config.h"

struct custody_find;
struct worker;

/* How a connection is to be treated. */
enum worker_welcome {
	WORKER_SERVE,
	WORKER_REFUSE, /* ends it so that the gateway fails closed */
};

/* Takes a connection (non-blocking). `on_error` is what it gets for events that are not known here. */
void worker_adopt(struct worker *w, int fd, enum on_error on_error, enum worker_welcome welcome);
/* As that, with the state of its slot, which has its on_error, too; `peer` is as of socket/peer.h. Where that can't be,
 * false, and the connection has not ended. */
bool worker_adopt_slot(struct worker *w, int fd, uint32_t slot, uint64_t peer,
		       enum worker_welcome welcome);
/* The same with one that another process had, which need not be trusted; takes `fd` and *find. Its number in
 * *ret_number. False where that can't be, and the connection has not ended. */
bool worker_adopt_found(struct worker *w, int fd, struct custody_find *find, uint64_t *ret_number);
bool worker_has_connection(const struct worker *w, uint64_t number);

#endif
