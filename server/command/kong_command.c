#include "server/command/kong_command.h"
#include <stdlib.h>
#include <string.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/config/config_plugin.h"
#include "server/config/kong_names.h"
#include "server/config/options.h"
#include "server/config/settings.h"
#include "server/file.h"

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
	bool is_path = def->type == OPTION_PATH && *value != '\0' && !option_is_no_file(value);
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

		if (def == NULL || (line->plugin != NULL && strcmp(name, line->plugin) != 0))
			continue;
		/* A dump depends on no other one. */
		return line->bit == COMMAND_SERVE || strcmp(def->key, "module") == 0 ||
				       strcmp(def->key, "exec") == 0 ||
				       strcmp(def->key, "protocol") == 0
			       ? def
			       : NULL;
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

char *kong_command_make(const struct config *config, unsigned bit, const char *plugin)
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
