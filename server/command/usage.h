/* usage.h - what --help prints. */
#ifndef SERVER_COMMAND_USAGE_H
#define SERVER_COMMAND_USAGE_H
#include <stdio.h>

struct cli_command;

void usage_print_command(FILE *out, const struct cli_command *command);
/* One entry of a list: `name`, and at a column of its own `text`, wrapped. */
void usage_print_entry(FILE *out, const char *name, const char *text);

#endif
