/* cmd_link.c - `outrigger link NAME`: the symbolic link that makes NAME a plugin server of its own. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/command/cli.h"
#include "server/command/cmd.h"
#include "server/config/config_plugin.h"
#include "server/config/gateway_prefix.h"
#include "server/config/kong_names.h"
#include "server/config/options.h"
#include "server/file.h"

enum {
	OPTION_BIN_DIR
};

static const struct cli_command command = {
	.name = "link",
	.bit = COMMAND_LINK,
	.positional = "NAME",
	.doc = "Makes /usr/local/bin/NAME a symbolic link to this program and prints the two lines\n"
	       "that kong.conf then needs. Kong's defaults find it there: it is run to describe the\n"
	       "plugin NAME, and again to serve it on PREFIX/NAME.socket. The plugin must be where\n"
	       "the gateway's own Lua path does not find it: set plugins_dir in\n" CLI_CONFIG_DEFAULT
	       ", for Kong passes such a server no argument.",
	.options = {[OPTION_BIN_DIR] = {"bin-dir", "DIR",
					"Where to make it. Default: " KONG_BIN_DIR
					", the only place where Kong looks."}},
};

static int check_name(const char *name, struct err *err)
{
	int rc = config_plugin_name_check(name, err);

	if (rc == 0 && strcmp(name, "outrigger") == 0)
		rc = err_set(err, E_USAGE, "\"outrigger\" can't be linked: it is this program");
	if (rc == 0 && kong_is_bundled(name))
		rc = err_set(
			err, E_USAGE,
			"the gateway has a plugin %s itself and never asks a server for it; serve "
			"it by another name (plugin_NAME_module = %s)",
			name, name);
	if (rc == 0 && strncmp(name, "query_", 6) == 0)
		rc = err_set(
			err, E_USAGE,
			"called as %s, this program describes the plugin %s, as Kong before 3.9 "
			"wants it; use the lines of `outrigger kong-conf`",
			name, name + 6);
	for (const char *c = name; rc == 0 && *c != '\0'; c++) {
		if (isupper((unsigned char)*c))
			rc = err_set(
				err, E_USAGE,
				"Kong makes the names of plugin servers lower case, so %s would "
				"not be found; use the lines of `outrigger kong-conf`",
				name);
	}
	return rc;
}

/* Makes DIR/PREFIXname, unless something that is not ours is there. */
static int make_link(const char *dir, const char *prefix, const char *name, struct err *err)
{
	char *path = file_printf("%s/%s%s", dir, prefix, name);
	char *program = file_own_program();
	int rc = -E_NOMEM;

	if (path == NULL || program == NULL)
		goto out;
	if (file_is_there(path) && !file_is_link_to_us(path))
		rc = err_set(err, E_EXISTS, "%s exists and is no link of ours; it stays as it is",
			     path);
	else
		rc = file_make_link(program, path, err);
	if (rc == 0)
		printf("# %s -> %s\n", path, program);
out:
	free(program);
	free(path);
	return rc;
}

static int link_plugin(const struct cli *cli, struct err *err)
{
	const char *given = cli->own[OPTION_BIN_DIR];
	const char *dir = given != NULL ? given : KONG_BIN_DIR;
	const char *name = cli->positional;
	int rc = check_name(name, err);

	if (rc == 0)
		rc = make_link(dir, "", name, err);
	/* Before 3.9 the default query_cmd is another program. */
	if (rc == 0 && cli->config.kong_version < 309)
		rc = make_link(dir, "query_", name, err);
	return rc;
}

/* What the gateway's defaults do not say. */
static int print_settings(const struct cli *cli, const char *bin_dir)
{
	const char *name = cli->positional;
	bool is_old = cli->config.kong_version < 309;
	char *directive = kong_directive(name);

	if (directive == NULL)
		return -E_NOMEM;
	if (is_old && strcmp(cli->config.prefix, GATEWAY_PREFIX_DEFAULT) != 0)
		printf("pluginserver_%s_socket = %s/%s.socket\n", directive, cli->config.prefix,
		       name);
	if (bin_dir != NULL) {
		printf("pluginserver_%s_start_cmd = %s/%s\n", directive, bin_dir, name);
		printf("pluginserver_%s_query_cmd = %s/%s -dump\n", directive, bin_dir, name);
	}
	free(directive);
	return 0;
}

static int print_lines(const struct cli *cli)
{
	const char *given = cli->own[OPTION_BIN_DIR];
	char *bin_dir = given != NULL ? file_absolute(given) : NULL;
	int rc;

	puts("# Add to kong.conf, to what these lists have already:");
	printf("plugins = bundled,%s\n", cli->positional);
	printf("pluginserver_names = %s\n", cli->positional);
	rc = print_settings(cli,
			    bin_dir != NULL && strcmp(bin_dir, KONG_BIN_DIR) != 0 ? bin_dir : NULL);
	free(bin_dir);
	return rc;
}

int cmd_link(int argc, char **argv)
{
	struct cli cli;
	struct err err = {0};
	int rc, code = cli_init(&cli, &command, argc, argv);

	if (code != CLI_GO_ON)
		return code;
	rc = link_plugin(&cli, &err);
	if (rc == 0)
		rc = print_lines(&cli);
	code = rc == 0 ? EXIT_DONE : cli_fail(command.name, &err, rc);
	cli_fini(&cli);
	return code;
}
