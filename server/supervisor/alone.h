/* alone.h - a worker without its supervisor: accepts for itself, and looks when it is needed no more. */
#ifndef SERVER_SUPERVISOR_ALONE_H
#define SERVER_SUPERVISOR_ALONE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/config/config.h"
#include "server/config/user.h"
#include "server/registry/registry_take.h"
#include "server/supervisor/alone_passage.h"

struct reactor;
struct reactor_io;
struct reactor_timer;
struct worker;

/* A listening socket that the supervisor has handed down. */
struct alone_socket {
	struct alone_socket *next;
	struct alone *alone;
	char *path;
	int fd;
	uint64_t inode; /* of its file */
	enum on_error on_error;
	struct reactor_io *io;
	int offer_fd; /* where successors ask, of the supervisor: a confined worker could not make it; -1 = none */
	uint64_t offer_inode;
	struct registry_offers offers;
};

struct alone {
	struct reactor *reactor;
	const struct config *config;
	struct worker *worker;
	struct registry *registry; /* offered to a successor; borrowed */
	double checked_at;         /* when the offers were last looked at */
	struct alone_socket *sockets;
	struct alone_passages passages; /* to successors */
	struct user_list allowed;
	struct reactor_timer *tick;
	bool is_alone, leaves;
	double connected_at; /* when there was last a connection */
	double leave_at;
};

/* The members up to `registry` are set. */
/* A socket, in place of the one of that path; takes `fd`. -E_NOMEM. */
int alone_listen(struct alone *a, const char *path, int fd, uint64_t inode, enum on_error on_error);
/* Where successors ask, beside the socket of that path, in place of an earlier one; takes `fd`. */
void alone_offer(struct alone *a, const char *path, int fd, uint64_t inode);
/* The supervisor is gone. Stops the loop in the end. -E_NOMEM, -E_CONF. */
int alone_begin(struct alone *a, struct err *err);
void alone_fini(struct alone *a);

#endif
