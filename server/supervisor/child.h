/* child.h - one worker, as the supervisor has it: its process, its control socket, its slots.
 *
 * Knows nothing of groups and of what becomes of connections. What a worker says is checked here: one that
 * makes no sense is killed. */
#ifndef SERVER_SUPERVISOR_CHILD_H
#define SERVER_SUPERVISOR_CHILD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "protocol/err.h"
#include "server/custody/custody_file.h"
#include "server/supervisor/slots.h"

struct child;
struct control;
struct control_msg;
struct ids_file;
struct ids_link;
struct link;
struct reactor;
struct reactor_io;

/* What has happened; all on the loop's stack. */
struct child_handler {
	/* A plugin is loaded; `dump` is text that the worker made, owned by the receiver. */
	void (*on_plugin)(void *user, struct child *child, size_t index, char *dump);
	/* It is loaded, and serves what it is given; it would like to be replaced. */
	void (*on_ready)(void *user, struct child *child);
	void (*on_relief)(void *user, struct child *child);
	/* The connection's slot is free again, and nobody serves it any more: it has ended, ... */
	void (*on_ended)(void *user, struct child *child, struct link *link);
	/* ... or was let go, its state in `find`, taken; `owner` is who must have it, or CONTROL_ANY. */
	void (*on_released)(void *user, struct child *child, struct link *link,
			    struct custody_find *find, uint64_t owner);
	/* The process is gone. All that it has said was handed on. */
	void (*on_exit)(void *user, struct child *child);
	void *user;
};

enum child_state {
	CHILD_STARTING,
	CHILD_READY,
	CHILD_DRAINING, /* a successor serves */
	CHILD_ENDING,   /* the server ends */
};

struct child_options {
	struct reactor *reactor;
	const char *name; /* "hello/0"; for ps */
	size_t plugin_count;
	int config_fd, registry_fd, shared_fd; /* borrowed */
	struct custody_layout layout;
	unsigned owner;       /* of its EventIds */
	struct ids_file *ids; /* borrowed, as the next one */
	char *const *environment;
	bool checks, shares_memory; /* as of group_child.h; its plugins may, so that counts too */
	struct child_handler handler;
};

struct child {
	struct child *next; /* whoever has it */
	struct child_handler handler;
	struct reactor_io *exit_io;
	struct control *control;
	struct ids_link *ids;
	struct output *output;
	struct custody_layout layout;
	int custody_fd, metrics_fd, pidfd;
	pid_t pid;
	unsigned owner;
	size_t seat; /* whoever has it */
	enum child_state state;
	struct link **links; /* by slot */
	struct slots slots;
	size_t connections;
	double started_at;
	uint64_t memory_at_start;         /* bytes, when it became ready */
	double cpu_since, cpu_used;       /* processor.c's window, and what it had used before */
	double runs_since, waited_before; /* stall.c's */
	bool has_exited, shares_memory;
	bool *is_gone;  /* told when this is destroyed; NULL = nobody asks */
	int failure_rc; /* what it said before READY; 0 = nothing */
	struct err failure;
	char end[96]; /* once it is gone: how, for people; ... */
	bool left;    /* ... and whether by itself, with all done */
};

/* Starts one. Returns owned. -E_IO, -E_NOMEM. */
int child_create(const struct child_options *options, struct child **ret_child, struct err *err);
/* Kills it if it runs, and waits for that. Its links are not touched. Accepts NULL. */
void child_destroy(struct child *child);
/* Gives it a connection; `find` is as of custody_file_write. -E_LIMIT without a slot, -E_CLOSED, ... */
struct child_connection {
	struct link *link;
	int fd;        /* borrowed */
	uint64_t peer; /* as of socket/peer.h */
	bool refuse;
	const struct custody_find *find;
};
int child_give(struct child *child, const struct child_connection *connection);
/* Takes what a slot holds, of a worker that is gone. As custody_file_read. */
int child_take(struct child *child, uint32_t slot, struct custody_find *ret);
/* Tells it of a listening socket of its group; and of one at which successors ask. */
struct server_socket;
struct handover;
void child_listen(struct child *child, const struct server_socket *socket);
void child_offer(struct child *child, const struct handover *offer);
/* A message without slot and text. */
void child_say(struct child *child, unsigned type, uint64_t number);
uint64_t child_memory(const struct child *child); /* bytes that count against its limits */
void child_kill(const struct child *child);
/* Kills it if it runs, waits for that, and gives it no more to do; it is to be heard, and salvaged. */
void child_end(struct child *child);
/* Hands on all that it has said, as the loop does for one that serves. */
void child_hear(struct child *child);
/* Waits until the process is gone, or that time (monotonic seconds). Whether it is gone. */
bool child_wait(struct child *child, double until);

#endif
