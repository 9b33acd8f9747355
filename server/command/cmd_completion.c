/* cmd_completion.c - prints what completes our command line, from the tables of commands and settings.
 *
 * Both shells get the same: for each command its options, and for each option what its value may be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/command/cli.h"
#include "server/command/cmd.h"
#include "server/command/commands.h"
#include "server/config/options.h"
#include "server/config/settings.h"

static const char bash_begin[] =
	"# bash completion for outrigger. Printed by `outrigger completion bash`: do not edit.\n\n"
	"# The options of a command.\n"
	"_outrigger_options() {\n"
	"\tcase $1 in\n";

static const char bash_values[] =
	"\tesac\n"
	"}\n\n"
	"# The words that the value of \"COMMAND OPTION\" may be, or what kind of thing it names.\n"
	"_outrigger_values() {\n"
	"\tcase $1 in\n";

static const char bash_end[] =
	"_outrigger() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} values\n"
	"\tCOMPREPLY=()\n"
	"\t[ \"$cur\" != = ] || cur=\n"
	"\t[ \"$prev\" != = ] || prev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$_outrigger_commands\" -- \"$cur\")\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tvalues=$(_outrigger_values \"${COMP_WORDS[1]} $prev\")\n"
	"\tcase $values in\n"
	"\t@directory) mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
	"\t@file) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
	"\t@other) ;;\n"
	"\t'') mapfile -t COMPREPLY < <(compgen -W "
	"\"$(_outrigger_options \"${COMP_WORDS[1]}\")\" -- \"$cur\") ;;\n"
	"\t*) mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$cur\") ;;\n"
	"\tesac\n"
	"}\n"
	"complete -o filenames -F _outrigger outrigger\n";

static const char zsh_begin[] = "#compdef outrigger\n"
				"# Printed by `outrigger completion zsh`: do not edit.\n\n"
				"_outrigger() {\n"
				"\tlocal -a commands\n"
				"\tlocal curcontext=$curcontext state line\n"
				"\tcommands=(\n";

static const char zsh_commands[] = "\t)\n"
				   "\t_arguments -C '1: :->command' '*:: :->rest'\n"
				   "\tif [[ $state == command ]]; then\n"
				   "\t\t_describe command commands\n"
				   "\t\treturn\n"
				   "\tfi\n"
				   "\tcase $line[1] in\n";

static const char zsh_end[] = "\tesac\n"
			      "}\n\n"
			      "_outrigger \"$@\"\n";

/* What a value is where it is not one of some words: by what stands for it in --help. */
static const char *kind_of(const char *arg)
{
	static const char *const files[] = {"FILE", "FILE.json", "PATH", "WHERE"};

	if (strcmp(arg, "DIR") == 0)
		return "@directory";
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(arg, files[i]) == 0)
			return "@file";
	return "@other";
}

static char *option_name(const struct option_def *def)
{
	return setting_spell(SETTING_OPTION, def->key);
}

/* Those of a command, in the order of --help: its own, the common ones, settings. */
static void each_option(FILE *out, const struct cli_command *command,
			void (*print)(FILE *out, const char *name, const struct cli_option *option,
				      const struct option_def *def))
{
	static const struct cli_option config = {"config", "FILE", "Settings in kong.conf's form."};
	static const struct cli_option plugin = {"plugin", "NAME", "Take this plugin."};
	static const struct cli_option help = {"help", NULL, "The options of this command."};

	for (size_t i = 0; i < CLI_OPTIONS_MAX && command->options[i].name != NULL; i++)
		print(out, command->options[i].name, &command->options[i], NULL);
	print(out, config.name, &config, NULL);
	if (cli_takes_plugins(command))
		print(out, plugin.name, &plugin, NULL);
	print(out, help.name, &help, NULL);
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *def = &option_table[i];
		const struct cli_option option = {def->key, def->arg, def->doc};
		char *name = (def->commands & command->bit) ? option_name(def) : NULL;

		if (name != NULL)
			print(out, name + 2, &option, def);
		free(name);
	}
}

/* ---- bash ---- */

static void bash_option(FILE *out, const char *name, const struct cli_option *option,
			const struct option_def *def)
{
	(void)option;
	(void)def;
	fprintf(out, " --%s", name);
}

