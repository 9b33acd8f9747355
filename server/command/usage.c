#include "server/command/usage.h"
#include <stdlib.h>
#include <string.h>
#include "server/command/cli.h"
#include "server/config/options.h"
#include "server/config/settings.h"
#include "server/file.h"

enum {
	COLUMN = 28,
	WIDTH = 80
};

/* Writes the words in lines that begin at column `indent`, where the cursor stands already. */
static void print_wrapped(FILE *out, const char *text, int indent)
{
	int column = indent;

	while (*text != '\0') {
		int n = (int)strcspn(text, " \n");

		if (column > indent && column + 1 + n > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", n, text);
		column += n;
		text += n;
		text += strspn(text, " \n");
	}
	fputc('\n', out);
}

void usage_print_entry(FILE *out, const char *name, const char *text)
{
	int n = fprintf(out, "  %s", name);

	if (n + 2 > COLUMN) {
		fputc('\n', out);
		n = 0;
	}
	fprintf(out, "%*s", COLUMN - n, "");
	print_wrapped(out, text, COLUMN);
}

static void print_option(FILE *out, const char *name, const char *arg, const char *doc)
{
	char *entry = file_printf("%s%s%s", name, arg != NULL ? " " : "", arg != NULL ? arg : "");

	if (entry != NULL)
		usage_print_entry(out, entry, doc);
	free(entry);
}

static void print_own_options(FILE *out, const struct cli_command *command)
{
	for (size_t i = 0; i < CLI_OPTIONS_MAX && command->options[i].name != NULL; i++) {
		const struct cli_option *option = &command->options[i];
		char *name = file_printf("--%s", option->name);

		if (name != NULL)
			print_option(out, name, option->arg, option->doc);
		free(name);
	}
}

/* The default belongs to the sentence unless it says so itself. */
static void print_setting(FILE *out, const struct option_def *def)
{
	char *name = setting_spell(SETTING_OPTION, def->key);
	char *doc = def->initial[0] != '\0' ? file_printf("%s Default: %s.", def->doc, def->initial)
					    : strdup(def->doc);

	if (name != NULL && doc != NULL)
		print_option(out, name, def->arg, doc);
	free(doc);
	free(name);
}

static void print_plugin_settings(FILE *out)
{
	fputs("\nOf one plugin alone (plugin_NAME_KEY; '-' and '.' of NAME written '_'):\n", out);
	for (size_t i = 0; i < plugin_option_count; i++) {
		char *key = setting_spell(SETTING_OPTION, plugin_options[i].key);
		char *name = key != NULL ? file_printf("--plugin-NAME-%s", key + 2) : NULL;

		if (name != NULL)
			print_option(out, name, plugin_options[i].arg, plugin_options[i].doc);
		free(name);
		free(key);
	}
}

void usage_print_command(FILE *out, const struct cli_command *command)
{
	fprintf(out, "usage: outrigger %s [OPTIONS]%s%s\n\n", command->name,
		command->positional != NULL ? " " : "",
		command->positional != NULL ? command->positional : "");
	print_wrapped(out, command->doc, 0);
	fputs("\nOptions:\n", out);
	print_own_options(out, command);
	if (cli_takes_plugins(command))
		print_option(out, "--plugin", "NAME",
			     "Take this plugin instead of those of `plugins`; may be repeated.");
	print_option(out, "--config", "FILE",
		     "Settings in kong.conf's form. Default: " CLI_CONFIG_DEFAULT
		     " where there is one.");
	if (command->takes_conf)
		print_option(out, "--config", "FILE.json",
			     "A conf of the plugin NAME: the members of its `config`.");
	print_option(out, "--help", NULL, "This text.");
	fputs("\nSettings (in the file key = value, with '_' for '-'; in the environment\n"
	      "OUTRIGGER_KEY, which wins over the file, as options do over both):\n",
	      out);
	for (size_t i = 0; i < option_count; i++) {
		if (option_table[i].commands & command->bit)
			print_setting(out, &option_table[i]);
	}
	if (cli_takes_plugins(command))
		print_plugin_settings(out);
}
