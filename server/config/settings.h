/* settings.h - what was set, still as text: by key, and by the place that set it. */
#ifndef SERVER_CONFIG_SETTINGS_H
#define SERVER_CONFIG_SETTINGS_H
#include <stdbool.h>
#include <stddef.h>
#include <uthash.h>

struct err;

/* Who set it, weakest first. */
enum setting_source {
	SETTING_FILE,
	SETTING_ENVIRONMENT,
	SETTING_OPTION,
	SETTING_SOURCES
};

struct setting {
	char *key;                     /* as in the file */
	char *value[SETTING_SOURCES];  /* NULL where a source does not set it */
	char *origin[SETTING_SOURCES]; /* "FILE:3: key", "OUTRIGGER_KEY" or "--key", for errors */
	UT_hash_handle hh;             /* in the order in which keys were first met */
};

/* Each adds to the table *settings (NULL = empty) and returns 0 or an error: -E_CONF for what is no
 * setting at all (keys are not checked), -E_IO, -E_NOMEM. */
int settings_read_file(struct setting **settings, const char *path, struct err *err);
/* OUTRIGGER_KEY=value. `environment` as environ(7). */
int settings_read_environment(struct setting **settings, char *const *environment, struct err *err);
/* n texts "key=value". */
int settings_read_options(struct setting **settings, const char *const *given, size_t n,
			  struct err *err);
void settings_fini(struct setting **settings);

struct setting *settings_find(struct setting *settings, const char *key);
/* The strongest source that sets it. */
enum setting_source setting_source(const struct setting *setting);
/* What holds, and where it was set. Never NULL. */
const char *setting_value(const struct setting *setting);
const char *setting_origin(const struct setting *setting);
/* `key` as `source` would write it: OUTRIGGER_KEY, --key. Owned; NULL without memory. */
char *setting_spell(enum setting_source source, const char *key);

#endif
