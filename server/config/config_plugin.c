#include "server/config/config_plugin.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/config/config_value.h"
#include "server/config/options.h"
#include "server/config/settings.h"
#include "server/config/suggest.h"
#include "server/confine/filter.h"
#include "server/file.h"

#define KEY_PREFIX "plugin_"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
#define HEARTBEAT_MOST 3600.0 /* seconds */
#define HEARTBEAT_TIMEOUT 30  /* as in options.def */
#define HEARTBEAT_LEAST 0.5   /* below that, a machine that is busy looks dead */
#define BODY_OVERHEAD 64      /* bytes of a message beside the body that it brings */
#define GATEWAY_TIMEOUT 60.0  /* lua_socket_read_timeout, which the gateway leaves as it is */

int config_plugin_name_check(const char *name, struct err *err)
{
	size_t n = strlen(name);

	if (strcmp(name, "bundled") == 0 || strcmp(name, "off") == 0)
		return err_set(
			err, E_CONF,
			"\"%s\" means the gateway's own plugins: name those that Outrigger is "
			"to serve",
			name);
	if (n == 0 || n > LIMIT_PLUGIN_NAME || name[0] == '.' || name[0] == '-' ||
	    strspn(name, NAME_LETTERS) != n || strstr(name, "..") != NULL)
		return err_set(err, E_CONF,
			       "\"%.140s\" can't be a plugin's name: letters, digits, '-', '_' and "
			       "'.' are allowed",
			       name);
	return 0;
}

char *config_plugin_key(const char *name)
{
	char *key = strdup(name);

	for (char *c = key; c != NULL && *c != '\0'; c++)
		*c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '_';
	return key;
}

/* A set of names in the order in which they came: a JSON object whose keys they are. */
static int add_name(json_t *names, const char *name)
{
	return json_object_set_new_nocheck(names, name, json_null()) == 0 ? 0 : -E_NOMEM;
}

static int add_listed(json_t *names, const char *list, struct err *err)
{
	const char *item;
	size_t n;
	int rc = 0;

	while (rc == 0 && list != NULL && value_next_item(&list, &item, &n)) {
		char *name = strndup(item, n);

		if (name == NULL)
			return -E_NOMEM;
		rc = config_plugin_name_check(name, err);
		if (rc == 0)
			rc = add_name(names, name);
		free(name);
	}
	return rc;
}

static int add_found(json_t *names, const struct config *config, struct err *err)
{
	struct plugin_paths paths = config_plugin_paths(config);
	json_t *found, *name;
	size_t i;
	int rc = 0;

	if (config->plugins_dir == NULL)
		return 0;
	if (!file_exists(config->plugins_dir))
		return err_set(err, E_CONF, "plugins_dir: there is no folder %s",
			       config->plugins_dir);
	found = plugin_list(&paths);
	if (found == NULL)
		return -E_NOMEM;
	json_array_foreach(found, i, name)
	{
		if (rc == 0)
			rc = add_name(names, json_string_value(name));
	}
	json_decref(found);
	return rc;
}

/* The names that one source gives. */
static int add_set(json_t *names, const struct setting *setting, enum setting_source source,
		   struct err *err)
{
	int rc;

	if (setting == NULL || setting->value[source] == NULL)
		return 0;
	rc = add_listed(names, setting->value[source], err);
	return rc == 0 ? 0 : err_prefix(err, rc, "%s", setting->origin[source]);
}

static int collect_taken(json_t *names, const struct config *config, struct err *err)
{
	const struct setting *given = settings_find(config->settings, "plugin");
	const struct setting *listed = settings_find(config->settings, "plugins");

	if (given != NULL)
		return add_set(names, given, SETTING_OPTION, err);
	if (config->plugin_list != NULL)
		return add_set(names, listed, setting_source(listed), err);
	return add_found(names, config, err);
}

static int collect_named(json_t *names, const struct config *config, struct err *err)
{
	const struct setting *given = settings_find(config->settings, "plugin");
	const struct setting *listed = settings_find(config->settings, "plugins");
	int rc = add_set(names, given, SETTING_OPTION, err);

	for (int source = 0; rc == 0 && source < SETTING_SOURCES; source++)
		rc = add_set(names, listed, (enum setting_source)source, err);
	return rc != 0 ? rc : add_found(names, config, err);
}

static int init_plugin(struct plugin_settings *plugin, const char *name,
		       const struct config *config)
{
	plugin->name = strdup(name);
	plugin->filters = plugin->network = true;
	plugin->heartbeat_timeout = HEARTBEAT_TIMEOUT;
	plugin->on_error = config->on_error;
	plugin->event_timeout = config->event_timeout;
	plugin->step_timeout = config->step_timeout;
	plugin->slow_step_timeout = config->slow_step_timeout;
	plugin->workers = config->workers;
	plugin->lua_state = config->lua_state;
	plugin->read_cache = config->read_cache;
	plugin->max_body_size = config->max_body_size;
	return plugin->name != NULL ? 0 : -E_NOMEM;
}

