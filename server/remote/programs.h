/* programs.h - starts the programs of plugins in other languages (plugin_NAME_exec), and makes the sockets at which
 * others come by themselves (plugin_NAME_listen, guest.h).
 *
 * One that is started is a child of the process that serves its plugin, confined as that is, and ends when that does. It is started
 * before its parent gives up the right to start anything (confine.h), ADR 19. */
#ifndef SERVER_REMOTE_PROGRAMS_H
#define SERVER_REMOTE_PROGRAMS_H
#include <stddef.h>
#include "plugins/remote/remote.h"

struct config;
struct err;

/* One for each plugin of the configuration, in its order; `command` is NULL where it has none. */
struct programs {
	struct remote_program *programs; /* owned, with their descriptors */
	size_t count;
};

/* -E_CONF for what is no command, -E_IO, -E_NOMEM; those that were started end with us. */
int programs_start(const struct config *config, struct programs *ret, struct err *err);
/* Does not end them. Accepts a zeroed one. */
void programs_fini(struct programs *programs);
/* The program of the plugin with that number, or NULL. `programs` may be NULL. */
const struct remote_program *programs_find(const struct programs *programs, size_t plugin);

#endif
