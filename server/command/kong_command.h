/* kong_command.h - the commands that kong.conf is given: this program, with what was set here. */
#ifndef SERVER_COMMAND_KONG_COMMAND_H
#define SERVER_COMMAND_KONG_COMMAND_H
#include "server/config/config.h"

/* `outrigger serve` (bit COMMAND_SERVE) or `outrigger dump` (COMMAND_DUMP), for the shell, with the
 * settings of the environment and the command line as options, and the file by its path. `plugin` is the
 * only one to take; NULL = all. Owned; NULL without memory. */
char *kong_command_make(const struct config *config, unsigned bit, const char *plugin);

#endif
