/* main.c - outrigger: the table of sub-commands. */
#include <stdio.h>
#include <string.h>
#include "protocol/err.h"
#include "server/command/cli.h"
#include "server/command/cmd.h"
#include "server/command/commands.h"
#include "server/command/invocation.h"
#include "server/command/usage.h"
#include "server/config/suggest.h"

static void print_usage(FILE *out)
{
	fputs("usage: outrigger COMMAND [OPTIONS]\n\n"
	      "Runs plugins of Kong Gateway, unchanged, in a process of their own.\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < command_count; i++) {
		if (command_table[i].summary != NULL)
			usage_print_entry(out, command_table[i].name, command_table[i].summary);
	}
	fputs("\n`outrigger COMMAND --help` lists the options of a command.\n"
	      "As a server made with go-pdk it also understands -dump and -kong-prefix DIR, and\n"
	      "called through a link NAME it serves the plugin NAME.\n",
	      out);
}

static int unknown_command(const char *name)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (size_t i = 0; i < command_count; i++)
		suggest_offer(&suggest, command_table[i].name);
	suggest_offer(&suggest, "--help");
	suggest_offer(&suggest, "--version");
	fprintf(stderr, "outrigger: no such command: %s%s%s%s\n", name,
		suggest.best != NULL ? "; did you mean " : "",
		suggest.best != NULL ? suggest.best : "", suggest.best != NULL ? "?" : "");
	fputs("`outrigger --help` lists the commands.\n", stderr);
	return EXIT_USAGE;
}

static int run_command(int argc, char **argv)
{
	for (size_t i = 0; i < command_count; i++) {
		if (strcmp(command_table[i].name, argv[0]) == 0)
			return command_table[i].run(argc, argv);
	}
	return unknown_command(argv[0]);
}

static int is_one_of(const char *arg, const char *a, const char *b)
{
	return strcmp(arg, a) == 0 || strcmp(arg, b) == 0;
}

static int run(int argc, char **argv)
{
	static char help[] = "--help";
	char *argv_help[] = {NULL, help, NULL};

	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (is_one_of(argv[1], "help", "--help") && argc > 2) {
		argv_help[0] = argv[2];
		return run_command(2, argv_help);
	}
	if (is_one_of(argv[1], "help", "--help") || is_one_of(argv[1], "-h", "-help")) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	return run_command(argc - 1, argv + 1);
}

static int run_invocation(int argc, char **argv)
{
	struct invocation invocation;
	int code;

	if (invocation_init(&invocation, argc, argv) != 0) {
		fprintf(stderr, "outrigger: %s\n", err_text(E_NOMEM));
		return EXIT_FAILED;
	}
	if (invocation.argc == 0)
		return run(argc, argv);
	code = run_command(invocation.argc, invocation.argv);
	invocation_fini(&invocation);
	return code;
}

int main(int argc, char **argv)
{
	int code = EXIT_DONE;

	if (argc > 1 && is_one_of(argv[1], "--version", "version"))
		puts("outrigger " OUTRIGGER_VERSION);
	else
		code = run_invocation(argc, argv);
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_DONE) {
		perror("outrigger: can't write the output");
		code = EXIT_FAILED;
	}
	return code;
}
