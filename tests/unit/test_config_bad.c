/* What no setting takes: every row of options.def refuses values that make no sense for its type, with its key and
 * what was given. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/config/options.h"
#include "tests/lib/unit.h"

#define BAD_MAX 12

static const char *const no_duration[] = {
	"-1", "nan", "inf", "12parsecs", "0x10", "1e3", "1,5s", "1 2", "9999999999999", "9g", NULL};
static const char *const no_size[] = {
	"-1", "nan", "inf", "12parsecs", "0x10", "1e3", "1.5", "1t", "99999999999999999999g", NULL};
static const char *const no_count[] = {
	"-1", "nan", "inf", "12parsecs", "0x10", "1e3", "1.5", "1k", "99999999999999999999", NULL};
static const char *const no_mode[] = {"-1", "rw", "888", "01000", "77777777777", "0660x", NULL};
static const char *const no_version[] = {"x", "3", "-3.9", "1.0", "99.9", "3.9x", NULL};
static const char *const no_word[] = {"maybe", "2", "-1", "nan", "ON", NULL};

/* Texts that are looked into. */
static const struct {
	const char *key, *bad[BAD_MAX];
} texts[] = {
	{"status_listen",
	 {"127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1", "x:80", "127.0.0.1:", ":80", "80",
	  "127.0.0.1:80x", "[::1]:99999", "300.0.0.1:80"}},
	{"admin_listen", {"127.0.0.1:9000", "[::]:80"}},
	{"dns_resolver", {"ns.example.com", "127.0.0.1:x", "300.0.0.1"}},
	{"dns_hostsfile", {"/no/such/file"}},
	{"lua_ssl_protocols", {"TLS", "SSLv3"}},
	{"nginx_http_lua_shared_dict", {"x", "x 1q", "x -1m", "x nan", "x 99999999g", "x 1"}},
	{"plugin_a_allow", {"fly", "fork exec", "all"}},
	{"plugin_a_module", {"../a", "a b"}},
	{"plugin_a_event_timeout", {"60", "0"}},
	{"event_timeout", {"60", "0"}},
};

struct place {
	char file[64];
	struct err err;
};

/* The line alone, in a file, for a plugin called a. */
static int try_line(struct place *p, const char *key, const char *value)
{
	static const char *const given[] = {"plugin=a"};
	struct config config;
	FILE *file = fopen(p->file, "w");
	int rc;

	assert_non_null(file);
	fprintf(file, "%s = %s\n", key, value);
	fclose(file);
	err_clear(&p->err);
	rc = config_init(&config, p->file, given, 1, &p->err);
	if (rc == 0)
		config_fini(&config);
	return rc;
}

static void assert_refused(struct place *p, const char *key, const char *value)
{
	const char *word = strrchr(value, ' ') != NULL ? strrchr(value, ' ') + 1 : value;
	int rc = try_line(p, key, value);

	if (rc != -E_CONF || strstr(p->err.text, key) == NULL || strstr(p->err.text, word) == NULL)
		fail_msg("%s = %s: %d \"%s\"", key, value, rc, p->err.text);
}

static const char *const *bad_of(enum option_type type)
{
	switch (type) {
	case OPTION_DURATION:
		return no_duration;
	case OPTION_SIZE:
		return no_size;
	case OPTION_COUNT:
	case OPTION_DEPTH:
		return no_count;
	case OPTION_MODE:
		return no_mode;
	case OPTION_VERSION:
		return no_version;
	case OPTION_STRING:
	case OPTION_PATH:
	case OPTION_LIST:
		return NULL;
	default:
		return no_word;
	}
}

static void assert_all_refused(struct place *p, const char *prefix, const struct option_def *def)
{
	const char *const *bad = bad_of(def->type);
	char key[64];

	snprintf(key, sizeof(key), "%s%s", prefix, def->key);
	for (; bad != NULL && *bad != NULL; bad++)
		assert_refused(p, key, *bad);
}

static void values_of_no_sense_are_refused_by_every_key(void **state)
{
	for (size_t i = 0; i < option_count; i++)
		assert_all_refused(*state, "", &option_table[i]);
	for (size_t i = 0; i < plugin_option_count; i++)
		assert_all_refused(*state, "plugin_a_", &plugin_options[i]);
}

static void texts_that_are_looked_into_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t k = 0; texts[i].bad[k] != NULL; k++)
			assert_refused(*state, texts[i].key, texts[i].bad[k]);
}

static bool is_number(enum option_type type)
{
	return type == OPTION_DURATION || type == OPTION_SIZE || type == OPTION_COUNT ||
	       type == OPTION_DEPTH;
}

static void numbers_keep_to_their_bounds(void **state)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *def = &option_table[i];
		double step = def->type == OPTION_DURATION ? def->min / 2 : 1;
		char value[64];

		if (!is_number(def->type))
			continue;
		snprintf(value, sizeof(value), "%.10f", def->min - step);
		*strchr(value, '.') = def->type == OPTION_DURATION ? '.' : '\0';
		if (def->min > 0 && (def->min > step || strcmp(def->initial, "0") != 0))
			assert_refused(*state, def->key, value);
		snprintf(value, sizeof(value), "%.0f", def->max + 1);
		if (def->max > 0)
			assert_refused(*state, def->key, value);
	}
}

/* Where it is the default. */
static void none_is_below_all_bounds(void **state)
{
	static const char *const keys[] = {"memory_max", "worker_memory_max", "worker_cpu_max",
					   "worker_files_max", "file_size_max"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(try_line(*state, keys[i], "0"), 0);
		assert_true(option_find(keys[i])->min > 0);
	}
}

static int set_up(void **state)
{
	static struct place p;
	int fd;

	snprintf(p.file, sizeof(p.file), "/tmp/outrigger-config-XXXXXX");
	fd = mkstemp(p.file);
	if (fd < 0)
		return -1;
	close(fd);
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	return unlink(((struct place *)*state)->file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_no_sense_are_refused_by_every_key),
		cmocka_unit_test(texts_that_are_looked_into_are_refused),
		cmocka_unit_test(numbers_keep_to_their_bounds),
		cmocka_unit_test(none_is_below_all_bounds),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
