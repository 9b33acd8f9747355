/* cmd_kong_conf.c - `outrigger kong-conf`: the lines for kong.conf. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/command/cli.h"
#include "server/command/cmd.h"
#include "server/command/kong_command.h"
#include "server/config/kong_names.h"
#include "server/config/options.h"
#include "server/config/settings.h"
#include "server/file.h"

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
		rc = add_line(out, s, "start_cmd", kong_command_make(config, COMMAND_SERVE, NULL));
	if (rc == 0)
		rc = add_line(out, s, "query_cmd",
			      is_sidecar ? make_cat(cli, s, plugin)
					 : kong_command_make(config, COMMAND_DUMP, plugin));
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

/* A value with a newline would end its line in kong.conf. */
static int check_values(const struct config *config, struct err *err)
{
	for (const struct setting *s = config->settings; s != NULL; s = s->hh.next) {
		if (strchr(setting_value(s), '\n') != NULL)
			return err_set(err, E_CONF, "%s: kong.conf has no room for a newline",
				       setting_origin(s));
	}
	return 0;
}

/* All or nothing: `out` is printed only when everything fits. */
static int make_lines(struct buf *out, const struct cli *cli, struct server *servers,
		      struct err *err)
{
	size_t n = cli->config.plugin_count;
	int rc = check_values(&cli->config, err);

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
	if (cli.own[OPTION_OUTPUT] != NULL && cli.own[OPTION_SIDECAR] == NULL)
		rc = err_set(&err, E_USAGE, "--output is of use with --sidecar only");
	else
		rc = print_lines(&cli, &err);
	code = rc == 0 ? EXIT_DONE : cli_fail(command.name, &err, rc);
	cli_fini(&cli);
	return code;
}
