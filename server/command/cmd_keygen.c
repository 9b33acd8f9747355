/* cmd_keygen.c - `outrigger keygen NAME`: the keys by which a program that comes by itself and we know each other. */
#include <stdio.h>
#include <stdlib.h>
#include "protocol/err.h"
#include "server/command/cli.h"
#include "server/command/cmd.h"
#include "server/config/config_plugin.h"
#include "server/file.h"
#include "server/remote/keys.h"

enum {
	OPTION_TO
};

static const struct cli_command command = {
	.name = "keygen",
	.positional = "NAME",
	.doc = "Makes the keys for the plugin NAME, whose program comes by itself (plugin_NAME_listen): two\n"
	       "files with mode 0600, NAME.key for Outrigger and NAME.program.key for the program. Files\n"
	       "that are there already stay as they are. Prints what the settings then need.",
	.options = {[OPTION_TO] = {"to", "DIR",
				   "Where to make them. Default: the current folder."}},
};

static void print_lines(const char *name, const char *ours, const char *theirs)
{
	char *key = config_plugin_key(name);

	if (key == NULL)
		return;
	printf("# Add to outrigger.conf, with an address that the program can reach:\n"
	       "plugin_%s_listen = tcp://127.0.0.1:7000\n"
	       "plugin_%s_listen_key = %s\n"
	       "# Bring the other file to the program, and set in its environment:\n"
	       "# PLUGIN_CONNECT=tcp://127.0.0.1:7000\n"
	       "# PLUGIN_KEY=%s\n",
	       key, key, ours, theirs);
	free(key);
}

static int make(const char *name, const char *dir, struct err *err)
{
	char *folder = file_absolute(dir != NULL ? dir : ".");
	char *ours = folder != NULL ? file_printf("%s/%s.key", folder, name) : NULL;
	char *theirs = folder != NULL ? file_printf("%s/%s.program.key", folder, name) : NULL;
	int rc = ours != NULL && theirs != NULL ? keys_make(ours, theirs, err) : -E_NOMEM;

	if (rc == 0)
		print_lines(name, ours, theirs);
	free(folder);
	free(ours);
	free(theirs);
	return rc;
}

int cmd_keygen(int argc, char **argv)
{
	struct cli cli;
	struct err err = {0};
	int rc, code = cli_init(&cli, &command, argc, argv);

	if (code != CLI_GO_ON)
		return code;
	rc = config_plugin_name_check(cli.positional, &err);
	if (rc == 0)
		rc = make(cli.positional, cli.own[OPTION_TO], &err);
	code = rc == 0 ? EXIT_DONE : cli_fail(command.name, &err, rc);
	cli_fini(&cli);
	return code;
}
