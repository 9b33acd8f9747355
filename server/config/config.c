#include "server/config/config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "plugins/shared/dict_set.h"
#include "protocol/err.h"
#include "server/command/load_guard.h"
#include "server/config/config_dicts.h"
#include "server/config/config_listen.h"
#include "server/config/config_plugin.h"
#include "server/config/config_sockets.h"
#include "server/config/gateway_prefix.h"
#include "server/config/options.h"
#include "server/config/settings.h"
#include "server/config/suggest.h"
#include "server/file.h"
#include "server/remote/programs.h"

static int set_defaults(struct config *config, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < option_count; i++)
		rc = option_set(&option_table[i], config, "", err);
	return rc;
}

/* Where settings come from. */
struct sources {
	const char *file;         /* NULL = none */
	char *const *environment; /* up to a NULL */
	const char *const *given;
	size_t given_count;
};

static int read_sources(struct config *config, const struct sources *from, struct err *err)
{
	int rc = 0;

	if (from->file != NULL) {
		config->file = file_absolute(from->file);
		rc = config->file != NULL ? 0 : -E_NOMEM;
	}
	if (rc == 0 && from->file != NULL)
		rc = settings_read_file(&config->settings, from->file, err);
	if (rc == 0)
		rc = settings_read_environment(&config->settings, from->environment, err);
	if (rc == 0)
		rc = settings_read_options(&config->settings, from->given, from->given_count, err);
	return rc;
}

/* `plugin` may only be given as an option; config_plugin.c reads it and those of one plugin. */
static bool is_for_plugins(const struct setting *setting)
{
	if (strcmp(setting->key, "plugin") == 0)
		return setting_source(setting) == SETTING_OPTION;
	return strncmp(setting->key, "plugin_", strlen("plugin_")) == 0;
}

static int refuse_unknown(const struct setting *setting, struct err *err)
{
	enum setting_source source = setting_source(setting);
	struct suggest suggest;
	char *spelled;

	suggest_init(&suggest, setting->key);
	for (size_t i = 0; i < option_count; i++)
		suggest_offer(&suggest, option_table[i].key);
	spelled = suggest.best != NULL ? setting_spell(source, suggest.best) : NULL;
	if (spelled != NULL)
		err_set(err, E_CONF, "%s: no such setting; did you mean %s?",
			setting_origin(setting), spelled);
	else
		err_set(err, E_CONF, "%s: no such setting; `outrigger serve --help` lists them",
			setting_origin(setting));
	free(spelled);
	return -E_CONF;
}

static int apply(struct config *config, const struct setting *setting, struct err *err)
{
	const struct option_def *def = option_find(setting->key);
	int rc;

	if (is_for_plugins(setting))
		return 0;
	if (def == NULL)
		return refuse_unknown(setting, err);
	rc = option_set(def, config, setting_value(setting), err);
	if (rc == 0)
		rc = config_check_event_timeout(config->event_timeout, err);
	return rc == 0 ? 0 : err_prefix(err, rc, "%s", setting_origin(setting));
}

static int apply_all(struct config *config, struct err *err)
{
	int rc = 0;

	for (struct setting *s = config->settings; rc == 0 && s != NULL; s = s->hh.next)
		rc = apply(config, s, err);
	return rc;
}

/* What wasn't set gives way to max_message_size. */
static int finish_body_size(struct config *config, struct err *err)
{
	const struct setting *setting = settings_find(config->settings, "max_body_size");
	size_t most = config_largest_body(config);
	int rc;

	if (setting == NULL || *setting_value(setting) == '\0') {
		config->max_body_size = most < config->max_body_size ? most : config->max_body_size;
		return 0;
	}
	rc = config_check_body_size(config, config->max_body_size, err);
	return rc == 0 ? 0 : err_prefix(err, rc, "%s", setting_origin(setting));
}

static int check_dicts(const struct config *config, struct err *err)
{
	struct dict_set set;
	int rc;

	dict_set_init(&set);
	rc = config_dicts_list(config, &set, err);
	dict_set_fini(&set);
	return rc;
}

static char *default_prefix(void)
{
	char *prefix = gateway_prefix_find();

	return prefix != NULL ? prefix : strdup(GATEWAY_PREFIX_DEFAULT);
}

/* The gateway keeps its own logs in PREFIX/logs, which is root's where root started it, while we are
 * started as the user of its workers. */
static char *default_log(const struct config *config)
{
	char *log;

	if (!config->exit_with_parent)
		return strdup("stderr");
	log = file_printf("%s/logs/outrigger.log", config->prefix);
	if (log == NULL || file_is_writable(log))
		return log;
	free(log);
	return file_printf("%s/outrigger.log", config->prefix);
}

/* Paths are made absolute: they also go into commands that the gateway runs in another folder. */
static int make_absolute(char **path)
{
	char *absolute;

	if (*path == NULL)
		return 0;
	absolute = file_absolute(*path);
	if (absolute == NULL)
		return -E_NOMEM;
	free(*path);
	*path = absolute;
	return 0;
}

