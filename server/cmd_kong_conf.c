/* cmd_kong_conf.c - `outrigger kong-conf`: the lines for kong.conf. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/cli.h"
#include "server/cmd.h"
#include "server/config_plugin.h"
#include "server/file.h"
#include "server/kong_names.h"
#include "server/options.h"
#include "server/settings.h"

enum {
	OPTION_SIDECAR,
	OPTION_OUTPUT,
	OPTION_BIN_DIR
};

static const struct cli_command command = {
	.name = "kong-conf",
	.bit = COMMAND_KONG_CONF,
	.doc = "Prints the lines for the gateway's kong.conf: a plugin server name and a socket for\n"
	       "each plugin, as Kong 3.9 needs it, all served by one Outrigger that the gateway\n"
	       "starts. What is set by options or in the environment becomes part of the commands,\n"
	       "for the gateway passes its environment on to nobody.",
	.options =
		{[OPTION_SIDECAR] = {"sidecar", NULL,
				     "For an Outrigger that runs in another container: the gateway "
				     "starts nothing and reads the plugins' dumps from files."},
		 [OPTION_OUTPUT] = {"output", "DIR",
				    "With --sidecar: where the gateway finds NAME.json. Default: "
				    "beside the socket, where serve writes it."},
		 [OPTION_BIN_DIR] = {"bin-dir", "DIR",
				     "Where the gateway looks for commands that are not set. "
				     "Default: " KONG_BIN_DIR "."}},
};

/* The names of one plugin in kong.conf. */
struct server {
	char *name;      /* in pluginserver_names */
	char *directive; /* in pluginserver_NAME_socket */
	char *socket;
};

static void fini_server(struct server *s)
{
	free(s->name);
	free(s->directive);
	free(s->socket);
}

static int init_server(struct server *s, const struct config *config, size_t i)
{
	s->name = kong_server_name(config->plugins[i].name);
	s->directive = s->name != NULL ? kong_directive(s->name) : NULL;
	s->socket = config_socket_path(config, &config->plugins[i]);
	return s->directive != NULL && s->socket != NULL ? 0 : -E_NOMEM;
}

/* A default start_cmd would start a second server for a plugin that the first one serves. */
static int check_no_default(const struct server *s, const char *bin_dir, struct err *err)
{
	char *path = file_printf("%s/%s", bin_dir, s->name);
	int rc = 0;

	if (path == NULL)
		return -E_NOMEM;
	if (file_exists(path))
		rc = err_set(err, E_EXISTS,
			     "%s exists, so the gateway would start it as the server of %s, beside "
			     "the one that serves it already; remove it%s",
			     path, s->name,
			     file_is_link_to_us(path) ? ", or use it alone (see `outrigger link`)"
						      : ", or serve the plugin by another name");
	free(path);
	return rc;
}

static int check_names(const struct server *servers, const struct config *config, size_t i,
		       struct err *err)
{
	const char *name = config->plugins[i].name;

	if (kong_is_bundled(name))
		return err_set(err, E_CONF,
			       "the gateway has a plugin %s itself and never asks a server for it; "
			       "serve it by another name: --plugin my-%s, plugin_my_%s_module = %s",
			       name, name, servers[i].directive, name);
	for (size_t j = 0; j < i; j++) {
		if (strcmp(servers[i].directive, servers[j].directive) == 0)
			return err_set(err, E_CONF,
				       "%s and %s have the same settings pluginserver_%s_* in "
				       "kong.conf; serve one of them by another name",
				       config->plugins[j].name, name, servers[i].directive);
	}
	return 0;
}

/* Adds one word of a command. */
static int add_word(struct buf *cmd, char *word)
{
	char *quoted = word != NULL ? kong_quote_word(word) : NULL;
	int rc = -E_NOMEM;

	if (quoted != NULL)
		rc = buf_printf(cmd, "%s%s", buf_len(cmd) > 0 ? " " : "", quoted);
	free(quoted);
	free(word);
	return rc;
}

/* `--key=value` with a value that holds in any folder. */
static char *option_word(const struct setting *setting, const struct option_def *def)
{
	char *spelled = setting_spell(SETTING_OPTION, setting->key);
	const char *value = setting_value(setting);
	bool is_path = def->type == OPTION_PATH && *value != '\0' && strcmp(value, "stderr") != 0 &&
		       strcmp(value, "syslog") != 0;
	char *absolute = is_path ? file_absolute(value) : strdup(value);
	char *word = NULL;

	if (spelled != NULL && absolute != NULL)
		word = file_printf("%s=%s", spelled, absolute);
	free(absolute);
	free(spelled);
	return word;
}

