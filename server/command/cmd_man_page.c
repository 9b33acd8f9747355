/* cmd_man_page.c - prints outrigger(1) and outrigger.conf(5) from the tables of commands and settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/command/cli.h"
#include "server/command/cmd.h"
#include "server/command/commands.h"
#include "server/config/options.h"
#include "server/config/settings.h"

static const char page_1_begin[] =
	".SH NAME\n"
	"outrigger \\- plugin server for Kong Gateway\n"
	".SH SYNOPSIS\n"
	".B outrigger\n"
	".I COMMAND\n"
	".RI [ OPTIONS ]\n"
	".SH DESCRIPTION\n"
	"Runs Lua and C plugins of Kong Gateway, unchanged, in a process of their own beside it. The\n"
	"gateway names Outrigger in\n"
	".B pluginserver_names\n"
	"of its kong.conf, sends it each phase of each request over a Unix socket, and answers every\n"
	"call that a plugin makes.\n"
	".SH COMMANDS\n"
	"Each command takes every setting of\n"
	".BR outrigger.conf (5)\n"
	"as an option, with \\(aq\\-\\(aq for \\(aq_\\(aq; those that it uses are listed with it.\n";

static const char page_1_end[] = ".SH OPTIONS\n"
				 ".TP\n"
				 ".BI \\-\\-config \" FILE\"\n"
				 "Settings in kong.conf\\(aqs form. Default:\n"
				 ".I " CLI_CONFIG_DEFAULT "\n"
				 "where there is one.\n"
				 ".TP\n"
				 ".BI \\-\\-plugin \" NAME\"\n"
				 "Take this plugin instead of those of\n"
				 ".BR plugins .\n"
				 "May be repeated.\n"
				 ".TP\n"
				 ".B \\-\\-help\n"
				 "The options of a command.\n"
				 ".SH EXIT STATUS\n"
				 "0 done, 1 it failed, 2 wrong usage or configuration.\n"
				 ".SH FILES\n"
				 ".TP\n"
				 ".I " CLI_CONFIG_DEFAULT "\n"
				 "The settings.\n"
				 ".TP\n"
				 ".IR PREFIX / NAME .socket\n"
				 "Where the gateway connects for the plugin\n"
				 ".IR NAME .\n"
				 ".TP\n"
				 ".IR PREFIX / NAME .json\n"
				 "What the gateway asks of it: its dump.\n"
				 ".SH ENVIRONMENT\n"
				 ".TP\n"
				 ".BI OUTRIGGER_ KEY\n"
				 "A setting; wins over the file.\n"
				 ".TP\n"
				 ".BR NOTIFY_SOCKET ,\\  WATCHDOG_USEC\n"
				 "Where\n"
				 ".B serve\n"
				 "says that it is ready, reloads, leaves and still runs, as for\n"
				 ".BR sd_notify (3).\n"
				 ".SH SEE ALSO\n"
				 ".BR outrigger.conf (5)\n";

static const char page_5_begin[] =
	".SH NAME\n"
	"outrigger.conf \\- settings of outrigger\n"
	".SH DESCRIPTION\n"
	"Settings come from a file\n"
	".RB ( \\-\\-config\n"
	".IR FILE ,\n"
	"else\n"
	".I " CLI_CONFIG_DEFAULT "\n"
	"where there is one), from the environment, which wins over the file, and from options, which\n"
	"win over both:\n"
	".PP\n"
	".nf\n"
	"event_timeout = 5s                # in the file\n"
	"OUTRIGGER_EVENT_TIMEOUT=5s        # in the environment\n"
	"outrigger serve \\-\\-event\\-timeout 5s\n"
	".fi\n"
	".PP\n"
	"The file has the form of kong.conf. \\(aq#\\(aq begins a comment, also behind a value; one that\n"
	"belongs to the value is written \\(aq\\e#\\(aq. A line that ends with \\(aq\\e\\(aq goes on in the\n"
	"next one. Quotes have no meaning. Of a key that comes twice the last one counts, and an empty\n"
	"value stands for the default. A key that does not exist is an error.\n"
	".PP\n"
	"Times take \\(aqms\\(aq, \\(aqs\\(aq or \\(aqm\\(aq; a number alone is seconds. Sizes take\n"
	"\\(aqk\\(aq, \\(aqm\\(aq or \\(aqg\\(aq; a number alone is bytes.\n"
	".SH SETTINGS\n";

static const char page_5_plugin[] =
	".SH SETTINGS OF ONE PLUGIN\n"
	"In\n"
	".I NAME\n"
	"everything but letters and digits is written \\(aq_\\(aq: the plugin my\\-auth has\n"
	".BR plugin_my_auth_event_timeout .\n";

static const char page_5_end[] = ".SH SEE ALSO\n"
				 ".BR outrigger (1)\n";

/* A text for troff: nothing in it is a request, and what is typed stays what it is. */
static void print_text(FILE *out, const char *text)
{
	bool begins = true; /* a line */

	for (; *text != '\0'; text++) {
		if (begins && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		begins = *text == '\n';
		switch (*text) {
		case '\\':
			fputs("\\e", out);
			break;
		case '\'':
			fputs("\\(aq", out);
			break;
		case '`':
			fputs("\\(ga", out);
			break;
		case '-':
			fputs("\\-", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

static void print_tag(FILE *out, const char *before, const char *name, const char *arg)
{
	fputs(".TP\n\\fB", out);
	print_text(out, before);
	print_text(out, name);
	fputs("\\fR", out);
	if (arg != NULL) {
		fputs(" \\fI", out);
		print_text(out, arg);
		fputs("\\fR", out);
	}
	fputc('\n', out);
}

static void print_listed_settings(FILE *out, unsigned bit)
{
	const char *before = "Settings: ";

	fputs(".PP\n", out);
	for (size_t i = 0; i < option_count; i++) {
		char *name = setting_spell(SETTING_OPTION, option_table[i].key);

		if ((option_table[i].commands & bit) && name != NULL) {
			fputs(before, out);
			print_text(out, name);
			before = ",\n";
		}
		free(name);
	}
	fputs(".\n", out);
}

static void print_command(FILE *out, const struct cli_command *command)
{
	fputs(".SS outrigger ", out);
	print_text(out, command->name);
	if (command->positional != NULL) {
		fputc(' ', out);
		print_text(out, command->positional);
	}
	fputc('\n', out);
	print_text(out, command->doc);
	fputc('\n', out);
	for (size_t i = 0; i < CLI_OPTIONS_MAX && command->options[i].name != NULL; i++) {
		print_tag(out, "--", command->options[i].name, command->options[i].arg);
		print_text(out, command->options[i].doc);
		fputc('\n', out);
	}
	print_listed_settings(out, command->bit);
}

static void print_setting(FILE *out, const char *prefix, const struct option_def *def)
{
	print_tag(out, prefix, def->key, def->arg);
	print_text(out, def->doc);
	if (def->initial[0] != '\0') {
		fputs(" Default: ", out);
		print_text(out, def->initial);
		fputc('.', out);
	}
	fputc('\n', out);
}

/* No date: the same source makes the same page. */
static void print_title(const char *name, const char *section)
{
	printf(".\\\" Printed by `outrigger man-page`: do not edit.\n"
	       ".TH %s %s \"\" \"Outrigger " OUTRIGGER_VERSION "\" Outrigger\n"
	       ".nh\n"
	       ".ad l\n",
	       name, section);
}

static int print_page_1(void)
{
	int code;

	print_title("OUTRIGGER", "1");
	fputs(page_1_begin, stdout);
	code = commands_describe(print_command);
	fputs(page_1_end, stdout);
	return code;
}

static int print_page_5(void)
{
	print_title("OUTRIGGER.CONF", "5");
	fputs(page_5_begin, stdout);
	for (size_t i = 0; i < option_count; i++)
		print_setting(stdout, "", &option_table[i]);
	fputs(page_5_plugin, stdout);
	for (size_t i = 0; i < plugin_option_count; i++)
		print_setting(stdout, "plugin_NAME_", &plugin_options[i]);
	fputs(page_5_end, stdout);
	return EXIT_DONE;
}

int cmd_man_page(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "outrigger.1") == 0)
		return print_page_1();
	if (argc == 2 && strcmp(argv[1], "outrigger.conf.5") == 0)
		return print_page_5();
	fputs("usage: outrigger man-page outrigger.1|outrigger.conf.5\n", stderr);
	return EXIT_USAGE;
}
