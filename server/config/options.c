#include "server/config/options.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "protocol/limits.h"
#include "server/config/config.h"
#include "server/config/config_value.h"

#define S COMMAND_SERVE
#define D COMMAND_DUMP
#define C COMMAND_CHECK
#define K COMMAND_KONG_CONF
#define L COMMAND_LINK
#define T COMMAND_STATUS
#define R COMMAND_RELOAD

const struct option_def option_table[] = {
#define OPTION(key, type, member, initial, min, max, mask, arg, doc) \
	{#key, OPTION_##type, mask, offsetof(struct config, member), initial, min, max, arg, doc},
#include "server/config/options.def"
};
const size_t option_count = sizeof(option_table) / sizeof(option_table[0]);

#undef S
#undef D
#undef C
#undef K
#undef L
#undef T
#undef R

const struct option_def plugin_options[] = {
#define PLUGIN_OPTION(key, type, initial, arg, doc) \
	{#key, OPTION_##type, 0, offsetof(struct plugin_settings, key), initial, 0, 0, arg, doc},
#include "server/config/options.def"
};
const size_t plugin_option_count = sizeof(plugin_options) / sizeof(plugin_options[0]);

enum {
	CHOICES_MAX = 8 /* of a list below */
};

static const struct choice log_levels[CHOICES_MAX + 1] = {
	{"debug", LOG_LEVEL_DEBUG}, {"info", LOG_LEVEL_INFO},   {"notice", LOG_LEVEL_NOTICE},
	{"warn", LOG_LEVEL_WARN},   {"error", LOG_LEVEL_ERR},   {"crit", LOG_LEVEL_CRIT},
	{"alert", LOG_LEVEL_ALERT}, {"emerg", LOG_LEVEL_EMERG}, {NULL, 0}};
static const struct choice on_errors[] = {
	{"closed", ON_ERROR_CLOSED}, {"open", ON_ERROR_OPEN}, {NULL, 0}};
static const struct choice lua_states[] = {
	{"own", LUA_STATE_OWN}, {"shared", LUA_STATE_SHARED}, {NULL, 0}};
static const struct choice log_formats[] = {{"text", LOG_TEXT}, {"json", LOG_JSON}, {NULL, 0}};
static const struct choice protocols[] = {{"auto", 0}, {"msgpack", 0}, {"protobuf", 0}, {NULL, 0}};

const char *const *option_words(const struct option_def *def)
{
	static const char *words[CHOICES_MAX + 1];
	static const char *const switches[] = {"on", "off", NULL};
	const struct choice *choices = NULL;
	size_t n = 0;

	if (def->type == OPTION_BOOL)
		return switches;
	if (def->type == OPTION_LOG_LEVEL)
		choices = log_levels;
	else if (def->type == OPTION_ON_ERROR)
		choices = on_errors;
	else if (def->type == OPTION_LOG_FORMAT)
		choices = log_formats;
	else if (def->type == OPTION_PROTOCOL)
		choices = protocols;
	for (; choices != NULL && choices[n].name != NULL; n++)
		words[n] = choices[n].name;
	words[n] = NULL;
	return choices != NULL ? words : NULL;
}

static const struct option_def *find(const struct option_def *defs, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(defs[i].key, key) == 0)
			return &defs[i];
	}
	return NULL;
}

const struct option_def *option_find(const char *key)
{
	return find(option_table, option_count, key);
}

const struct option_def *plugin_option_find(const char *key)
{
	return find(plugin_options, plugin_option_count, key);
}

/* A value as it would be written in a configuration. */
struct given {
	const char *text;
	double value;
};

static void print_bound(const struct option_def *def, double bound, char ret[32])
{
	static const struct {
		double factor;
		const char *name;
	} units[] = {{1073741824, "g"}, {1048576, "m"}, {1024, "k"}, {1, ""}};
	size_t i = 0;

	while (def->type == OPTION_SIZE && fmod(bound, units[i].factor) != 0)
		i++;
	if (def->type == OPTION_SIZE)
		snprintf(ret, 32, "%.10g%s", bound / units[i].factor, units[i].name);
	else
		snprintf(ret, 32, "%.10g%s", bound, def->type == OPTION_DURATION ? "s" : "");
}

/* A plugin's setting has the bounds of the common one. */
static int check_bounds(const struct option_def *def, const struct given *given, struct err *err)
{
	const struct option_def *common = option_find(def->key);
	bool may_be_none;
	char bound[32];

	def = common != NULL ? common : def;
	may_be_none = strcmp(def->initial, "0") == 0;
	if (may_be_none && given->value == 0)
		return 0;
	print_bound(def, given->value < def->min ? def->min : def->max, bound);
	if (def->min != 0 && given->value < def->min)
		return err_set(err, E_CONF, "\"%s\" is too little: it must be %sat least %s",
			       given->text, may_be_none ? "0, or " : "", bound);
	if (def->max != 0 && given->value > def->max)
		return err_set(err, E_CONF, "\"%s\" is too much: it must be at most %s",
			       given->text, bound);
	return 0;
}