static int finish_paths(struct config *config)
{
	int rc = 0;

	if (config->prefix == NULL)
		config->prefix = default_prefix();
	for (size_t i = 0; rc == 0 && i < option_count; i++) {
		char **member = (char **)((char *)config + option_table[i].offset);

		if (option_table[i].type == OPTION_PATH && *member != NULL &&
		    !option_is_no_file(*member))
			rc = make_absolute(member);
	}
	if (rc == 0 && config->log == NULL && config->prefix != NULL)
		config->log = default_log(config);
	return config->log != NULL ? rc : -E_NOMEM;
}

static int finish_sockets(struct config *config)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < config->plugin_count; i++)
		rc = make_absolute(&config->plugins[i].socket);
	for (size_t i = 0; rc == 0 && i < config->plugin_count; i++)
		rc = make_absolute(&config->plugins[i].listen_key);
	return rc;
}

static int init(struct config *config, const struct sources *from, struct err *err)
{
	int rc;

	memset(config, 0, sizeof(*config));
	rc = set_defaults(config, err);
	if (rc == 0)
		rc = read_sources(config, from, err);
	if (rc == 0)
		rc = apply_all(config, err);
	if (rc == 0)
		rc = finish_body_size(config, err);
	if (rc == 0)
		rc = check_dicts(config, err);
	if (rc == 0)
		rc = config_sockets_check(config, err);
	if (rc == 0)
		rc = config_listen_check(config, err);
	if (rc == 0)
		rc = finish_paths(config);
	if (rc == 0)
		rc = config_plugins_init(config, err);
	if (rc == 0)
		rc = finish_sockets(config);
	if (rc != 0)
		config_fini(config);
	return rc;
}

int config_init(struct config *config, const char *path, const char *const *given, size_t n,
		struct err *err)
{
	const struct sources from = {path, environ, given, n};

	return init(config, &from, err);
}

int config_init_file(struct config *config, const char *path, struct err *err)
{
	static char *const nothing[] = {NULL};
	const struct sources from = {.file = path, .environment = nothing};

	return init(config, &from, err);
}

void config_fini(struct config *config)
{
	if (config == NULL)
		return;
	config_plugins_fini(config);
	for (size_t i = 0; i < option_count; i++)
		option_clear(&option_table[i], config);
	settings_fini(&config->settings);
	free(config->file);
	config->file = NULL;
}

int config_need_plugins(const struct config *config, struct err *err)
{
	if (config->plugin_count > 0)
		return 0;
	if (config->plugins_dir != NULL)
		return err_set(err, E_CONF,
			       "no plugin in %s: it needs a folder for each, with handler.lua and "
			       "schema.lua",
			       config->plugins_dir);
	return err_set(
		err, E_CONF,
		"no plugin to serve: name it with --plugin NAME, or a folder of plugins with "
		"--plugins-dir DIR (plugins and plugins_dir in the configuration file)");
}

char *config_socket_path(const struct config *config, const struct plugin_settings *plugin)
{
	if (plugin->socket != NULL)
		return strdup(plugin->socket);
	if (config->socket != NULL)
		return strdup(config->socket);
	return file_printf("%s/%s.socket", config->prefix, plugin->name);
}

bool config_has_admin(const struct config *config)
{
	return config->admin_listen == NULL || strcmp(config->admin_listen, "off") != 0;
}

char *config_admin_path(const struct config *config)
{
	if (config->admin_listen != NULL)
		return strdup(config->admin_listen);
	return file_printf("%s/outrigger_admin.sock", config->prefix);
}

struct plugin_paths config_plugin_paths(const struct config *config)
{
	return (struct plugin_paths){
		.plugins_dir = config->plugins_dir,
		.lua_package_path = config->lua_package_path,
		.lua_package_cpath = config->lua_package_cpath,
		.c_plugin_path = config->c_plugin_path,
	};
}

int config_load_plugin(const struct config *config, const struct plugin_settings *settings,
		       struct plugin_home *home, struct plugin **ret_plugin, struct err *err)
{
	struct plugin_paths paths = config_plugin_paths(config);
	struct plugin_spec spec = {
		.name = settings->name,
		.module = settings->module,
		.paths = &paths,
		.env = {.port = home->port,
			.constants = home->constants,
			.log_level = config->log_level,
			.kong_version = config->kong_version,
			.read_cache = settings->read_cache,
			.raw_calls = config->raw_calls,
			.max_body_size = settings->max_body_size},
		.no_filters = !settings->filters,
		.is_split = settings->split,
		.lua_vm = settings->lua_state == LUA_STATE_SHARED ? &home->shared : NULL,
		.dicts = home->dicts,
		.program = programs_find(home->programs, (size_t)(settings - config->plugins)),
	};
	int rc;

	/* The wait for a program that comes by itself ends with its own word. */
	load_guard_begin(settings->name, config->load_timeout * (settings->listen != NULL ? 2 : 1));
	rc = plugin_load(&spec, ret_plugin, err);
	load_guard_end();
	if (rc == 0)
		(*ret_plugin)->settings = (void *)settings;
	return rc;
}
