/* commands.h - the table of sub-commands. To add one: cmd_NAME.c, cmd.h, and a row. */
#ifndef SERVER_COMMAND_COMMANDS_H
#define SERVER_COMMAND_COMMANDS_H
#include <stddef.h>
#include <stdio.h>

struct cli_command;

struct command_row {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary; /* NULL = not listed */
};

extern const struct command_row command_table[];
extern const size_t command_count;

/* Has `show` called with stdout for each command that is listed. An exit code. */
int commands_describe(void (*show)(FILE *out, const struct cli_command *command));

#endif
