/* Settings from the file, the environment and options; those of one plugin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "plugins/runtime.h"
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/config/options.h"
#include "server/config/settings.h"
#include "server/file.h"
#include "tests/lib/unit.h"

/* No plugin is loaded here. */
const struct runtime *const plugin_runtimes[] = {NULL};

/* A folder of its own for each test. */
struct place {
	char dir[64];
	char file[96];
	struct config config;
	struct err err;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	strcpy(place->dir, "/tmp/test_config.XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->file, sizeof(place->file), "%s/outrigger.conf", place->dir);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	char command[128];

	config_fini(&place->config);
	snprintf(command, sizeof(command), "rm -r '%s'", place->dir);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static void write_file(const struct place *place, const char *text)
{
	assert_int_equal(file_write_atomic(place->dir, "outrigger.conf", text, NULL), 0);
}

static void make_plugin(const struct place *place, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", place->dir, name);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(file_write_atomic(path, "handler.lua", "return {}", NULL), 0);
}

/* Reads the place's file, if `text` is not NULL, and up to three options. */
static int init(struct place *place, const char *text, const char *a, const char *b, const char *c)
{
	const char *given[] = {a, b, c};
	size_t n = 0;

	while (n < 3 && given[n] != NULL)
		n++;
	if (text != NULL)
		write_file(place, text);
	memset(&place->err, 0, sizeof(place->err));
	config_fini(&place->config);
	return config_init(&place->config, text != NULL ? place->file : NULL, given, n,
			   &place->err);
}

static void defaults_are_those_that_the_limits_say(void **state)
{
	struct place *p = *state;

	assert_int_equal(init(p, NULL, NULL, NULL, NULL), 0);
	assert_int_equal(p->config.limits.message_size, LIMIT_MESSAGE_SIZE);
	assert_int_equal(p->config.limits.message_depth, LIMIT_MESSAGE_DEPTH);
	assert_int_equal(p->config.max_connections, LIMIT_CONNECTIONS);
	assert_int_equal(p->config.max_events, LIMIT_EVENTS);
	assert_int_equal(p->config.max_instances, LIMIT_INSTANCES);
	assert_int_equal(p->config.kong_version, 309);
	assert_int_equal(p->config.socket_mode, 0660);
	assert_int_equal(p->config.log_level, LOG_LEVEL_NOTICE);
	assert_int_equal(p->config.on_error, ON_ERROR_CLOSED);
	assert_true(p->config.event_timeout == 10 && p->config.slow_step_timeout == 600);
	assert_true(p->config.read_cache);
	assert_false(p->config.exit_with_parent);
	assert_string_equal(p->config.protocol, "auto");
	assert_string_equal(p->config.prefix, "/usr/local/kong");
	assert_string_equal(p->config.log, "stderr");
	assert_null(p->config.socket);
	assert_int_equal(p->config.plugin_count, 0);
}

static void an_option_wins_over_the_environment_and_that_over_the_file(void **state)
{
	struct place *p = *state;
	const char *file = "log_level = error\nevent_timeout = 1\nstep_timeout = 2\n";

	setenv("OUTRIGGER_EVENT_TIMEOUT", "3", 1);
	setenv("OUTRIGGER_STEP_TIMEOUT", "4", 1);
	assert_int_equal(init(p, file, "step_timeout=5", NULL, NULL), 0);
	unsetenv("OUTRIGGER_EVENT_TIMEOUT");
	unsetenv("OUTRIGGER_STEP_TIMEOUT");
	assert_int_equal(p->config.log_level, LOG_LEVEL_ERR);
	assert_true(p->config.event_timeout == 3);
	assert_true(p->config.step_timeout == 5);
	assert_string_equal(p->config.file, p->file);
}

static void the_last_of_two_equal_keys_counts(void **state)
{
	struct place *p = *state;

	assert_int_equal(init(p, "max_events = 1\nmax_events = 2\n", NULL, NULL, NULL), 0);
	assert_int_equal(p->config.max_events, 2);
}

static void an_empty_value_stands_for_the_default(void **state)
{
	struct place *p = *state;

	setenv("OUTRIGGER_MAX_EVENTS", "", 1);
	assert_int_equal(init(p, "max_events = 7\nsocket =\n", NULL, NULL, NULL), 0);
	unsetenv("OUTRIGGER_MAX_EVENTS");
	assert_int_equal(p->config.max_events, LIMIT_EVENTS);
	assert_null(p->config.socket);
}

/* Texts that are looked into. */
static const char *sample_text(const struct option_def *def)
{
	static const char *const texts[][2] = {
		{"nginx_http_lua_shared_dict", "one 1m; lua_shared_dict two 64k"},
		{"lua_ssl_protocols", "TLSv1.3"},
		{"dns_resolver", "127.0.0.1, [::1]:5353"},
		{"dns_hostsfile", "/dev/null"},
		{"status_listen", "[::1]:9107"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i][0], def->key) == 0)
			return texts[i][1];
	return def->type == OPTION_PATH ? "/some/where" : "word";
}

/* A valid value other than the default, for each type. */
static const char *sample(const struct option_def *def)
{
	switch (def->type) {
	case OPTION_PROTOCOL:
		return "msgpack";
	case OPTION_DURATION:
		return "7s";
	case OPTION_SIZE:
		return "32m";
	case OPTION_COUNT:
	case OPTION_DEPTH:
		return "77";
	case OPTION_MODE:
		return "0600";
	case OPTION_VERSION:
		return "3.4";
	case OPTION_BOOL:
		return strcmp(def->initial, "on") == 0 ? "off" : "on";
	case OPTION_LOG_LEVEL:
		return "crit";
	case OPTION_ON_ERROR:
		return "open";
	case OPTION_LUA_STATE:
		return "shared";
	case OPTION_LOG_FORMAT:
		return "json";
	case OPTION_STRING:
	case OPTION_LIST:
	case OPTION_PATH:
		break;
	}
	return sample_text(def);
}

static void every_key_can_be_set_in_the_file_the_environment_and_by_option(void **state)
{
	struct place *p = *state;

	for (size_t i = 0; i < option_count; i++) {
		char line[128], *variable = setting_spell(SETTING_ENVIRONMENT, option_table[i].key);

		if (strcmp(option_table[i].key, "plugins_dir") == 0)
			snprintf(line, sizeof(line), "plugins_dir=%s", p->dir);
		else
			snprintf(line, sizeof(line), "%s=%s", option_table[i].key,
				 sample(&option_table[i]));
		if (init(p, line, NULL, NULL, NULL) != 0)
			fail_msg("%s: %s", line, p->err.text);
		assert_int_equal(init(p, NULL, line, NULL, NULL), 0);
		setenv(variable, strchr(line, '=') + 1, 1);
		assert_int_equal(init(p, NULL, NULL, NULL, NULL), 0);
		unsetenv(variable);
		free(variable);
	}
}

static void every_key_refuses_what_it_does_not_take(void **state)
{
	struct place *p = *state;
	size_t refused = 0;

	for (size_t i = 0; i < option_count; i++) {
		char line[128];

		if (option_table[i].type == OPTION_STRING || option_table[i].type == OPTION_PATH ||
		    option_table[i].type == OPTION_LIST)
			continue;
		snprintf(line, sizeof(line), "%s=?!", option_table[i].key);
		assert_int_equal(init(p, line, NULL, NULL, NULL), -E_CONF);
		assert_non_null(strstr(p->err.text, "outrigger.conf:1: "));
		assert_non_null(strstr(p->err.text, option_table[i].key));
		refused++;
	}
	assert_true(refused > 10);
}

static void assert_refused(struct place *p, const char *line, const char *why)
{
	assert_int_equal(init(p, line, NULL, NULL, NULL), -E_CONF);
	assert_non_null(strstr(p->err.text, why));
	assert_non_null(strstr(p->err.text, "outrigger.conf:1: "));
}

static void versions_of_tls_that_nobody_knows_are_refused(void **state)
{
	struct place *p = *state;

	assert_refused(p, "lua_ssl_protocols = TLSv1.2 TLSv1.4", "\"TLSv1.4\" is not one of");
	assert_refused(p, "lua_ssl_protocols = TLS", "\"TLS\" is not one of");
	assert_refused(p, "lua_ssl_protocols = TLSv1.2,TLSv1.3", "is not one of");
}

static void dns_servers_that_are_no_addresses_are_refused(void **state)
{
	struct place *p = *state;

	assert_refused(p, "dns_resolver = ns.example.com", "\"ns.example.com\" is no list of");
	assert_refused(p, "dns_resolver = 127.0.0.1:x", "is no list of");
	assert_refused(p, "dns_resolver = 127.0.0.1, 300.0.0.1", "is no list of");
	assert_int_equal(init(p, "dns_resolver = 127.0.0.1 , ::1\n", NULL, NULL, NULL), 0);
}

static void an_unknown_key_is_an_error_that_names_the_nearest(void **state)
{
	struct place *p = *state;

	assert_int_equal(init(p, "\nevnt_timeout = 3\n", NULL, NULL, NULL), -E_CONF);
	assert_non_null(strstr(p->err.text, "outrigger.conf:2: evnt_timeout: no such setting; did "
					    "you mean event_timeout?"));
	assert_int_equal(init(p, NULL, "lgo_level=debug", NULL, NULL), -E_CONF);
	assert_string_equal(p->err.text, "--lgo-level: no such setting; did you mean --log-level?");
	setenv("OUTRIGGER_ON_EROR", "open", 1);
	assert_int_equal(init(p, NULL, NULL, NULL, NULL), -E_CONF);
	unsetenv("OUTRIGGER_ON_EROR");
	assert_string_equal(p->err.text, "OUTRIGGER_ON_EROR: no such setting; did you mean "
					 "OUTRIGGER_ON_ERROR?");
	assert_int_equal(init(p, "completely_else = 1\n", NULL, NULL, NULL), -E_CONF);
	assert_null(strstr(p->err.text, "did you mean"));
}

static void what_is_no_setting_is_an_error_with_its_line(void **state)
{
	struct place *p = *state;

	assert_int_equal(init(p, "a\n", NULL, NULL, NULL), -E_CONF);
	assert_non_null(strstr(p->err.text, "outrigger.conf:1: \"a\" is no setting"));
}

static void variables_of_kubernetes_are_no_settings(void **state)
{
	struct place *p = *state;

	setenv("OUTRIGGER_SERVICE_HOST", "10.0.0.1", 1);
	setenv("OUTRIGGER_PORT_80_TCP", "tcp://10.0.0.1:80", 1);
	assert_int_equal(init(p, NULL, NULL, NULL, NULL), 0);
	unsetenv("OUTRIGGER_SERVICE_HOST");
	unsetenv("OUTRIGGER_PORT_80_TCP");
}

static void an_event_timeout_that_reaches_the_gateways_is_refused(void **state)
{
	struct place *p = *state;

	assert_int_equal(init(p, NULL, "event_timeout=59.9", NULL, NULL), 0);
	assert_int_equal(init(p, NULL, "event_timeout=60", NULL, NULL), -E_CONF);
	assert_non_null(strstr(p->err.text, "after 60s the gateway gives up"));
	assert_int_equal(init(p, NULL, "event_timeout=1m", NULL, NULL), -E_CONF);
	assert_int_equal(init(p, NULL, "event_timeout=0", NULL, NULL), -E_CONF);
	assert_int_equal(init(p, NULL, "plugin=a", "plugin_a_event_timeout=60000ms", NULL),
			 -E_CONF);
	assert_non_null(strstr(p->err.text, "--plugin-a-event-timeout: 60s is too long"));
}

static void a_body_is_a_part_of_a_message(void **state)
{
	struct place *p = *state;

	assert_int_equal(init(p, NULL, "max_message_size=1m", NULL, NULL), 0);
	assert_int_equal(p->config.max_body_size, (1 << 20) - 64);
	assert_int_equal(init(p, NULL, "max_message_size=1m", "max_body_size=1m", NULL), -E_CONF);
	assert_non_null(strstr(p->err.text, "--max-body-size: 1048576 bytes are too many"));
	assert_int_equal(init(p, NULL, "plugin=a", "plugin_a_max_body_size=64m", NULL), -E_CONF);
	assert_non_null(strstr(p->err.text, "--plugin-a-max-body-size"));
	assert_int_equal(init(p, NULL, "plugin=a", "plugin_a_max_body_size=0", NULL), -E_CONF);
	assert_non_null(strstr(p->err.text, "at least 1"));
	assert_int_equal(init(p, NULL, "plugin=a", "plugin_a_max_body_size=1k", "max_body_size=2k"),
			 0);
	assert_int_equal(p->config.max_body_size, 2048);
	assert_int_equal(p->config.plugins[0].max_body_size, 1024);
}

static void a_plugin_may_do_without_the_cache(void **state)
{
	struct place *p = *state;

	assert_int_equal(init(p, NULL, "plugin=a", "plugin_a_read_cache=off", NULL), 0);
	assert_true(p->config.read_cache && !p->config.plugins[0].read_cache);
	assert_int_equal(init(p, NULL, "plugin=a", "read_cache=off", NULL), 0);
	assert_false(p->config.plugins[0].read_cache);
}

static void a_protocol_is_one_of_three(void **state)
{
	struct place *p = *state;

	assert_int_equal(init(p, NULL, "protocol=soap", NULL, NULL), -E_CONF);
	assert_non_null(strstr(p->err.text, "auto, msgpack"));
	assert_int_equal(
		init(p, NULL, "plugin=a", "plugin_a_protocol=msgpack", "protocol=protobuf"), 0);
	assert_string_equal(p->config.protocol, "protobuf");
	assert_string_equal(p->config.plugins[0].protocol, "msgpack");
}

static void a_plugin_has_the_common_settings_or_its_own(void **state)
{
	struct place *p = *state;
	const char *file = "plugins = my-auth, other\n"
			   "on_error = open\n"
			   "step_timeout = 3s\n"
			   "plugin_my_auth_on_error = closed\n"
			   "plugin_my_auth_event_timeout = 2s\n"
			   "plugin_my_auth_module = key-auth\n"
			   "plugin_other_socket = /run/other.socket\n";
	const struct plugin_settings *plugins;

	assert_int_equal(init(p, file, NULL, NULL, NULL), 0);
	plugins = p->config.plugins;
	assert_int_equal(p->config.plugin_count, 2);
	assert_string_equal(plugins[0].name, "my-auth");
	assert_string_equal(plugins[0].module, "key-auth");
	assert_int_equal(plugins[0].on_error, ON_ERROR_CLOSED);
	assert_true(plugins[0].event_timeout == 2 && plugins[0].step_timeout == 3);
	assert_int_equal(plugins[1].on_error, ON_ERROR_OPEN);
	assert_true(plugins[1].event_timeout == 10);
	assert_null(plugins[1].module);
	assert_string_equal(plugins[1].socket, "/run/other.socket");
}

static void a_plugins_setting_may_be_in_the_environment(void **state)
{
	struct place *p = *state;

	setenv("OUTRIGGER_PLUGIN_MY_AUTH_EVENT_TIMEOUT", "1500ms", 1);
	assert_int_equal(init(p, NULL, "plugin=my-auth", NULL, NULL), 0);
	unsetenv("OUTRIGGER_PLUGIN_MY_AUTH_EVENT_TIMEOUT");
	assert_true(p->config.plugins[0].event_timeout == 1.5);
}

static void a_setting_of_an_unknown_plugin_names_the_nearest(void **state)
{
	struct place *p = *state;

	assert_int_equal(init(p, NULL, "plugin=my-auth", "plugin_my_auht_on_error=open", NULL),
			 -E_CONF);
	assert_string_equal(p->err.text, "--plugin-my-auht-on-error: no such setting; did you mean "
					 "--plugin-my-auth-on-error?");
	assert_int_equal(init(p, NULL, "plugin=my-auth", "plugin_my_auth_on_eror=open", NULL),
			 -E_CONF);
	assert_non_null(strstr(p->err.text, "did you mean --plugin-my-auth-on-error?"));
	assert_int_equal(init(p, NULL, "plugin=my-auth", "plugin_elsewhere_socket=/x", NULL),
			 -E_CONF);
	assert_non_null(strstr(p->err.text, "no plugin of that name; name it in \"plugins\""));
}

static void a_setting_that_fits_two_plugins_is_refused(void **state)
{
	struct place *p = *state;

	assert_int_equal(init(p, NULL, "plugins=a-b,a_b", "plugin_a_b_socket=/x", NULL), -E_CONF);
	assert_non_null(strstr(p->err.text, "may speak of the plugin a-b as well as of a_b"));
	assert_int_equal(init(p, NULL, "plugins=a,a-slow", "plugin_a_slow_step_timeout=1", NULL),
			 -E_CONF);
	assert_int_equal(init(p, NULL, "plugins=a-b,a_b", NULL, NULL), 0);
}

static void plugin_options_choose_among_the_named(void **state)
{
	struct place *p = *state;

	assert_int_equal(init(p, "plugins = a,b\nplugin_b_on_error = open\n", "plugin=c",
			      "plugin=a", "plugin=c"),
			 0);
	assert_int_equal(p->config.plugin_count, 2);
	assert_string_equal(p->config.plugins[0].name, "c");
	assert_string_equal(p->config.plugins[1].name, "a");
	assert_int_equal(
		init(p, "plugins = a,b\nplugin_b_on_error = maybe\n", "plugin=a", NULL, NULL),
		-E_CONF);
}

static void without_names_all_of_the_folder_are_taken(void **state)
{
	struct place *p = *state;
	char option[96];

	make_plugin(p, "one");
	make_plugin(p, "two");
	snprintf(option, sizeof(option), "plugins_dir=%s", p->dir);
	assert_int_equal(init(p, NULL, option, "plugin_two_on_error=open", NULL), 0);
	assert_int_equal(p->config.plugin_count, 2);
	assert_string_equal(p->config.plugins[0].name, "one");
	assert_string_equal(p->config.plugins[1].name, "two");
	assert_int_equal(p->config.plugins[1].on_error, ON_ERROR_OPEN);
	assert_int_equal(config_need_plugins(&p->config, NULL), 0);
}

static void without_any_plugin_the_error_says_what_to_do(void **state)
{
	struct place *p = *state;
	char option[96];

	assert_int_equal(init(p, NULL, NULL, NULL, NULL), 0);
	assert_int_equal(config_need_plugins(&p->config, &p->err), -E_CONF);
	assert_non_null(strstr(p->err.text, "--plugins-dir DIR"));
	snprintf(option, sizeof(option), "plugins_dir=%s", p->dir);
	assert_int_equal(init(p, NULL, option, NULL, NULL), 0);
	assert_int_equal(config_need_plugins(&p->config, &p->err), -E_CONF);
	assert_non_null(strstr(p->err.text, p->dir));
	assert_int_equal(init(p, NULL, "plugins_dir=/nonexistent", NULL, NULL), -E_CONF);
	assert_non_null(strstr(p->err.text, "there is no folder /nonexistent"));
}

static void a_name_that_no_plugin_can_have_is_refused(void **state)
{
	static const char *const names[] = {"../x", "a/b",     ".a",  "-a",
					    "a b",  "bundled", "off", "a..b"};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char option[64];

		snprintf(option, sizeof(option), "plugins=%s", names[i]);
		assert_int_equal(init(p, NULL, option, NULL, NULL), -E_CONF);
		assert_non_null(strstr(p->err.text, names[i]));
	}
	assert_int_equal(init(p, NULL, "plugins=a.b_c-D9", NULL, NULL), 0);
}

