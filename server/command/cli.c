#include "server/command/cli.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/command/cmd.h"
#include "server/command/usage.h"
#include "server/config/options.h"
#include "server/config/settings.h"
#include "server/config/suggest.h"
#include "server/file.h"

/* What getopt_long returns for each kind of option; keys and own ones add their index. */
enum {
	VALUE_HELP = 'h',
	VALUE_CONFIG = 256,
	VALUE_PLUGIN,
	VALUE_OWN = 300,
	VALUE_KEY = 400,
};

/* The command line as it is read. */
struct parser {
	const struct cli_command *command;
	struct cli *cli;
	struct option *long_options; /* names of keys are owned */
	size_t long_count;
	char **given; /* "key=value", owned */
	size_t given_count;
	const char *file;
};

static void (*show_help)(FILE *out, const struct cli_command *command) = usage_print_command;

void cli_show_help(void (*show)(FILE *out, const struct cli_command *command))
{
	show_help = show;
}

bool cli_takes_plugins(const struct cli_command *command)
{
	return command->positional == NULL || command->positional[0] == '[';
}

int cli_fail(const char *command, const struct err *err, int rc)
{
	fprintf(stderr, "outrigger %s: %s\n", command, err_message(err, rc));
	return rc == -E_CONF || rc == -E_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

static int usage_error(const struct parser *p, const struct err *err)
{
	cli_fail(p->command->name, err, -E_USAGE);
	fprintf(stderr, "`outrigger %s --help` lists the options.\n", p->command->name);
	return EXIT_USAGE;
}

static void add_long(struct parser *p, const char *name, int has_arg, int value)
{
	p->long_options[p->long_count++] = (struct option){name, has_arg, NULL, value};
}

static int add_key(struct parser *p, size_t i)
{
	char *spelled = setting_spell(SETTING_OPTION, option_table[i].key);
	int has_arg = option_table[i].type == OPTION_BOOL ? optional_argument : required_argument;

	if (spelled == NULL)
		return -E_NOMEM;
	memmove(spelled, spelled + 2, strlen(spelled + 2) + 1);
	add_long(p, spelled, has_arg, VALUE_KEY + (int)i);
	return 0;
}

static int make_long_options(struct parser *p)
{
	const struct cli_option *own = p->command->options;
	int rc = 0;

	p->long_options = calloc(option_count + CLI_OPTIONS_MAX + 4, sizeof(*p->long_options));
	if (p->long_options == NULL)
		return -E_NOMEM;
	for (size_t i = 0; rc == 0 && i < option_count; i++)
		rc = add_key(p, i);
	for (size_t i = 0; i < CLI_OPTIONS_MAX && own[i].name != NULL; i++)
		add_long(p, own[i].name, own[i].arg != NULL ? required_argument : no_argument,
			 VALUE_OWN + (int)i);
	add_long(p, "config", required_argument, VALUE_CONFIG);
	add_long(p, "plugin", required_argument, VALUE_PLUGIN);
	add_long(p, "help", no_argument, VALUE_HELP);
	return rc;
}

static int parser_init(struct parser *p, struct cli *cli, const struct cli_command *command,
		       int argc)
{
	memset(p, 0, sizeof(*p));
	p->command = command;
	p->cli = cli;
	p->given = calloc((size_t)argc + 1, sizeof(*p->given));
	return p->given != NULL ? make_long_options(p) : -E_NOMEM;
}

static void parser_fini(struct parser *p)
{
	for (size_t i = 0; i < p->given_count; i++)
		free(p->given[i]);
	free(p->given);
	for (size_t i = 0; p->long_options != NULL && i < option_count; i++)
		free((char *)p->long_options[i].name);
	free(p->long_options);
}

static int give(struct parser *p, const char *key, size_t n, const char *value)
{
	char *text = file_printf("%.*s=%s", (int)n, key, value);

	if (text == NULL)
		return -E_NOMEM;
	for (char *c = text; *c != '='; c++)
		*c = *c == '-' ? '_' : *c;
	p->given[p->given_count++] = text;
	return 0;
}

/* A bool may stand alone, or have its value behind '=' or as the next argument. */
static const char *bool_value(int argc, char **argv)
{
	static const char *const words[] = {"on", "off", "true", "false"};

	if (optarg != NULL)
		return optarg;
	for (size_t i = 0; optind < argc && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(argv[optind], words[i]) == 0)
			return argv[optind++];
	}
	return "on";
}

static int take_key(struct parser *p, size_t i, int argc, char **argv)
{
	const char *value = option_table[i].type == OPTION_BOOL ? bool_value(argc, argv) : optarg;

	return give(p, option_table[i].key, strlen(option_table[i].key), value);
}

static int refuse_unknown(const struct parser *p, const char *arg, struct err *err)
{
	size_t n = strcspn(arg, "=");
	char *word = strndup(arg, n);
	struct suggest suggest;

	if (word == NULL)
		return -E_NOMEM;
	suggest_init(&suggest, word + strspn(word, "-"));
	for (size_t i = 0; i < p->long_count; i++)
		suggest_offer(&suggest, p->long_options[i].name);
	if (suggest.best != NULL)
		err_set(err, E_USAGE, "no such option: %s; did you mean --%s?", word, suggest.best);
	else
		err_set(err, E_USAGE, "no such option: %s", word);
	free(word);
	return -E_USAGE;
}

