/* supervisor.h - `serve`: sockets, the groups of plugins, and what holds for all of them.
 *
 * It never loads a plugin. ADR 10 says why and how. Parts: group.h the plugins that share a process,
 * server_sockets.h where the gateway connects, leaving.h when and how it ends, reload.h. */
#ifndef SERVER_SUPERVISOR_SUPERVISOR_H
#define SERVER_SUPERVISOR_SUPERVISOR_H
#include "server/config/config.h"

struct err;

struct supervisor_options {
	const struct config *config; /* borrowed */
	/* Reads the configuration anew, for a reload. As config_init. */
	int (*reread)(void *user, struct config *ret, struct err *err);
	void *user;
};

/* Serves until it is told to leave or nobody needs it any more. 0, or why it could not begin, as
 * server_run; where no plugin can be loaded, why the first one can't. */
int supervisor_run(const struct supervisor_options *options, struct err *err);

#endif
