/* cmd_export.c - `outrigger export NAME --to DIR`: what of a plugin belongs on the gateway. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/command/cli.h"
#include "server/command/cmd.h"
#include "server/command/export.h"
#include "server/command/loader.h"
#include "server/command/stdout_guard.h"
#include "server/config/config_plugin.h"
#include "server/config/kong_names.h"
#include "server/config/options.h"
#include "server/file.h"

enum {
	OPTION_TO,
	OPTION_FORCE
};

static const struct cli_command command = {
	.name = "export",
	.bit = COMMAND_DUMP,
	.positional = "NAME",
	.takes_plugin = true,
	.doc = "Writes what of the plugin NAME belongs on the gateway below DIR, as\n"
	       "kong/plugins/NAME/...: its schema, daos, api and migrations, and the modules of its\n"
	       "own that they need, but never its handler. With DIR on its Lua path the gateway\n"
	       "refuses a bad conf itself, functions of the schema included, and owns the plugin's\n"
	       "tables and endpoints, while it still sends the events here. Of a plugin in C the\n"
	       "schema is written as Lua.",
	.options = {[OPTION_TO] = {"to", "DIR",
				   "Where to write. It is made where it is not there."},
		    [OPTION_FORCE] = {"force", NULL, "Replace files that are there."}},
};

static int check_usage(const struct cli *cli, struct err *err)
{
	if (cli->own[OPTION_TO] == NULL)
		return err_set(err, E_USAGE, "--to DIR is missing");
	if (kong_is_bundled(cli->positional))
		return err_set(err, E_USAGE,
			       "the gateway has a plugin %s itself; serve it by another "
			       "name (plugin_NAME_module = %s)",
			       cli->positional, cli->positional);
	return 0;
}

/* Plugins may print while they are loaded and let go. */
static int load_and_export(const struct cli *cli, struct export *ret, struct err *err)
{
	const struct config *config = &cli->config;
	struct plugin_paths paths = config_plugin_paths(config);
	struct loaded_plugin *loaded = loader_load(config, cli->own[OPTION_TO]);
	int rc;

	if (loaded == NULL)
		return -E_NOMEM;
	rc = loaded[0].rc;
	if (rc != 0)
		*err = loaded[0].err;
	if (rc == 0)
		rc = export_init(ret, loaded[0].plugin, &paths, err);
	if (rc == 0) {
		rc = export_write(ret, cli->own[OPTION_TO], cli->own[OPTION_FORCE] != NULL, err);
		if (rc != 0)
			export_fini(ret);
	}
	loader_free(loaded, config);
	return rc;
}

static void print_result(const struct cli *cli, const struct export *e)
{
	char *dir = file_absolute(cli->own[OPTION_TO]), *key = config_plugin_key(cli->positional);
	const json_t *text;
	size_t i;

	for (i = 0; i < e->count; i++)
		printf("%s\n", e->files[i].path);
	json_array_foreach(e->notes, i, text) printf("# note: %s\n", json_string_value(text));
	puts("# Add to kong.conf:");
	printf("lua_package_path = %s/?.lua;%s/?/init.lua;;\n", dir, dir);
	puts("# beside what `outrigger kong-conf` prints; migrations: kong migrations up. And to Outrigger's\n"
	     "# settings:");
	printf("plugin_%s_split = on\n", key);
	free(key);
	free(dir);
}

static int export_plugin(const struct cli *cli, struct export *ret, struct err *err)
{
	struct stdout_guard guard;
	int rc = check_usage(cli, err);

	if (rc == 0)
		rc = stdout_guard_begin(&guard, err);
	if (rc != 0)
		return rc;
	rc = load_and_export(cli, ret, err);
	stdout_guard_end(&guard);
	return rc;
}

int cmd_export(int argc, char **argv)
{
	struct cli cli;
	struct export e;
	struct err err = {0};
	int rc, code = cli_init(&cli, &command, argc, argv);

	if (code != CLI_GO_ON)
		return code;
	rc = export_plugin(&cli, &e, &err);
	code = rc == 0 ? EXIT_DONE : cli_fail(command.name, &err, rc);
	if (rc == 0) {
		print_result(&cli, &e);
		export_fini(&e);
	}
	cli_fini(&cli);
	return code;
}