/* A command that is put together. */
struct command_line {
	struct buf text;
	const struct config *config;
	unsigned bit;       /* COMMAND_SERVE or COMMAND_DUMP: whose settings it needs */
	const char *plugin; /* the only one, or NULL = all */
};

/* The row of KEY when the setting is plugin_NAME_KEY of a plugin that the command takes. */
static const struct option_def *plugin_row(const struct command_line *line,
					   const struct setting *setting)
{
	for (size_t i = 0; i < line->config->plugin_count; i++) {
		const char *name = line->config->plugins[i].name;
		const struct option_def *def = config_plugin_match(setting->key, name);

		if (def != NULL && (line->plugin == NULL || strcmp(name, line->plugin) == 0))
			return def;
	}
	return NULL;
}

static int add_setting(struct command_line *line, const struct setting *setting)
{
	const struct option_def *def = option_find(setting->key);

	if (def != NULL &&
	    (!(def->commands & line->bit) || strcmp(def->key, "plugins") == 0 ||
	     strcmp(def->key, "prefix") == 0 || strcmp(def->key, "exit_with_parent") == 0))
		return 0;
	if (def == NULL)
		def = plugin_row(line, setting);
	if (def == NULL || setting_source(setting) == SETTING_FILE)
		return 0;
	return add_word(&line->text, option_word(setting, def));
}

/* Whether the file speaks of single plugins, which must then all be named. */
static bool file_has_plugin_settings(const struct config *config)
{
	for (const struct setting *s = config->settings; s != NULL; s = s->hh.next) {
		if (s->value[SETTING_FILE] != NULL && strncmp(s->key, "plugin_", 7) == 0)
			return true;
	}
	return false;
}

static int add_names(struct command_line *line)
{
	const struct config *config = line->config;
	int rc = 0;

	if (file_has_plugin_settings(config) && config->plugin_list != NULL &&
	    setting_source(settings_find(config->settings, "plugins")) != SETTING_FILE)
		rc = add_word(&line->text, file_printf("--plugins=%s", config->plugin_list));
	for (size_t i = 0; rc == 0 && i < config->plugin_count; i++) {
		const char *name = config->plugins[i].name;

		if (line->plugin == NULL || strcmp(name, line->plugin) == 0)
			rc = add_word(&line->text, file_printf("--plugin=%s", name));
	}
	return rc;
}

static int add_begin(struct command_line *line)
{
	const struct config *config = line->config;
	bool is_serve = line->bit == COMMAND_SERVE;
	int rc = add_word(&line->text, file_own_program());

	if (rc == 0)
		rc = add_word(&line->text, strdup(is_serve ? "serve" : "dump"));
	if (rc == 0 && is_serve)
		rc = add_word(&line->text, strdup("--exit-with-parent"));
	if (rc == 0 && config->file != NULL)
		rc = add_word(&line->text, file_printf("--config=%s", config->file));
	if (rc == 0 && is_serve)
		rc = add_word(&line->text, file_printf("--prefix=%s", config->prefix));
	return rc;
}

/* Owned; NULL without memory. */
static char *make_command(const struct config *config, unsigned bit, const char *plugin)
{
	struct command_line line = {.config = config, .bit = bit, .plugin = plugin};
	char *text = NULL;
	int rc = add_begin(&line);

	for (struct setting *s = config->settings; rc == 0 && s != NULL; s = s->hh.next)
		rc = add_setting(&line, s);
	if (rc == 0)
		rc = add_names(&line);
	if (rc == 0 && buf_append(&line.text, "", 1) == 0)
		text = strdup((char *)buf_head(&line.text));
	buf_fini(&line.text);
	return text;
}

static char *dirname_of(const char *path)
{
	size_t n = (size_t)(file_basename(path) - path);

	return strndup(path, n > 1 ? n - 1 : n);
}

