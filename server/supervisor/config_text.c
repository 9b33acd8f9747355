#include "server/supervisor/config_text.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/config/config_plugin.h"
#include "server/config/options.h"
#include "server/config/settings.h"

/* The bare # at the end keeps a \ before it from joining the next line to this one. */
static int write_line(struct buf *out, const char *key, const char *value, struct err *err)
{
	int rc = buf_printf(out, "%s = ", key);

	if (strpbrk(value, "\n\r") != NULL)
		return err_set(err, E_CONF, "%s: it has a line's end in it", key);
	for (; rc == 0 && *value != '\0'; value++) {
		if (*value == '#')
			rc = buf_append(out, "\\", 1);
		if (rc == 0)
			rc = buf_append(out, value, 1);
	}
	return rc == 0 ? buf_append_str(out, " #\n") : rc;
}

/* The resolved text where it is one; NULL for other types, and where nothing is there. */
static const char *text_of(const struct option_def *def, const void *object)
{
	switch (def->type) {
	case OPTION_STRING:
	case OPTION_PATH:
	case OPTION_LIST:
	case OPTION_PROTOCOL:
		return *(char *const *)((const char *)object + def->offset);
	default:
		return NULL;
	}
}

/* Texts that stand for a default are not written: they are the same for who reads this. */
static bool is_default(const struct option_def *def, const char *text)
{
	return strcmp(text, def->initial) == 0;
}

static int write_common(const struct config *config, struct buf *out, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < option_count; i++) {
		const struct option_def *def = &option_table[i];
		const struct setting *set = settings_find(config->settings, def->key);
		const char *text = text_of(def, config);

		if (strcmp(def->key, "plugins") == 0)
			continue;
		if (text == NULL && set != NULL)
			text = setting_value(set);
		if (text != NULL && (set != NULL || !is_default(def, text)))
			rc = write_line(out, def->key, text, err);
	}
	return rc;
}

static int write_names(const struct config *config, const size_t *plugins, size_t n,
		       struct buf *out)
{
	int rc = buf_append_str(out, "plugins = ");

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = buf_printf(out, "%s%s", i > 0 ? "," : "", config->plugins[plugins[i]].name);
	return rc == 0 ? buf_append_str(out, "\n") : rc;
}

static int write_plugin(const struct config *config, const struct plugin_settings *plugin,
			struct buf *out, struct err *err)
{
	int rc = 0;

	for (const struct setting *s = config->settings; rc == 0 && s != NULL; s = s->hh.next) {
		const struct option_def *def = config_plugin_match(s->key, plugin->name);
		const char *text = def != NULL ? text_of(def, plugin) : NULL;

		if (def != NULL)
			rc = write_line(out, s->key, text != NULL ? text : setting_value(s), err);
	}
	return rc;
}

int config_text_write(const struct config *config, const size_t *plugins, size_t n, struct buf *out,
		      struct err *err)
{
	int rc = write_common(config, out, err);

	if (rc == 0)
		rc = write_names(config, plugins, n, out);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = write_plugin(config, &config->plugins[plugins[i]], out, err);
	return rc;
}