static void fini_plugin(struct plugin_settings *plugin)
{
	for (size_t i = 0; i < plugin_option_count; i++)
		option_clear(&plugin_options[i], plugin);
	free(plugin->name);
}

static int make_plugins(struct config *config, struct err *err)
{
	json_t *names = json_object(), *unused;
	const char *name;
	int rc = names != NULL ? collect_taken(names, config, err) : -E_NOMEM;

	if (rc == 0 && json_object_size(names) > 0) {
		config->plugins = calloc(json_object_size(names), sizeof(*config->plugins));
		if (config->plugins == NULL)
			rc = -E_NOMEM;
	}
	json_object_foreach(names, name, unused)
	{
		(void)unused;
		if (rc == 0)
			rc = init_plugin(&config->plugins[config->plugin_count++], name, config);
	}
	json_decref(names);
	return rc;
}

const struct option_def *config_plugin_match(const char *key, const char *name)
{
	const struct option_def *def = NULL;
	char *mangled = config_plugin_key(name);
	size_t n = mangled != NULL ? strlen(mangled) : 0;

	if (strncmp(key, KEY_PREFIX, strlen(KEY_PREFIX)) != 0)
		n = 0;
	else
		key += strlen(KEY_PREFIX);
	if (n > 0 && strncmp(key, mangled, n) == 0 && key[n] == '_')
		def = plugin_option_find(key + n + 1);
	free(mangled);
	return def;
}

static void offer_keys(struct suggest *suggest, const char *name, json_t *memory)
{
	char *mangled = config_plugin_key(name);

	for (size_t i = 0; mangled != NULL && i < plugin_option_count; i++) {
		char *key = file_printf(KEY_PREFIX "%s_%s", mangled, plugin_options[i].key);
		json_t *kept = key != NULL ? json_string_nocheck(key) : NULL;

		free(key);
		if (kept != NULL && json_array_append_new(memory, kept) == 0)
			suggest_offer(suggest, json_string_value(kept));
	}
	free(mangled);
}

/* The key's last words, where they are those of a plugin's setting; else NULL. */
static const struct option_def *known_ending(const char *key)
{
	for (size_t i = 0; i < plugin_option_count; i++) {
		size_t n = strlen(plugin_options[i].key);
		size_t len = strlen(key);

		if (len > n + strlen(KEY_PREFIX) && key[len - n - 1] == '_' &&
		    strcmp(key + len - n, plugin_options[i].key) == 0)
			return &plugin_options[i];
	}
	return NULL;
}

static int refuse_key(const struct setting *setting, const char *near, struct err *err)
{
	char *spelled = near != NULL ? setting_spell(setting_source(setting), near) : NULL;
	const char *origin = setting_origin(setting);

	if (spelled != NULL)
		err_set(err, E_CONF, "%s: no such setting; did you mean %s?", origin, spelled);
	else if (known_ending(setting->key) != NULL)
		err_set(err, E_CONF, "%s: no plugin of that name; name it in \"plugins\"", origin);
	else
		err_set(err, E_CONF,
			"%s: no such setting; one plugin's are plugin_NAME_ and module, exec, listen, "
			"listen_key, heartbeat_timeout, process, "
			"workers, lua_state, socket, protocol, filters, split, on_error, "
			"event_timeout, step_timeout, slow_step_timeout, read_cache, "
			"max_body_size, allow or network",
			origin);
	free(spelled);
	return -E_CONF;
}

static int refuse_unknown(const struct setting *setting, json_t *named, struct err *err)
{
	json_t *memory = json_array(), *unused;
	struct suggest suggest;
	const char *name;
	int rc;

	suggest_init(&suggest, setting->key);
	json_object_foreach(named, name, unused)
	{
		(void)unused;
		offer_keys(&suggest, name, memory);
	}
	for (size_t i = 0; i < option_count; i++)
		suggest_offer(&suggest, option_table[i].key);
	rc = refuse_key(setting, suggest.best, err);
	json_decref(memory);
	return rc;
}

/* Finds the one plugin that the setting speaks of. */
static int find_plugin(const struct setting *setting, json_t *named, const char **ret_name,
		       const struct option_def **ret_def, struct err *err)
{
	const char *name, *found = NULL;
	json_t *unused;

	json_object_foreach(named, name, unused)
	{
		const struct option_def *def = config_plugin_match(setting->key, name);

		(void)unused;
		if (def == NULL)
			continue;
		if (found != NULL)
			return err_set(
				err, E_CONF,
				"%s: this may speak of the plugin %s as well as of %s; serve "
				"one of them by another name",
				setting_origin(setting), found, name);
		found = name;
		*ret_def = def;
	}
	*ret_name = found;
	return found != NULL ? 0 : refuse_unknown(setting, named, err);
}

