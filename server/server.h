/* server.h - one process that serves: sockets, one worker, signals, and when to leave. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H
#include "server/config/config.h"

struct err;

/* Serves until it is told to leave (SIGTERM, SIGINT) or nobody needs it any more (exit_with_parent).
 * 0, or why it could not begin: -E_CONF, -E_EXISTS, -E_IO, -E_PLUGIN, ..., with what to do. */
int server_run(const struct config *config, struct err *err);

#endif
