/* worker_role.h - a process that runs plugins for a supervisor: what it was given, and what it is told.
 *
 * When the supervisor is gone it serves on, accepting for itself, until a successor's sockets are in the place
 * of ours, or nobody is connected for half a minute. */
#ifndef SERVER_SUPERVISOR_WORKER_ROLE_H
#define SERVER_SUPERVISOR_WORKER_ROLE_H
#include <stdbool.h>
#include <stddef.h>
#include "server/config/config.h"

struct err;

struct worker_role_options {
	unsigned owner;      /* of its EventIds */
	unsigned seat;       /* in its group */
	const char *ids_dir; /* where the file of ids is */
	bool checks;         /* it serves only if it can start the instances that there are */
};

/* Descriptors that it finds open (spawn.h). */
enum worker_role_fd {
	WORKER_ROLE_CONTROL = 3,
	WORKER_ROLE_CUSTODY,
	WORKER_ROLE_CONFIG,
	WORKER_ROLE_REGISTRY,
	WORKER_ROLE_METRICS,
	WORKER_ROLE_IDS,
	WORKER_ROLE_SHARED,
	WORKER_ROLE_LOG,
	WORKER_ROLE_OUTPUT,
};

/* Serves until it is told to leave. What fails is said to the supervisor. 0 or an error. */
int worker_role_run(const struct worker_role_options *options);

#endif