static void the_socket_is_the_plugins_the_common_one_or_below_the_prefix(void **state)
{
	struct place *p = *state;
	char *path;

	assert_int_equal(init(p, NULL, "plugins=a,b", "prefix=/k/", "plugin_b_socket=/b"), 0);
	path = config_socket_path(&p->config, &p->config.plugins[0]);
	assert_string_equal(path, "/k/a.socket");
	free(path);
	path = config_socket_path(&p->config, &p->config.plugins[1]);
	assert_string_equal(path, "/b");
	free(path);
	assert_int_equal(init(p, NULL, "plugins=a", "socket=//run/./all", NULL), 0);
	path = config_socket_path(&p->config, &p->config.plugins[0]);
	assert_string_equal(path, "/run/all");
	free(path);
}

static void paths_are_made_absolute(void **state)
{
	struct place *p = *state;
	char cwd[4096], expected[4200];

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(expected, sizeof(expected), "%s/here/x", cwd);
	assert_int_equal(init(p, NULL, "prefix=here//x/", "log=stderr", NULL), 0);
	assert_string_equal(p->config.prefix, expected);
	assert_string_equal(p->config.log, "stderr");
}

static void a_server_that_the_gateway_started_logs_below_its_prefix(void **state)
{
	struct place *p = *state;
	char prefix[96], expected[128];

	snprintf(prefix, sizeof(prefix), "prefix=%s", p->dir);
	snprintf(expected, sizeof(expected), "%s/outrigger.log", p->dir);
	assert_int_equal(init(p, NULL, prefix, "exit_with_parent=on", NULL), 0);
	assert_string_equal(p->config.log, expected);
	snprintf(expected, sizeof(expected), "%s/logs", p->dir);
	assert_int_equal(mkdir(expected, 0755), 0);
	snprintf(expected, sizeof(expected), "%s/logs/outrigger.log", p->dir);
	assert_int_equal(init(p, NULL, prefix, "exit_with_parent=on", NULL), 0);
	assert_string_equal(p->config.log, expected);
}

