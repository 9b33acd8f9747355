/* cmd_serve.c - `outrigger serve`. */
#include "protocol/err.h"
#include "server/cli.h"
#include "server/cmd.h"
#include "server/options.h"
#include "server/server.h"

static const struct cli_command command = {
	.name = "serve",
	.bit = COMMAND_SERVE,
	.doc = "Serves plugins to the gateway, each on its own socket, PREFIX/NAME.socket, or\n"
	       "all on one. Writes NAME.json beside each socket, which is what the gateway's\n"
	       "query_cmd has to print. SIGTERM and SIGINT let running events end, a second one\n"
	       "does not; SIGUSR1 opens the log anew.",
};

int cmd_serve(int argc, char **argv)
{
	struct cli cli;
	struct err err = {""};
	int code = cli_init(&cli, &command, argc, argv);
	int rc;

	if (code != CLI_GO_ON)
		return code;
	rc = config_need_plugins(&cli.config, &err);
	if (rc == 0)
		rc = server_run(&cli.config, &err);
	code = rc == 0 ? EXIT_DONE : cli_fail(command.name, &err, rc);
	cli_fini(&cli);
	return code;
}