/* --plugin-NAME-KEY VALUE: getopt can't know these names. */
static int take_unknown(struct parser *p, int argc, char **argv, struct err *err)
{
	const char *arg = argv[optind - 1];
	const char *equals = strchr(arg, '=');

	if (strncmp(arg, "--plugin-", 9) != 0)
		return refuse_unknown(p, arg, err);
	if (equals != NULL)
		return give(p, arg + 2, (size_t)(equals - arg - 2), equals + 1);
	if (optind >= argc)
		return err_set(err, E_USAGE, "%s needs a value", arg);
	return give(p, arg + 2, strlen(arg + 2), argv[optind++]);
}

static bool is_json(const char *path)
{
	size_t n = strlen(path);

	return n > 5 && strcmp(path + n - 5, ".json") == 0;
}

static void take_file(struct parser *p, const char *path)
{
	if (p->command->takes_conf && is_json(path))
		p->cli->conf = path;
	else
		p->file = path;
}

static int take_option(struct parser *p, int value, int argc, char **argv, struct err *err)
{
	if (value == ':')
		return err_set(err, E_USAGE, "%s needs a value", argv[optind - 1]);
	if (value == '?')
		return take_unknown(p, argc, argv, err);
	if (value == VALUE_CONFIG)
		take_file(p, optarg);
	else if (value == VALUE_PLUGIN)
		return give(p, "plugin", strlen("plugin"), optarg);
	else if (value >= VALUE_KEY)
		return take_key(p, (size_t)(value - VALUE_KEY), argc, argv);
	else
		p->cli->own[value - VALUE_OWN] = optarg != NULL ? optarg : "";
	return 0;
}

static int take_positional(struct parser *p, int argc, char **argv, struct err *err)
{
	const char *wanted = p->command->positional;
	int left = argc - optind;

	if (wanted == NULL && left > 0)
		return err_set(err, E_USAGE, "what is \"%s\"? There are only options",
			       argv[optind]);
	if (wanted != NULL && left == 0 && *wanted != '[')
		return err_set(err, E_USAGE, "%s is missing", wanted);
	if (wanted != NULL && left > 1)
		return err_set(err, E_USAGE, "only one %s can be given, but \"%s\" follows", wanted,
			       argv[optind + 1]);
	p->cli->positional = wanted != NULL && left > 0 ? argv[optind] : NULL;
	if (p->cli->conf != NULL && p->cli->positional == NULL)
		return err_set(err, E_USAGE,
			       "whose conf is %s? Name the plugin: outrigger %s NAME "
			       "--config FILE.json",
			       p->cli->conf, p->command->name);
	if (p->command->takes_plugin && p->cli->positional != NULL)
		return give(p, "plugin", strlen("plugin"), p->cli->positional);
	return 0;
}

/* CLI_GO_ON, or an exit code. */
static int parse(struct parser *p, int argc, char **argv)
{
	struct err err = {0};
	int value, rc = 0;

	optind = 0; /* glibc: begin anew */
	opterr = 0;
	/* With "long only" an option of one dash is one word, of which the error can speak. */
	while (rc == 0 &&
	       (value = getopt_long_only(argc, argv, ":h", p->long_options, NULL)) != -1) {
		if (value == VALUE_HELP) {
			show_help(stdout, p->command);
			return EXIT_DONE;
		}
		rc = take_option(p, value, argc, argv, &err);
	}
	if (rc == 0)
		rc = take_positional(p, argc, argv, &err);
	return rc == 0 ? CLI_GO_ON : usage_error(p, &err);
}

static int init_config(const struct parser *p, struct err *err)
{
	const char *file = p->file;

	if (file == NULL && file_exists(CLI_CONFIG_DEFAULT))
		file = CLI_CONFIG_DEFAULT;
	return config_init(&p->cli->config, file, (const char *const *)p->given, p->given_count,
			   err);
}

static int read_config(const struct parser *p)
{
	struct err err = {0};
	int rc = init_config(p, &err);

	if (rc == 0)
		return CLI_GO_ON;
	cli_fail(p->command->name, &err, rc);
	return rc == -E_NOMEM ? EXIT_FAILED : EXIT_USAGE;
}

int cli_init(struct cli *cli, const struct cli_command *command, int argc, char **argv)
{
	struct parser parser;
	int code = EXIT_FAILED;

	memset(cli, 0, sizeof(*cli));
	if (parser_init(&parser, cli, command, argc) != 0)
		cli_fail(command->name, NULL, -E_NOMEM);
	else
		code = parse(&parser, argc, argv);
	if (code == CLI_GO_ON)
		code = read_config(&parser);
	parser_fini(&parser);
	return code;
}

int cli_read_again(const struct cli_command *command, int argc, char **argv, struct config *ret,
		   struct err *err)
{
	struct cli cli = {0};
	struct parser parser;
	int rc = parser_init(&parser, &cli, command, argc);

	/* It was understood once. */
	if (rc == 0 && parse(&parser, argc, argv) != CLI_GO_ON)
		rc = -E_INTERNAL;
	if (rc == 0)
		rc = init_config(&parser, err);
	if (rc == 0)
		*ret = cli.config;
	parser_fini(&parser);
	return rc;
}

void cli_fini(struct cli *cli)
{
	config_fini(&cli->config);
}