/* cat DIR/NAME.json */
static char *make_cat(const struct cli *cli, const struct server *s, const char *plugin)
{
	const char *given = cli->own[OPTION_OUTPUT];
	char *dir = given != NULL ? file_absolute(given) : dirname_of(s->socket);
	char *path = dir != NULL ? file_printf("%s/%s.json", dir, plugin) : NULL;
	char *word = path != NULL ? kong_quote_word(path) : NULL;
	char *cat = word != NULL ? file_printf("cat %s", word) : NULL;

	free(word);
	free(path);
	free(dir);
	return cat;
}

/* Adds `pluginserver_NAME_WHAT = VALUE`; frees `value`. */
static int add_line(struct buf *out, const struct server *s, const char *what, char *value)
{
	char *quoted = value != NULL ? kong_quote_value(value) : NULL;
	int rc = -E_NOMEM;

	if (quoted != NULL)
		rc = buf_printf(out, "pluginserver_%s_%s = %s\n", s->directive, what, quoted);
	free(quoted);
	free(value);
	return rc;
}

static int add_server(struct buf *out, const struct cli *cli, const struct server *s, size_t i)
{
	const struct config *config = &cli->config;
	const char *plugin = config->plugins[i].name;
	bool is_sidecar = cli->own[OPTION_SIDECAR] != NULL;
	int rc = buf_append_str(out, "\n");

	if (rc == 0)
		rc = add_line(out, s, "socket", strdup(s->socket));
	if (rc == 0 && i == 0 && !is_sidecar)
		rc = add_line(out, s, "start_cmd", make_command(config, COMMAND_SERVE, NULL));
	if (rc == 0)
		rc = add_line(out, s, "query_cmd",
			      is_sidecar ? make_cat(cli, s, plugin)
					 : make_command(config, COMMAND_DUMP, plugin));
	return rc;
}

static int check_server(const struct cli *cli, const struct server *servers, size_t i,
			struct err *err)
{
	const char *bin_dir = cli->own[OPTION_BIN_DIR] != NULL ? cli->own[OPTION_BIN_DIR]
							       : KONG_BIN_DIR;
	int rc = check_names(servers, &cli->config, i, err);

	if (rc == 0 && (i > 0 || cli->own[OPTION_SIDECAR] != NULL))
		rc = check_no_default(&servers[i], bin_dir, err);
	return rc;
}

static int add_lists(struct buf *out, const struct config *config, const struct server *servers)
{
	int rc = buf_append_str(out, "plugins = bundled");

	for (size_t i = 0; rc == 0 && i < config->plugin_count; i++)
		rc = buf_printf(out, ",%s", config->plugins[i].name);
	if (rc == 0)
		rc = buf_append_str(out, "\npluginserver_names = ");
	for (size_t i = 0; rc == 0 && i < config->plugin_count; i++)
		rc = buf_printf(out, "%s%s", i > 0 ? "," : "", servers[i].name);
	return rc == 0 ? buf_append_str(out, "\n") : rc;
}

/* All or nothing: `out` is printed only when everything fits. */
static int make_lines(struct buf *out, const struct cli *cli, struct server *servers,
		      struct err *err)
{
	size_t n = cli->config.plugin_count;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = init_server(&servers[i], &cli->config, i);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = check_server(cli, servers, i, err);
	if (rc == 0)
		rc = add_lists(out, &cli->config, servers);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_server(out, cli, &servers[i], i);
	return rc;
}

static int print_lines(const struct cli *cli, struct err *err)
{
	size_t n = cli->config.plugin_count;
	struct server *servers;
	struct buf out = {0};
	int rc = config_need_plugins(&cli->config, err);

	if (rc != 0)
		return rc;
	servers = calloc(n, sizeof(*servers));
	rc = servers != NULL ? make_lines(&out, cli, servers, err) : -E_NOMEM;
	if (rc == 0)
		fwrite(buf_head(&out), 1, buf_len(&out), stdout);
	for (size_t i = 0; servers != NULL && i < n; i++)
		fini_server(&servers[i]);
	free(servers);
	buf_fini(&out);
	return rc;
}

int cmd_kong_conf(int argc, char **argv)
{
	struct cli cli;
	struct err err = {0};
	int rc, code = cli_init(&cli, &command, argc, argv);

	if (code != CLI_GO_ON)
		return code;
	rc = print_lines(&cli, &err);
	code = rc == 0 ? EXIT_DONE : cli_fail(command.name, &err, rc);
	cli_fini(&cli);
	return code;
}
