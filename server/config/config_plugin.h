/* config_plugin.h - the plugins of a configuration: their names, and settings of one alone.
 *
 * Glossary: a plugin is *named* when `plugins`, --plugin or a folder in plugins_dir names it;
 * plugin_NAME_KEY may speak of any named one. It is *taken* when this process is to serve it: those of
 * --plugin, else those of `plugins`, else all of plugins_dir. */
#ifndef SERVER_CONFIG_CONFIG_PLUGIN_H
#define SERVER_CONFIG_CONFIG_PLUGIN_H
#include "server/config/config.h"

struct option_def;

/* Fills config->plugins, each with the defaults of `config`, then its own settings. -E_CONF, -E_NOMEM. */
int config_plugins_init(struct config *config, struct err *err);
void config_plugins_fini(struct config *config);
/* Whether it can be a plugin's name: letters, digits, '-', '_', '.'; else err says so. -E_CONF. */
int config_plugin_name_check(const char *name, struct err *err);
/* The NAME of plugin_NAME_KEY: all but letters and digits as '_', in lower case. Owned; NULL without
 * memory. */
char *config_plugin_key(const char *name);
/* The row of KEY where `key` is plugin_NAME_KEY of the plugin `name`; else NULL. */
const struct option_def *config_plugin_match(const char *key, const char *name);
/* -E_CONF, with the reason, when the gateway would not wait that long. */
int config_check_event_timeout(double seconds, struct err *err);
/* The largest body that a message may carry; -E_CONF, with the reason, for a larger one. */
size_t config_largest_body(const struct config *config);
int config_check_body_size(const struct config *config, size_t size, struct err *err);

/* Whether all plugins may use the network: those of one process have the same rights. */
bool config_has_network(const struct config *config);

#endif
