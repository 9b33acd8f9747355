/* options.h - the table of all settings, from options.def.
 *
 * To add a setting: a row in options.def and a member in struct config; docs/configuration.md is
 * printed by `outrigger options-doc`. */
#ifndef SERVER_CONFIG_OPTIONS_H
#define SERVER_CONFIG_OPTIONS_H
#include <stdbool.h>
#include <stddef.h>

struct err;

/* The sub-commands whose --help lists a key. All of them accept every key. */
enum command {
	COMMAND_SERVE = 1 << 0,
	COMMAND_DUMP = 1 << 1,
	COMMAND_CHECK = 1 << 2,
	COMMAND_KONG_CONF = 1 << 3,
	COMMAND_LINK = 1 << 4,
	COMMAND_STATUS = 1 << 5,
	COMMAND_RELOAD = 1 << 6,
};

enum option_type {
	OPTION_STRING,     /* char *, owned; NULL when empty */
	OPTION_PATH,       /* the same */
	OPTION_LIST,       /* the same, with commas */
	OPTION_PROTOCOL,   /* the same, one of the protocols */
	OPTION_DURATION,   /* double, seconds */
	OPTION_SIZE,       /* size_t, bytes */
	OPTION_COUNT,      /* size_t */
	OPTION_DEPTH,      /* unsigned */
	OPTION_MODE,       /* unsigned, octal */
	OPTION_VERSION,    /* unsigned, major * 100 + minor */
	OPTION_BOOL,       /* bool */
	OPTION_LOG_LEVEL,  /* enum log_level */
	OPTION_ON_ERROR,   /* enum on_error */
	OPTION_LUA_STATE,  /* enum lua_state_kind */
	OPTION_LOG_FORMAT, /* enum log_format */
};

struct option_def {
	const char *key; /* as in the file: lower case, '_' */
	enum option_type type;
	unsigned commands;   /* enum command bits */
	size_t offset;       /* of the member, in struct config or struct plugin_settings */
	const char *initial; /* default, in the file's form */
	double min,
		max; /* bounds of a number; 0 = none. Where the default is "0", that is below them */
	const char *arg; /* what stands for its value in --help */
	const char *doc;
};

/* Keys of struct config, and keys of one plugin (plugin_NAME_KEY, struct plugin_settings). */
extern const struct option_def option_table[];
extern const size_t option_count;
extern const struct option_def plugin_options[];
extern const size_t plugin_option_count;

const struct option_def *option_find(const char *key);
const struct option_def *plugin_option_find(const char *key);
/* Parses `text` by def's type into the member of `object`. -E_CONF with what is expected. */
int option_set(const struct option_def *def, void *object, const char *text, struct err *err);
/* Whether the value of a path is one of the words that stand for something else. */
bool option_is_no_file(const char *value);
/* The words that a value may be, ended by NULL. NULL where it is something else. */
const char *const *option_words(const struct option_def *def);
/* Frees the member where it is owned memory. */
void option_clear(const struct option_def *def, void *object);

#endif
