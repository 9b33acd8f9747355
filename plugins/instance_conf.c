#include "plugins/instance_conf.h"
#include <stdlib.h>
#include <string.h>
#include "plugins/plugin.h"
#include "protocol/err.h"

/* The gateway counts __seq__ up at each change of any conf, so it says nothing about this one. Returns
 * owned, or NULL. */
static char *canonical_text(const json_t *conf)
{
	json_t *copy = json_copy((json_t *)conf);
	char *text;

	if (copy == NULL)
		return NULL;
	json_object_del(copy, "__seq__");
	text = json_dumps(copy, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(copy);
	return text;
}

int instance_conf_key(const struct plugin *plugin, const json_t *conf, char **ret_key,
		      size_t *ret_len)
{
	size_t name_size = strlen(plugin->name) + 1;
	char *text = canonical_text(conf), *key;
	size_t text_len;

	if (text == NULL)
		return -E_NOMEM;
	text_len = strlen(text);
	key = malloc(name_size + text_len);
	if (key != NULL) {
		memcpy(key, plugin->name, name_size);
		memcpy(key + name_size, text, text_len);
		*ret_key = key;
		*ret_len = name_size + text_len;
	}
	free(text);
	return key != NULL ? 0 : -E_NOMEM;
}

int instance_conf_parse(const struct plugin *plugin, const char *text, size_t len, json_t **ret,
			struct err *err)
{
	json_error_t error;
	json_t *conf = json_loadb(text, len, JSON_ALLOW_NUL, &error);

	if (conf == NULL)
		return err_set(err, E_CONF, "the conf of plugin '%s' is not JSON: %s (byte %d)",
			       plugin->name, error.text, error.position);
	if (!json_is_object(conf)) {
		json_decref(conf);
		return err_set(err, E_CONF, "the conf of plugin '%s' is JSON, but no object",
			       plugin->name);
	}
	*ret = conf;
	return 0;
}
