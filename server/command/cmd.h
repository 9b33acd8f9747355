/* cmd.h - the sub-commands. Each is one file cmd_NAME.c and one row of the table in commands.c.
 * Each begins with cli_init (cli.h), which does the options, --help and the configuration.
 *
 * Exit codes: 0 done, 1 it failed (or `check` found an error), 2 wrong usage or configuration. */
#ifndef SERVER_COMMAND_CMD_H
#define SERVER_COMMAND_CMD_H

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/* argv[0] is the sub-command's name. Returns an exit code. */
int cmd_serve(int argc, char **argv);
int cmd_dump(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_kong_conf(int argc, char **argv);
int cmd_link(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_keygen(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_reload(int argc, char **argv);
int cmd_health(int argc, char **argv);
int cmd_top(int argc, char **argv);
/* Hidden: a process that runs plugins for `serve`. argv[-1] is its title. */
int cmd_worker(int argc, char **argv);
/* Hidden: prints docs/configuration.md. */
int cmd_options_doc(int argc, char **argv);
/* Hidden: prints a page of the manual, outrigger.1 or outrigger.conf.5. */
int cmd_man_page(int argc, char **argv);
/* Hidden: prints what completes our command line in bash or zsh. */
int cmd_completion(int argc, char **argv);

#endif
