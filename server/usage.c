#include "server/usage.h"
#include <stdlib.h>
#include <string.h>
#include "server/cli.h"
#include "server/file.h"
#include "server/options.h"
#include "server/settings.h"

enum {
	COLUMN = 28,
	WIDTH = 80
};

/* Writes the words from column COLUMN on; the cursor stands there already. */
static void print_wrapped(FILE *out, const char *text)
{
	size_t column = COLUMN;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (column > COLUMN && column + 1 + n > WIDTH) {
			fprintf(out, "\n%*s", COLUMN, "");
			column = COLUMN;
		} else if (column > COLUMN) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, n, out);
		column += n;
		text += n;
		text += strspn(text, " ");
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
	print_wrapped(out, text);
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
	fprintf(out, "usage: outrigger %s [OPTIONS]%s%s\n\n%s\n\nOptions:\n", command->name,
		command->positional != NULL ? " " : "",
		command->positional != NULL ? command->positional : "", command->doc);
	print_own_options(out, command);
	print_option(out, "--plugin", "NAME",
		     "Take this plugin instead of those of `plugins`; may be repeated.");
	print_option(out, "--config", "FILE",
		     "Settings in kong.conf's form. Default: " CLI_CONFIG_DEFAULT
		     " where there is one.");
	print_option(out, "--help", NULL, "This text.");
	fputs("\nSettings (in the file key = value, with '_' for '-'; in the environment\n"
	      "OUTRIGGER_KEY, which wins over the file, as options do over both):\n",
	      out);
	for (size_t i = 0; i < option_count; i++) {
		if (option_table[i].commands & command->bit)
			print_setting(out, &option_table[i]);
	}
	print_plugin_settings(out);
}
