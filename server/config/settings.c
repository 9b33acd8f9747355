#include "server/config/settings.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/config/config_file.h"
#include "server/file.h"

#define ENVIRONMENT_PREFIX "OUTRIGGER_"

struct setting *settings_find(struct setting *settings, const char *key)
{
	struct setting *found;

	HASH_FIND_STR(settings, key, found);
	return found;
}

static struct setting *settings_add(struct setting **settings, const char *key)
{
	struct setting *setting = settings_find(*settings, key);

	if (setting != NULL)
		return setting;
	setting = calloc(1, sizeof(*setting));
	if (setting == NULL)
		return NULL;
	setting->key = strdup(key);
	if (setting->key == NULL) {
		free(setting);
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, *settings, setting->key, strlen(setting->key), setting);
	return setting;
}

/* One `key = value`, and who says so. */
struct assignment {
	enum setting_source source;
	const char *key;
	const char *value;
	char *origin; /* owned; taken by settings_set; NULL = no memory was left */
};

/* `plugin` may be given many times: it grows a list instead of being replaced. */
static char *joined_value(const char *old, const struct assignment *a)
{
	if (old != NULL && a->source == SETTING_OPTION && strcmp(a->key, "plugin") == 0)
		return file_printf("%s,%s", old, a->value);
	return strdup(a->value);
}

static int settings_set(struct setting **settings, const struct assignment *a)
{
	struct setting *setting = settings_add(settings, a->key);
	char *value = NULL;

	if (setting != NULL && a->origin != NULL)
		value = joined_value(setting->value[a->source], a);
	if (value == NULL) {
		free(a->origin);
		return -E_NOMEM;
	}
	free(setting->value[a->source]);
	free(setting->origin[a->source]);
	setting->value[a->source] = value;
	setting->origin[a->source] = a->origin;
	return 0;
}

struct file_reader {
	struct setting **settings;
	const char *path;
};

static int take_line(void *user, const struct config_line *line, struct err *err)
{
	struct file_reader *reader = user;
	struct assignment a = {.source = SETTING_FILE, .key = line->key, .value = line->value};

	if (line->key == NULL)
		return err_set(err, E_CONF, "%s:%u: \"%s\" is no setting: write key = value",
			       reader->path, line->number, line->value);
	a.origin = file_printf("%s:%u: %s", reader->path, line->number, line->key);
	return settings_set(reader->settings, &a);
}

int settings_read_file(struct setting **settings, const char *path, struct err *err)
{
	struct file_reader reader = {.settings = settings, .path = path};

	return config_file_read(path, take_line, &reader, err);
}

/* Names that others put into the environment: our own tests, and Kubernetes for a service that is
 * called outrigger. */
static bool is_for_others(const char *key)
{
	static const char *const names[] = {"bin", "source_dir", "build_dir", "lua"};
	static const char *const prefixes[] = {"test_", "service_", "port_", "plugin_service_",
					       "plugin_port_"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(key, names[i]) == 0)
			return true;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return strcmp(key, "port") == 0 || strcmp(key, "plugin_port") == 0;
}

static int take_variable(struct setting **settings, const char *variable)
{
	const char *equals = strchr(variable, '=');
	struct assignment a = {.source = SETTING_ENVIRONMENT};
	char *key, *c;
	int rc = 0;

	if (equals == NULL ||
	    strncmp(variable, ENVIRONMENT_PREFIX, strlen(ENVIRONMENT_PREFIX)) != 0)
		return 0;
	key = file_printf("%.*s", (int)(equals - variable), variable);
	if (key == NULL)
		return -E_NOMEM;
	for (c = key + strlen(ENVIRONMENT_PREFIX); *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	a.key = key + strlen(ENVIRONMENT_PREFIX);
	a.value = equals + 1;
	if (!is_for_others(a.key)) {
		a.origin = file_printf("%.*s", (int)(equals - variable), variable);
		rc = settings_set(settings, &a);
	}
	free(key);
	return rc;
}

int settings_read_environment(struct setting **settings, char *const *environment, struct err *err)
{
	int rc = 0;

	(void)err;
	for (; rc == 0 && *environment != NULL; environment++)
		rc = take_variable(settings, *environment);
	return rc;
}

static int take_option(struct setting **settings, const char *option, struct err *err)
{
	const char *equals = strchr(option, '=');
	struct assignment a = {.source = SETTING_OPTION};
	char *key;
	int rc;

	if (equals == NULL)
		return err_set(err, E_CONF, "\"%s\" is no setting: write key=value", option);
	key = file_printf("%.*s", (int)(equals - option), option);
	if (key == NULL)
		return -E_NOMEM;
	a.key = key;
	a.value = equals + 1;
	a.origin = setting_spell(SETTING_OPTION, key);
	rc = settings_set(settings, &a);
	free(key);
	return rc;
}

int settings_read_options(struct setting **settings, const char *const *given, size_t n,
			  struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = take_option(settings, given[i], err);
	return rc;
}

void settings_fini(struct setting **settings)
{
	struct setting *setting, *next;

	HASH_ITER (hh, *settings, setting, next) {
		HASH_DEL(*settings, setting);
		for (size_t i = 0; i < SETTING_SOURCES; i++) {
			free(setting->value[i]);
			free(setting->origin[i]);
		}
		free(setting->key);
		free(setting);
	}
}

enum setting_source setting_source(const struct setting *setting)
{
	if (setting->value[SETTING_OPTION] != NULL)
		return SETTING_OPTION;
	return setting->value[SETTING_ENVIRONMENT] != NULL ? SETTING_ENVIRONMENT : SETTING_FILE;
}

const char *setting_value(const struct setting *setting)
{
	return setting->value[setting_source(setting)];
}

const char *setting_origin(const struct setting *setting)
{
	return setting->origin[setting_source(setting)];
}

static char map_letter(enum setting_source source, char c)
{
	if (source == SETTING_ENVIRONMENT)
		return (char)toupper((unsigned char)c);
	return source == SETTING_OPTION && c == '_' ? '-' : c;
}

char *setting_spell(enum setting_source source, const char *key)
{
	static const char *const prefixes[] = {"", ENVIRONMENT_PREFIX, "--"};
	char *text = file_printf("%s%s", prefixes[source], key);

	for (char *c = text; c != NULL && *c != '\0'; c++)
		*c = map_letter(source, *c);
	return text;
}
