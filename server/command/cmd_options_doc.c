/* cmd_options_doc.c - prints docs/configuration.md from the table of settings. */
#include <stdio.h>
#include <string.h>
#include "server/command/cmd.h"
#include "server/config/options.h"

static const char intro[] =
	"# Configuration\n\n"
	"<!-- Printed by `outrigger options-doc` from server/config/options.def: do not edit. -->\n\n"
	"Settings come from a file (`--config FILE`, else `/etc/outrigger/outrigger.conf` where there "
	"is one),\nfrom the environment, which wins over the file, and from options, which win over "
	"both:\n\n"
	"```\n"
	"event_timeout = 5s                # in the file\n"
	"OUTRIGGER_EVENT_TIMEOUT=5s        # in the environment\n"
	"outrigger serve --event-timeout 5s\n"
	"```\n\n"
	"The file has the form of kong.conf. `#` begins a comment, also behind a value; a `#` that "
	"belongs to the\nvalue is written `\\#`. A line that ends with `\\` goes on in the next one. "
	"Quotes have no meaning. Of a key\nthat comes twice the last one counts, and an empty value "
	"stands for the default. A key that does not exist\nis an error.\n\n"
	"Times take `ms`, `s` or `m`; a number alone is seconds. Sizes take `k`, `m` or `g`; a number "
	"alone is bytes.\n"
	"A gateway passes its own environment on to the servers that it starts only where "
	"`nginx_main_env` names\nit, so `outrigger kong-conf` writes what it found in the environment "
	"into the command.\n\n";

static void print_cell(const char *text)
{
	for (; *text != '\0'; text++)
		printf(*text == '|' ? "\\%c" : "%c", *text);
}

static void print_row(const char *prefix, const struct option_def *def)
{
	printf("| `%s%s` | ", prefix, def->key);
	print_cell(def->arg);
	printf(" | %s%s%s | ", def->initial[0] ? "`" : "", def->initial,
	       def->initial[0] ? "`" : "");
	print_cell(def->doc);
	puts(" |");
}

int cmd_options_doc(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs(intro, stdout);
	puts("| key | value | default | meaning |\n|---|---|---|---|");
	for (size_t i = 0; i < option_count; i++)
		print_row("", &option_table[i]);
	puts("\n## Settings of one plugin\n\n"
	     "In `NAME` everything but letters and digits is written `_`: the plugin `my-auth` has\n"
	     "`plugin_my_auth_event_timeout`, in the environment "
	     "`OUTRIGGER_PLUGIN_MY_AUTH_EVENT_TIMEOUT`.\n\n"
	     "| key | value | default | meaning |\n|---|---|---|---|");
	for (size_t i = 0; i < plugin_option_count; i++)
		print_row("plugin_NAME_", &plugin_options[i]);
	return EXIT_DONE;
}
