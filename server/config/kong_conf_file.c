#include "server/config/kong_conf_file.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/config/config_file.h"
#include "server/config/config_value.h"
#include "server/config/gateway_prefix.h"
#include "server/config/kong_names.h"
#include "server/file.h"

static int set(struct kong_conf *conf, const char *key, const char *value)
{
	json_t *text = json_string_nocheck(value);

	/* Bytes that are no UTF-8 can't be in a name or path that matters here. */
	if (text == NULL)
		return 0;
	return json_object_set_new_nocheck(conf->values, key, text) == 0 ? 0 : -E_NOMEM;
}

static int take_line(void *user, const struct config_line *line, struct err *err)
{
	(void)err;
	return line->key != NULL ? set(user, line->key, line->value) : 0;
}

static int take_variable(struct kong_conf *conf, const char *variable)
{
	const char *equals = strchr(variable, '=');
	char *key;
	int rc;

	if (equals == NULL || strncmp(variable, "KONG_", 5) != 0)
		return 0;
	key = strndup(variable + 5, (size_t)(equals - variable - 5));
	if (key == NULL)
		return -E_NOMEM;
	for (char *c = key; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	rc = set(conf, key, equals + 1);
	free(key);
	return rc;
}

const char *kong_conf_get(const struct kong_conf *conf, const char *key)
{
	const char *value = json_string_value(json_object_get(conf->values, key));

	return value != NULL && *value != '\0' ? value : NULL;
}

static const char *server_get(const struct kong_conf *conf, const char *directive, const char *what)
{
	char *key = file_printf("pluginserver_%s_%s", directive, what);
	const char *value = key != NULL ? kong_conf_get(conf, key) : NULL;

	free(key);
	return value;
}

static char *default_socket(const struct kong_conf *conf, const char *name)
{
	return file_printf("%s/%s.socket",
			   conf->version >= 309 ? conf->prefix : GATEWAY_PREFIX_DEFAULT, name);
}

/* BIN_DIR/PREFIXname with what follows, where that program exists; else NULL. */
static char *default_command(const struct kong_conf *conf, const char *prefix, const char *name,
			     const char *arguments)
{
	char *path = file_printf("%s/%s%s", conf->bin_dir, prefix, name);
	char *command = NULL;

	if (path != NULL && file_exists(path))
		command = file_printf("%s%s", path, arguments);
	free(path);
	return command;
}

static int init_server(struct kong_server *server, const struct kong_conf *conf, const char *name,
		       size_t n)
{
	const char *socket, *start, *query;
	bool is_new = conf->version >= 309;

	server->name = strndup(name, n);
	for (char *c = server->name; c != NULL && *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	server->directive = server->name != NULL ? kong_directive(server->name) : NULL;
	if (server->directive == NULL)
		return -E_NOMEM;
	socket = server_get(conf, server->directive, "socket");
	start = server_get(conf, server->directive, "start_cmd");
	query = server_get(conf, server->directive, "query_cmd");
	server->socket = socket != NULL ? file_absolute(socket)
					: default_socket(conf, server->name);
	server->start_cmd = start != NULL ? strdup(start)
					  : default_command(conf, "", server->name, "");
	server->query_cmd = query != NULL ? strdup(query)
					  : default_command(conf, is_new ? "" : "query_",
							    server->name, is_new ? " -dump" : "");
	return server->socket != NULL ? 0 : -E_NOMEM;
}

static int init_servers(struct kong_conf *conf)
{
	const char *names = kong_conf_get(conf, "pluginserver_names");
	const char *list = names, *item;
	size_t n, count = 0;
	int rc = 0;

	while (list != NULL && value_next_item(&list, &item, &n))
		count++;
	if (count == 0)
		return 0;
	conf->servers = calloc(count, sizeof(*conf->servers));
	if (conf->servers == NULL)
		return -E_NOMEM;
	for (list = names; rc == 0 && value_next_item(&list, &item, &n);)
		rc = init_server(&conf->servers[conf->server_count++], conf, item, n);
	return rc;
}

static int read_sources(struct kong_conf *conf, const struct kong_conf_source *source,
			struct err *err)
{
	int rc = config_file_read(source->path, take_line, conf, err);

	for (char *const *v = source->environment; rc == 0 && *v != NULL; v++)
		rc = take_variable(conf, *v);
	return rc;
}

int kong_conf_init(struct kong_conf *conf, const struct kong_conf_source *source, struct err *err)
{
	const char *prefix;
	int rc = -E_NOMEM;

	memset(conf, 0, sizeof(*conf));
	conf->bin_dir = source->bin_dir;
	conf->version = source->version;
	conf->values = json_object();
	conf->path = strdup(source->path);
	if (conf->values != NULL && conf->path != NULL)
		rc = read_sources(conf, source, err);
	if (rc == 0) {
		prefix = kong_conf_get(conf, "prefix");
		conf->prefix = file_absolute(prefix != NULL ? prefix : GATEWAY_PREFIX_DEFAULT);
		rc = conf->prefix != NULL ? init_servers(conf) : -E_NOMEM;
	}
	if (rc != 0)
		kong_conf_fini(conf);
	return rc;
}

void kong_conf_fini(struct kong_conf *conf)
{
	if (conf == NULL)
		return;
	for (size_t i = 0; i < conf->server_count; i++) {
		free(conf->servers[i].name);
		free(conf->servers[i].directive);
		free(conf->servers[i].socket);
		free(conf->servers[i].start_cmd);
		free(conf->servers[i].query_cmd);
	}
	free(conf->servers);
	free(conf->prefix);
	free(conf->path);
	json_decref(conf->values);
	memset(conf, 0, sizeof(*conf));
}
