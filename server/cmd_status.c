/* cmd_status.c - `outrigger status` and `outrigger reload`: what the admin socket is for. */
#include <stdio.h>
#include <stdlib.h>
#include "protocol/err.h"
#include "server/admin/client.h"
#include "server/admin/status.h"
#include "server/cli.h"
#include "server/cmd.h"
#include "server/options.h"

#define PATIENCE 10.0      /* seconds */
#define RELOAD_MARGIN 30.0 /* ... beyond what loading may take */

enum {
	OPTION_JSON
};

static const struct cli_command status_command = {
	.name = "status",
	.bit = COMMAND_STATUS,
	.doc = "Says how a server that runs is: its groups, workers and plugins, what is in flight,\n"
	       "what has failed. CONTRACT counts the events that Outrigger answered by the failure\n"
	       "contract. Which server is told by --prefix or --admin-listen.",
	.options = {[OPTION_JSON] = {"json", NULL, "Print it as JSON, all of it."}},
};

static const struct cli_command reload_command = {
	.name = "reload",
	.bit = COMMAND_RELOAD,
	.doc = "Has a server that runs load its plugins and its settings anew, and says how it went.\n"
	       "Where a plugin can't be loaded, all stays as it was.",
};

/* Asks the server of the configuration. */
static int ask(const struct config *config, struct client_call call, json_t **ret_json,
	       struct err *err)
{
	char *path = config_admin_path(config);
	int rc;

	if (path == NULL)
		return -E_NOMEM;
	call.socket = path;
	if (config_has_admin(config))
		rc = client_call(&call, ret_json, err);
	else
		rc = err_set(err, E_CONF, "admin_listen is off: there is no socket to ask on");
	if (rc == -E_NOT_FOUND)
		err_set(err, E_NOT_FOUND,
			"no server answers on %s: none runs, or it has another --prefix or "
			"--admin-listen",
			path);
	free(path);
	return rc;
}

static int print_page(const json_t *status, struct err *err)
{
	char *page = status_to_text(status);

	if (page == NULL)
		return err_set(err, E_IO, "what answers is no outrigger of this version");
	fputs(page, stdout);
	free(page);
	return 0;
}

static int print_json(const json_t *status, struct err *err)
{
	if (json_dumpf(status, stdout, JSON_INDENT(2)) != 0)
		return err_set(err, E_IO, "can't write the output");
	putchar('\n');
	return 0;
}

int cmd_status(int argc, char **argv)
{
	const struct client_call call = {.method = "GET", .url = "/status", .patience = PATIENCE};
	json_t *status = NULL;
	struct err err = {""};
	struct cli cli;
	int rc, code = cli_init(&cli, &status_command, argc, argv);

	if (code != CLI_GO_ON)
		return code;
	rc = ask(&cli.config, call, &status, &err);
	if (rc == 0)
		rc = cli.own[OPTION_JSON] != NULL ? print_json(status, &err)
						  : print_page(status, &err);
	json_decref(status);
	code = rc == 0 ? EXIT_DONE : cli_fail(status_command.name, &err, rc);
	cli_fini(&cli);
	return code;
}

int cmd_reload(int argc, char **argv)
{
	struct client_call call = {.method = "POST", .url = "/reload"};
	json_t *answer = NULL;
	struct err err = {""};
	struct cli cli;
	int rc, code = cli_init(&cli, &reload_command, argc, argv);

	if (code != CLI_GO_ON)
		return code;
	call.patience = cli.config.load_timeout + RELOAD_MARGIN;
	rc = ask(&cli.config, call, &answer, &err);
	if (rc == 0)
		puts("reloaded");
	json_decref(answer);
	code = rc == 0 ? EXIT_DONE : cli_fail(reload_command.name, &err, rc);
	cli_fini(&cli);
	return code;
}
