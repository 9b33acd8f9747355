/* cmd_status.c - `outrigger status`, `outrigger health` and `outrigger reload`: what the admin socket is for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/admin/ask.h"
#include "server/admin/status.h"
#include "server/admin/text.h"
#include "server/command/cli.h"
#include "server/command/cmd.h"
#include "server/config/options.h"

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

static const struct cli_command health_command = {
	.name = "health",
	.bit = COMMAND_STATUS,
	.doc = "Whether a server runs and serves all of its plugins: the exit code is 0, else 1, and a\n"
	       "line for each group that has no worker says why.",
};

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
	json_t *status = NULL;
	struct err err = {""};
	struct cli cli;
	int rc, code = cli_init(&cli, &status_command, argc, argv);

	if (code != CLI_GO_ON)
		return code;
	rc = ask_status(&cli.config, &status, &err);
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
	rc = ask_server(&cli.config, &call, &answer, &err);
	if (rc == 0)
		puts("reloaded");
	json_decref(answer);
	code = rc == 0 ? EXIT_DONE : cli_fail(reload_command.name, &err, rc);
	cli_fini(&cli);
	return code;
}

static bool is_served(const json_t *group)
{
	const json_t *worker;
	size_t i;

	json_array_foreach(json_object_get(group, "workers"), i,
			   worker) if (strcmp(text_member(worker, "state"), "ready") ==
				       0) return true;
	return false;
}

/* How many groups are not served; says which. */
static size_t count_sick(const json_t *status)
{
	const json_t *group;
	size_t i, sick = 0;

	json_array_foreach(json_object_get(status, "groups"), i, group)
	{
		const json_t *quarantine = json_object_get(group, "quarantine");

		if (is_served(group))
			continue;
		printf("%s is not served: %s\n", text_member(group, "name"),
		       quarantine != NULL ? text_member(quarantine, "reason")
					  : "its worker is being started");
		sick++;
	}
	return sick;
}

int cmd_health(int argc, char **argv)
{
	json_t *status = NULL;
	struct err err = {""};
	struct cli cli;
	int rc, code = cli_init(&cli, &health_command, argc, argv);

	if (code != CLI_GO_ON)
		return code;
	rc = ask_status(&cli.config, &status, &err);
	if (rc == 0)
		code = count_sick(status) == 0 ? EXIT_DONE : EXIT_FAILED;
	else
		code = cli_fail(health_command.name, &err, rc);
	if (code == EXIT_DONE)
		puts("all plugins are served");
	json_decref(status);
	cli_fini(&cli);
	return code;
}