/* The taken plugin of that name, or `other`, so that values of plugins not taken are checked too. */
static struct plugin_settings *target(struct config *config, const char *name,
				      struct plugin_settings *other)
{
	for (size_t i = 0; i < config->plugin_count; i++) {
		if (strcmp(config->plugins[i].name, name) == 0)
			return &config->plugins[i];
	}
	return other;
}

int config_check_event_timeout(double seconds, struct err *err)
{
	if (seconds < GATEWAY_TIMEOUT)
		return 0;
	return err_set(err, E_CONF,
		       "%.15gs is too long: after 60s the gateway gives up by itself and lets the "
		       "request through unprocessed; it must be below 60s",
		       seconds);
}

size_t config_largest_body(const struct config *config)
{
	return config->limits.message_size - BODY_OVERHEAD;
}

int config_check_body_size(const struct config *config, size_t size, struct err *err)
{
	size_t most = config_largest_body(config);

	if (size <= most)
		return 0;
	return err_set(err, E_CONF,
		       "%zu bytes are too many: a body is a part of a message, so with "
		       "max_message_size = %zu it can have at most %zu",
		       size, config->limits.message_size, most);
}

static int apply(struct config *config, const struct setting *setting, json_t *named,
		 struct err *err)
{
	const struct option_def *def = NULL;
	struct plugin_settings other = {0}, *plugin;
	const char *name = NULL;
	unsigned allowed;
	int rc = find_plugin(setting, named, &name, &def, err);

	if (rc != 0)
		return rc;
	plugin = target(config, name, &other);
	rc = option_set(def, plugin, setting_value(setting), err);
	if (rc == 0)
		rc = config_check_event_timeout(plugin->event_timeout, err);
	if (rc == 0)
		rc = config_check_body_size(config, plugin->max_body_size, err);
	if (rc == 0 && plugin->heartbeat_timeout > HEARTBEAT_MOST)
		rc = err_set(err, E_CONF, "%.15gs is too long: at most %gs",
			     plugin->heartbeat_timeout, HEARTBEAT_MOST);
	if (rc == 0 && plugin->module != NULL)
		rc = config_plugin_name_check(plugin->module, err);
	if (rc == 0)
		rc = filter_parse_allow(plugin->allow, &allowed, err);
	fini_plugin(&other);
	return rc == 0 ? 0 : err_prefix(err, rc, "%s", setting_origin(setting));
}

/* Who can read what goes over a network, or can connect there, must not be able to. */
static int check_program(const struct plugin_settings *p, struct err *err)
{
	int rc = 0;

	if (p->listen != NULL && p->exec != NULL)
		rc = err_set(err, E_CONF,
			     "it has exec as well: a program is started, or comes by itself");
	else if (p->listen != NULL && p->workers > 1)
		rc = err_set(err, E_CONF,
			     "its program serves one worker: set its workers to 1, and not %zu",
			     p->workers);
	else if (p->listen != NULL && p->listen_key == NULL && strncmp(p->listen, "ipc://", 6) != 0)
		rc = err_set(err, E_CONF,
			     "%s can be reached by others: make keys with `outrigger keygen %s`, "
			     "and set plugin_NAME_listen_key",
			     p->listen, p->name);
	else if (p->heartbeat_timeout < HEARTBEAT_LEAST)
		rc = err_set(err, E_CONF, "a heartbeat_timeout of %gs is too short: not below %gs",
			     p->heartbeat_timeout, HEARTBEAT_LEAST);
	return rc == 0 ? 0 : err_prefix(err, rc, "plugin '%s'", p->name);
}

int config_plugins_init(struct config *config, struct err *err)
{
	json_t *named = json_object();
	int rc = named != NULL ? make_plugins(config, err) : -E_NOMEM;

	if (rc == 0)
		rc = collect_named(named, config, err);
	for (struct setting *s = config->settings; rc == 0 && s != NULL; s = s->hh.next) {
		if (strncmp(s->key, KEY_PREFIX, strlen(KEY_PREFIX)) == 0)
			rc = apply(config, s, named, err);
	}
	json_decref(named);
	for (size_t i = 0; rc == 0 && i < config->plugin_count; i++)
		rc = check_program(&config->plugins[i], err);
	return rc;
}

void config_plugins_fini(struct config *config)
{
	for (size_t i = 0; i < config->plugin_count; i++)
		fini_plugin(&config->plugins[i]);
	free(config->plugins);
	config->plugins = NULL;
	config->plugin_count = 0;
}

bool config_has_network(const struct config *config)
{
	bool network = true;

	for (size_t i = 0; i < config->plugin_count; i++)
		network &= config->plugins[i].network;
	return network;
}
