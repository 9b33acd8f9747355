#include "server/command/commands.h"
#include "server/command/cli.h"
#include "server/command/cmd.h"

const struct command_row command_table[] = {
	{"serve", cmd_serve, "Serve plugins to the gateway."},
	{"dump", cmd_dump, "Print what the gateway's query_cmd asks for: plugins as JSON."},
	{"check", cmd_check, "Load every plugin and say what is wrong, with the gateway too."},
	{"kong-conf", cmd_kong_conf, "Print the lines that kong.conf needs."},
	{"link", cmd_link, "Make /usr/local/bin/NAME, which is all that the gateway needs."},
	{"export", cmd_export,
	 "Write what of a plugin belongs on the gateway, its schema above all."},
	{"keygen", cmd_keygen, "Make the keys of a program that comes by itself."},
	{"status", cmd_status, "Say how a server and its plugins are."},
	{"reload", cmd_reload, "Have a server load its plugins and settings anew."},
	{"health", cmd_health, "Whether all plugins are served: exit code 0 or 1."},
	{"top", cmd_top, "Watch a server's plugins and workers while they serve."},
	{"worker", cmd_worker, NULL},
	{"options-doc", cmd_options_doc, NULL},
	{"man-page", cmd_man_page, NULL},
	{"completion", cmd_completion, NULL},
};
const size_t command_count = sizeof(command_table) / sizeof(command_table[0]);

/* Its own --help knows what a command takes. */
static int describe(const struct command_row *row)
{
	char name[64], help[] = "--help";
	char *argv[] = {name, help, NULL};

	snprintf(name, sizeof(name), "%s", row->name);
	return row->run(2, argv);
}

int commands_describe(void (*show)(FILE *out, const struct cli_command *command))
{
	int code = EXIT_DONE;

	cli_show_help(show);
	for (size_t i = 0; code == EXIT_DONE && i < command_count; i++)
		if (command_table[i].summary != NULL)
			code = describe(&command_table[i]);
	return code;
}
