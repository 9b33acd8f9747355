/* instance_conf.h - a conf as the gateway sends it: JSON, and what equal ones have in common. */
#ifndef PLUGINS_INSTANCE_CONF_H
#define PLUGINS_INSTANCE_CONF_H
#include <jansson.h>
#include <stddef.h>

struct err;
struct plugin;

/* *ret is owned. -E_CONF where it is no JSON object; `err` names the plugin. */
int instance_conf_parse(const struct plugin *plugin, const char *text, size_t len, json_t **ret,
			struct err *err);
/* The plugin's name, a NUL, and the conf as one text for all orders of its keys, without __seq__. Owned.
 * -E_NOMEM. */
int instance_conf_key(const struct plugin *plugin, const json_t *conf, char **ret_key,
		      size_t *ret_len);

#endif