static void a_zeroed_configuration_can_be_finished(void **state)
{
	struct config config = {0};

	(void)state;
	config_fini(&config);
	config_fini(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_those_that_the_limits_say),
		TEST(an_option_wins_over_the_environment_and_that_over_the_file),
		TEST(the_last_of_two_equal_keys_counts),
		TEST(an_empty_value_stands_for_the_default),
		TEST(every_key_can_be_set_in_the_file_the_environment_and_by_option),
		TEST(every_key_refuses_what_it_does_not_take),
		TEST(versions_of_tls_that_nobody_knows_are_refused),
		TEST(dns_servers_that_are_no_addresses_are_refused),
		TEST(an_unknown_key_is_an_error_that_names_the_nearest),
		TEST(what_is_no_setting_is_an_error_with_its_line),
		TEST(variables_of_kubernetes_are_no_settings),
		TEST(an_event_timeout_that_reaches_the_gateways_is_refused),
		TEST(a_body_is_a_part_of_a_message),
		TEST(a_plugin_may_do_without_the_cache),
		TEST(a_protocol_is_one_of_three),
		TEST(a_plugin_has_the_common_settings_or_its_own),
		TEST(a_plugins_setting_may_be_in_the_environment),
		TEST(a_setting_of_an_unknown_plugin_names_the_nearest),
		TEST(a_setting_that_fits_two_plugins_is_refused),
		TEST(plugin_options_choose_among_the_named),
		TEST(without_names_all_of_the_folder_are_taken),
		TEST(without_any_plugin_the_error_says_what_to_do),
		TEST(a_name_that_no_plugin_can_have_is_refused),
		TEST(the_socket_is_the_plugins_the_common_one_or_below_the_prefix),
		TEST(paths_are_made_absolute),
		TEST(a_server_that_the_gateway_started_logs_below_its_prefix),
		TEST(a_zeroed_configuration_can_be_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