static void bash_command(FILE *out, const struct cli_command *command)
{
	fprintf(out, "\t%s) echo '", command->name);
	each_option(out, command, bash_option);
	fputs("' ;;\n", out);
}

static void bash_own_values(FILE *out, const struct cli_command *command)
{
	const struct cli_option *options = command->options;

	for (size_t i = 0; i < CLI_OPTIONS_MAX && options[i].name != NULL; i++)
		if (options[i].arg != NULL)
			fprintf(out, "\t'%s --%s') echo %s ;;\n", command->name, options[i].name,
				kind_of(options[i].arg));
}

static void bash_settings(void)
{
	for (size_t i = 0; i < option_count; i++) {
		const char *const *words = option_words(&option_table[i]);
		char *name = option_name(&option_table[i]);

		printf("\t*' %s') echo '%s", name != NULL ? name : "",
		       words != NULL ? *words++ : kind_of(option_table[i].arg));
		for (; words != NULL && *words != NULL; words++)
			printf(" %s", *words);
		puts("' ;;");
		free(name);
	}
}

/* ---- zsh ---- */

/* The first sentence, as part of a word of _arguments in single quotes. */
static void zsh_text(FILE *out, const char *text)
{
	for (; *text != '\0' && !(text[0] == '.' && (text[1] == ' ' || text[1] == '\0')); text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (strchr("[]:\\", *text) != NULL)
			fprintf(out, "\\%c", *text);
		else
			fputc(*text == '\n' ? ' ' : *text, out);
	}
}

static void zsh_value(FILE *out, const struct cli_option *option, const char *const *words)
{
	const char *kind = kind_of(option->arg);

	fputc(':', out);
	zsh_text(out, option->arg);
	fputc(':', out);
	if (words != NULL) {
		for (fputc('(', out); *words != NULL; words++)
			fprintf(out, "%s ", *words);
		fputc(')', out);
	} else if (strcmp(kind, "@other") != 0) {
		fputs(strcmp(kind, "@file") == 0 ? "_files" : "_files -/", out);
	}
}

static void zsh_option(FILE *out, const char *name, const struct cli_option *option,
		       const struct option_def *def)
{
	fprintf(out, " \\\n\t\t\t'--%s%s[", name, option->arg != NULL ? "=" : "");
	zsh_text(out, option->doc);
	fputc(']', out);
	if (option->arg != NULL)
		zsh_value(out, option, def != NULL ? option_words(def) : NULL);
	fputc('\'', out);
}

static void zsh_command(FILE *out, const struct cli_command *command)
{
	fprintf(out, "\t%s)\n\t\t_arguments", command->name);
	if (command->positional != NULL)
		fprintf(out, " '1: :'");
	each_option(out, command, zsh_option);
	fputs(" ;;\n", out);
}

/* ---- both ---- */

static int print_bash(void)
{
	int code;

	fputs(bash_begin, stdout);
	code = commands_describe(bash_command);
	fputs(bash_values, stdout);
	if (code == EXIT_DONE)
		code = commands_describe(bash_own_values);
	bash_settings();
	fputs("\t*' --config') echo @file ;;\n\t*' --plugin') echo @other ;;\n\tesac\n}\n\n_outrigger_commands='help",
	      stdout);
	for (size_t i = 0; i < command_count; i++)
		if (command_table[i].summary != NULL)
			printf(" %s", command_table[i].name);
	fputs("'\n\n", stdout);
	fputs(bash_end, stdout);
	return code;
}

static int print_zsh(void)
{
	int code;

	fputs(zsh_begin, stdout);
	for (size_t i = 0; i < command_count; i++) {
		if (command_table[i].summary == NULL)
			continue;
		printf("\t\t'%s:", command_table[i].name);
		zsh_text(stdout, command_table[i].summary);
		fputs("'\n", stdout);
	}
	fputs(zsh_commands, stdout);
	code = commands_describe(zsh_command);
	fputs(zsh_end, stdout);
	return code;
}

int cmd_completion(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "bash") == 0)
		return print_bash();
	if (argc == 2 && strcmp(argv[1], "zsh") == 0)
		return print_zsh();
	fputs("usage: outrigger completion bash|zsh\n", stderr);
	return EXIT_USAGE;
}
