/* handover.h - how the registry of instances, and shared dictionaries, get to a successor: a socket beside each plugin socket.
 *
 * PATH.next (mode 0600) is made by who serves PATH. Whoever connects, and is the same user or root, gets one
 * message with the registry's descriptor, and one of the memory of shared dictionaries where there is such. A server that is about to serve PATH asks there first, and makes
 * PATH.next its own once it serves. Several processes that share one registry may offer it: the latest
 * socket counts, and any of the others makes a new one when that one's owner is gone.
 *
 * The connection may stay, as the way between the two servers (supervisor/passage.h); either side may close it. */
#ifndef SERVER_REGISTRY_HANDOVER_H
#define SERVER_REGISTRY_HANDOVER_H
#include <stdbool.h>
#include <stdint.h>

struct err;
struct handover; /* opaque: an offer */
struct reactor;

struct handover_answer {
	int registry_fd;   /* owned; not looked at */
	int shared_fd;     /* the same; -1 = none */
	int connection_fd; /* to who has answered; owned */
	bool is_orphan; /* ... a process that goes on where another one, which is dead, had offered it */
};
/* Asks who serves the plugin socket `path`, until the time `until` (monotonic seconds) at most. -E_NOT_FOUND when nobody is there, -E_TIMEOUT, -E_MALFORMED (also of a
 * peer that is neither our user nor root), -E_IO, -E_NOMEM. */
int handover_ask(const char *path, double until, struct handover_answer *ret, struct err *err);

struct handover_options {
	struct reactor *reactor;
	const char *path; /* borrowed for the offer's life */
	int fd;           /* the registry; borrowed for the offer's life */
	/* What goes along with it, each time it is asked for; borrowed likewise. NULL, or -1 there: nothing. */
	const int *shared_fd;
	/* Of another process that has offered it: its listening socket, taken, and the inode of that one's file. -1: one
	 * is made. */
	int listening_fd;
	uint64_t inode;
	/* Whether one more may be answered; else he waits, perhaps for another process that offers it too. NULL: always. */
	bool (*may_answer)(void *user);
	/* Who has been answered; takes the descriptor. NULL: the connection is closed. */
	void (*on_successor)(void *user, int connection_fd);
	void *user;
};
/* Offers it from now on. Returns owned in *ret_handover. -E_IO, -E_NOMEM. */
int handover_offer(const struct handover_options *options, struct handover **ret_handover,
		   struct err *err);
/* To be called about once a second, or more often: makes the socket again where nobody offers any more. Whether it did. */
bool handover_check(struct handover *h);
/* Its listening socket, borrowed, and the inode of its file, for processes that may have to offer it instead; -1
 * where there is none. */
int handover_listening(const struct handover *h, uint64_t *ret_inode);
const char *handover_path(const struct handover *h);
/* The file goes if it is ours. Accepts NULL. */
void handover_destroy(struct handover *h);

#endif
