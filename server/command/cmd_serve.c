/* cmd_serve.c - `outrigger serve`. */
#include "protocol/err.h"
#include "server/command/cli.h"
#include "server/command/cmd.h"
#include "server/config/config_sockets.h"
#include "server/config/options.h"
#include "server/server.h"
#include "server/supervisor/supervisor.h"
#include "server/supervisor/title.h"

static const struct cli_command command = {
	.name = "serve",
	.bit = COMMAND_SERVE,
	.doc = "Serves plugins to the gateway, each on its own socket, PREFIX/NAME.socket, or\n"
	       "all on one. Writes NAME.json beside each socket, which is what the gateway's\n"
	       "query_cmd has to print. SIGTERM and SIGINT let running events end, a second one\n"
	       "does not; SIGUSR1 opens the log anew; SIGHUP reloads plugins and settings.",
	.options = {{"single", NULL,
		     "One process for all plugins, without a supervisor: for debuggers."}},
};

enum {
	OWN_SINGLE,
};

struct again {
	int argc;
	char **argv;
};

/* For a reload: what is set now. */
static int read_again(void *user, struct config *ret, struct err *err)
{
	const struct again *again = user;

	return cli_read_again(&command, again->argc, again->argv, ret, err);
}

static int serve(const struct cli *cli, struct again *again, struct err *err)
{
	const struct supervisor_options options = {&cli->config, read_again, again};

	if (cli->own[OWN_SINGLE] != NULL)
		return server_run(&cli->config, err);
	title_supervisor(cli->config.prefix, again->argc, again->argv);
	return supervisor_run(&options, err);
}

int cmd_serve(int argc, char **argv)
{
	struct again again = {argc, argv};
	struct cli cli;
	struct err err = {""};
	int code = cli_init(&cli, &command, argc, argv);
	int rc;

	if (code != CLI_GO_ON)
		return code;
	rc = config_need_plugins(&cli.config, &err);
	if (rc == 0)
		rc = config_sockets_need_trust(&cli.config, &err);
	if (rc == 0)
		rc = serve(&cli, &again, &err);
	code = rc == 0 ? EXIT_DONE : cli_fail(command.name, &err, rc);
	cli_fini(&cli);
	return code;
}
