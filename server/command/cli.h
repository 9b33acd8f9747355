/* cli.h - the command line of a sub-command: configuration keys as options, and options of its own.
 *
 * Every key of options.def is `--key value` ('-' for '_'; a bool may stand alone), so is
 * `--plugin-NAME-KEY value`; `--plugin NAME` may be repeated; `--config FILE` names the file. */
#ifndef SERVER_COMMAND_CLI_H
#define SERVER_COMMAND_CLI_H
#include <stdbool.h>
#include <stdio.h>
#include "server/config/config.h"

#define CLI_OPTIONS_MAX 4
#define CLI_CONFIG_DEFAULT "/etc/outrigger/outrigger.conf"

/* An option that only one sub-command has and that is no configuration key. */
struct cli_option {
	const char *name; /* without the dashes */
	const char *arg;  /* what stands for its value in --help; NULL = a flag */
	const char *doc;  /* one sentence */
};

struct cli_command {
	const char *name; /* "dump" */
	unsigned bit;     /* COMMAND_DUMP (options.h): which keys --help lists */
	/* What stands for its one argument in --help: in brackets where it may be left out; NULL = none. */
	const char *positional;
	bool takes_plugin; /* the argument is a plugin's name: as --plugin NAME */
	bool takes_conf;   /* --config FILE.json is a conf of that plugin */
	const char *doc;   /* a paragraph for --help; it is wrapped there */
	struct cli_option options[CLI_OPTIONS_MAX]; /* up to the first without a name */
};

/* What was asked for. Texts borrow argv. */
struct cli {
	struct config config;
	/* By index of cli_command.options: NULL = not given, "" = a flag that was given. */
	const char *own[CLI_OPTIONS_MAX];
	const char *positional; /* NULL where the command has none, or it may be left out */
	const char *conf;       /* the file of a plugin's conf, or NULL */
};

#define CLI_GO_ON (-1)

/* Whether --plugin NAME is of use: the command has no argument that names a plugin, or may do without. */
bool cli_takes_plugins(const struct cli_command *command);
/* What --help prints from now on instead of the usage: for other forms of the same. */
void cli_show_help(void (*show)(FILE *out, const struct cli_command *command));
/* Parses the arguments and fills cli->config. Returns CLI_GO_ON, or the exit code with which to leave:
 * help was printed, or what is wrong was said on stderr (then there is nothing to free). */
int cli_init(struct cli *cli, const struct cli_command *command, int argc, char **argv);
/* Reads the configuration of the same command line anew: files and the environment may have changed. Prints
 * nothing. As config_init. */
int cli_read_again(const struct cli_command *command, int argc, char **argv, struct config *ret,
		   struct err *err);
void cli_fini(struct cli *cli);
/* Says on stderr what failed and returns the exit code for it: EXIT_USAGE for a wrong usage or
 * configuration, else EXIT_FAILED. */
int cli_fail(const char *command, const struct err *err, int rc);

#endif
