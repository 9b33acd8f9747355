/* cmd_dump.c - `outrigger dump`: what the gateway's query_cmd asks for. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/command/cli.h"
#include "server/command/cmd.h"
#include "server/command/dump.h"
#include "server/command/loader.h"
#include "server/command/stdout_guard.h"
#include "server/config/options.h"
#include "server/file.h"

enum {
	OPTION_OUTPUT
};

static const struct cli_command command = {
	.name = "dump",
	.bit = COMMAND_DUMP,
	.doc = "Prints name, priority, version, phases and schema of the plugins as JSON, as the\n"
	       "gateway's pluginserver_NAME_query_cmd has to. Nothing else goes to stdout, whatever\n"
	       "a plugin prints. If one can't be loaded, nothing is printed and the exit code is 1.",
	.options = {[OPTION_OUTPUT] =
			    {"output", "DIR",
			     "Write DIR/NAME.json for each plugin instead: where the gateway "
			     "can't run outrigger, `cat DIR/NAME.json` is its query_cmd."}},
};

static int report_failures(const struct loaded_plugin *loaded, size_t n)
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < n; i++) {
		if (loaded[i].rc != 0)
			code = cli_fail(command.name, &loaded[i].err, loaded[i].rc);
	}
	return code != EXIT_DONE ? EXIT_FAILED : EXIT_DONE;
}

static int write_files(const struct config *config, const struct loaded_plugin *loaded,
		       const char *dir)
{
	size_t n = config->plugin_count;

	for (size_t i = 0; i < n; i++) {
		struct err err = {0};
		int rc = dump_write_file(config, loaded[i].plugin, dir, &err);

		if (rc != 0)
			return cli_fail(command.name, &err, rc);
	}
	return EXIT_DONE;
}

/* The text is owned. An exit code. */
static int make_text(const struct config *config, const struct loaded_plugin *loaded,
		     char **ret_text)
{
	size_t n = config->plugin_count;
	const struct plugin **plugins = calloc(n, sizeof(struct plugin *));
	struct err err = {0};
	int rc = -E_NOMEM;

	if (plugins != NULL) {
		for (size_t i = 0; i < n; i++)
			plugins[i] = loaded[i].plugin;
		rc = dump_text(&(struct dump){config, plugins, n}, ret_text, &err);
	}
	free(plugins);
	return rc == 0 ? EXIT_DONE : cli_fail(command.name, &err, rc);
}

/* Loads, and either writes the files or makes the text that is to be printed. An exit code. */
static int load_and_dump(const struct cli *cli, char **ret_text)
{
	struct loaded_plugin *loaded = loader_load(&cli->config, cli->own[OPTION_OUTPUT]);
	size_t n = cli->config.plugin_count;
	int code;

	if (loaded == NULL)
		return cli_fail(command.name, NULL, -E_NOMEM);
	code = report_failures(loaded, n);
	if (code == EXIT_DONE && cli->own[OPTION_OUTPUT] != NULL) {
		code = write_files(&cli->config, loaded, cli->own[OPTION_OUTPUT]);
	} else if (code == EXIT_DONE) {
		code = make_text(&cli->config, loaded, ret_text);
	}
	loader_free(loaded, &cli->config);
	return code;
}

static int dump(const struct cli *cli)
{
	struct stdout_guard guard;
	struct err err = {0};
	char *text = NULL;
	int code, rc = config_need_plugins(&cli->config, &err);

	if (rc == 0)
		rc = stdout_guard_begin(&guard, &err);
	if (rc != 0)
		return cli_fail(command.name, &err, rc);
	code = load_and_dump(cli, &text);
	stdout_guard_end(&guard);
	if (text != NULL)
		rc = file_write_all(STDOUT_FILENO, text, strlen(text), "to stdout", &err);
	free(text);
	return rc == 0 ? code : cli_fail(command.name, &err, rc);
}

int cmd_dump(int argc, char **argv)
{
	struct cli cli;
	int code = cli_init(&cli, &command, argc, argv);

	if (code != CLI_GO_ON)
		return code;
	code = dump(&cli);
	cli_fini(&cli);
	return code;
}