static int set_string(char **member, const char *text)
{
	char *copy = *text != '\0' ? strdup(text) : NULL;

	if (copy == NULL && *text != '\0')
		return -E_NOMEM;
	free(*member);
	*member = copy;
	return 0;
}

static int set_protocol(char **member, const char *text, struct err *err)
{
	int unused;
	int rc = *text != '\0' ? value_parse_choice(text, protocols, &unused, err) : 0;

	return rc != 0 ? rc : set_string(member, text);
}

static int set_duration(const struct option_def *def, double *member, const char *text,
			struct err *err)
{
	double seconds = 0;
	int rc = value_parse_duration(text, &seconds, err);

	if (rc == 0)
		rc = check_bounds(def, &(struct given){text, seconds}, err);
	if (rc == 0)
		*member = seconds;
	return rc;
}

static int set_number(const struct option_def *def, void *member, const char *text, struct err *err)
{
	size_t number = 0;
	int rc = def->type == OPTION_SIZE ? value_parse_size(text, &number, err)
					  : value_parse_count(text, &number, err);

	if (rc == 0)
		rc = check_bounds(def, &(struct given){text, (double)number}, err);
	if (rc != 0)
		return rc;
	if (def->type == OPTION_DEPTH)
		*(unsigned *)member = (unsigned)number;
	else
		*(size_t *)member = number;
	return 0;
}

static int set_mode(const struct option_def *def, unsigned *member, const char *text,
		    struct err *err)
{
	unsigned mode = 0;
	int rc = value_parse_mode(text, &mode, err);

	if (rc == 0 && mode > (unsigned)def->max)
		rc = err_set(err, E_CONF, "\"%s\" is too much: it must be at most 0%o", text,
			     (unsigned)def->max);
	if (rc == 0)
		*member = mode;
	return rc;
}

static int set_choice(const struct option_def *def, void *member, const char *text, struct err *err)
{
	static const struct choice *const choices[] = {
		[OPTION_LOG_LEVEL] = log_levels,
		[OPTION_ON_ERROR] = on_errors,
		[OPTION_LUA_STATE] = lua_states,
		[OPTION_LOG_FORMAT] = log_formats,
	};
	int value = 0;
	int rc = value_parse_choice(text, choices[def->type], &value, err);

	if (rc != 0)
		return rc;
	if (def->type == OPTION_LOG_LEVEL)
		*(enum log_level *)member = (enum log_level)value;
	else if (def->type == OPTION_ON_ERROR)
		*(enum on_error *)member = (enum on_error)value;
	else if (def->type == OPTION_LOG_FORMAT)
		*(enum log_format *)member = (enum log_format)value;
	else
		*(enum lua_state_kind *)member = (enum lua_state_kind)value;
	return 0;
}

static bool is_text(enum option_type type)
{
	return type == OPTION_STRING || type == OPTION_PATH || type == OPTION_LIST ||
	       type == OPTION_PROTOCOL;
}

int option_set(const struct option_def *def, void *object, const char *text, struct err *err)
{
	void *member = (char *)object + def->offset;

	if (*text == '\0')
		text = def->initial;
	if (*text == '\0' && !is_text(def->type))
		return 0;
	switch (def->type) {
	case OPTION_STRING:
	case OPTION_PATH:
	case OPTION_LIST:
		return set_string(member, text);
	case OPTION_PROTOCOL:
		return set_protocol(member, text, err);
	case OPTION_DURATION:
		return set_duration(def, member, text, err);
	case OPTION_SIZE:
	case OPTION_COUNT:
	case OPTION_DEPTH:
		return set_number(def, member, text, err);
	case OPTION_MODE:
		return set_mode(def, member, text, err);
	case OPTION_VERSION:
		return value_parse_version(text, member, err);
	case OPTION_BOOL:
		return value_parse_bool(text, member, err);
	case OPTION_LOG_LEVEL:
	case OPTION_ON_ERROR:
	case OPTION_LUA_STATE:
	case OPTION_LOG_FORMAT:
		return set_choice(def, member, text, err);
	}
	return err_set(err, E_INTERNAL, "%s has no type", def->key);
}

bool option_is_no_file(const char *value)
{
	return strcmp(value, "stderr") == 0 || strcmp(value, "syslog") == 0 ||
	       strcmp(value, "off") == 0;
}

void option_clear(const struct option_def *def, void *object)
{
	char **member = (char **)((char *)object + def->offset);

	if (!is_text(def->type))
		return;
	free(*member);
	*member = NULL;
}
