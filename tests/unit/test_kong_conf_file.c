/* The gateway's configuration as the gateway reads it, and names as it treats them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/config/kong_conf_file.h"
#include "server/config/kong_names.h"
#include "server/file.h"
#include "tests/lib/unit.h"

struct place {
	char dir[64];
	char file[96];
	struct kong_conf conf;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	strcpy(place->dir, "/tmp/test_kong_conf.XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->file, sizeof(place->file), "%s/kong.conf", place->dir);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	char command[128];

	kong_conf_fini(&place->conf);
	snprintf(command, sizeof(command), "rm -r '%s'", place->dir);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static void read_conf(struct place *place, const char *text, const char *variable, unsigned version)
{
	char *environment[] = {(char *)variable, NULL};
	struct kong_conf_source source = {place->file, environment, place->dir, version};

	assert_int_equal(file_write_atomic(place->dir, "kong.conf", text, NULL), 0);
	kong_conf_fini(&place->conf);
	assert_int_equal(kong_conf_init(&place->conf, &source, NULL), 0);
}

static void a_server_has_what_its_directives_say(void **state)
{
	struct place *p = *state;
	const struct kong_server *s;

	read_conf(p,
		  "pluginserver_names = My-Auth , other\n"
		  "pluginserver_my_auth_socket = /run//my.socket\n"
		  "pluginserver_my_auth_start_cmd = /bin/a --x \\# y # comment\n"
		  "pluginserver_my_auth_query_cmd = /bin/a -dump\n",
		  NULL, 309);
	assert_int_equal(p->conf.server_count, 2);
	s = &p->conf.servers[0];
	assert_string_equal(s->name, "my-auth");
	assert_string_equal(s->directive, "my_auth");
	assert_string_equal(s->socket, "/run/my.socket");
	assert_string_equal(s->start_cmd, "/bin/a --x # y");
	assert_string_equal(s->query_cmd, "/bin/a -dump");
	assert_string_equal(p->conf.servers[1].socket, "/usr/local/kong/other.socket");
	assert_null(p->conf.servers[1].start_cmd);
	assert_null(p->conf.servers[1].query_cmd);
}

static void the_environment_wins_over_the_file(void **state)
{
	struct place *p = *state;

	read_conf(p, "plugins = a\n", "KONG_PLUGINS=bundled,b", 309);
	assert_string_equal(kong_conf_get(&p->conf, "plugins"), "bundled,b");
	read_conf(p, "plugins = a\nplugins = c\n", "OTHER_PLUGINS=b", 309);
	assert_string_equal(kong_conf_get(&p->conf, "plugins"), "c");
}

static void an_empty_value_counts_as_not_set(void **state)
{
	struct place *p = *state;

	read_conf(p, "plugins =\nnonsense\n", NULL, 309);
	assert_null(kong_conf_get(&p->conf, "plugins"));
	assert_null(kong_conf_get(&p->conf, "prefix"));
	assert_string_equal(p->conf.prefix, "/usr/local/kong");
}

static void default_commands_count_where_they_exist(void **state)
{
	struct place *p = *state;
	char path[96], expected[128];

	snprintf(path, sizeof(path), "%s/x", p->dir);
	assert_int_equal(symlink("/bin/true", path), 0);
	read_conf(p, "pluginserver_names = x\nprefix = /k/\n", NULL, 309);
	snprintf(expected, sizeof(expected), "%s -dump", path);
	assert_string_equal(p->conf.servers[0].start_cmd, path);
	assert_string_equal(p->conf.servers[0].query_cmd, expected);
	assert_string_equal(p->conf.servers[0].socket, "/k/x.socket");
}

static void before_3_9_other_defaults_hold(void **state)
{
	struct place *p = *state;
	char path[96];

	snprintf(path, sizeof(path), "%s/query_x", p->dir);
	assert_int_equal(symlink("/bin/true", path), 0);
	read_conf(p, "pluginserver_names = x\nprefix = /k/\n", NULL, 308);
	assert_null(p->conf.servers[0].start_cmd);
	assert_string_equal(p->conf.servers[0].query_cmd, path);
	assert_string_equal(p->conf.servers[0].socket, "/usr/local/kong/x.socket");
}

static void a_missing_file_is_an_error(void **state)
{
	struct place *p = *state;
	char *environment[] = {NULL};
	struct kong_conf_source source = {"/nonexistent", environment, p->dir, 309};

	assert_int_equal(kong_conf_init(&p->conf, &source, NULL), -E_IO);
}

static void assert_text(char *text, const char *expected)
{
	assert_string_equal(text, expected);
	free(text);
}

static void names_are_written_so_that_the_gateway_finds_their_settings(void **state)
{
	(void)state;
	assert_text(kong_server_name("My-Auth_2"), "my-auth_2");
	assert_text(kong_server_name("a.b"), "a_b");
	assert_text(kong_directive("my-auth_2"), "my_auth_2");
}

static void words_are_quoted_for_the_shell_where_needed(void **state)
{
	(void)state;
	assert_text(kong_quote_word("/a/b-c_d.e,f=1"), "/a/b-c_d.e,f=1");
	assert_text(kong_quote_word("./?.lua;;"), "'./?.lua;;'");
	assert_text(kong_quote_word("it's"), "'it'\\''s'");
	assert_text(kong_quote_word(""), "''");
	assert_text(kong_quote_value("a # b"), "a \\# b");
}

static void the_gateways_own_plugins_are_known(void **state)
{
	(void)state;
	assert_true(kong_is_bundled("key-auth"));
	assert_true(kong_is_bundled("zipkin"));
	assert_false(kong_is_bundled("my-auth"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_has_what_its_directives_say),
		TEST(the_environment_wins_over_the_file),
		TEST(an_empty_value_counts_as_not_set),
		TEST(default_commands_count_where_they_exist),
		TEST(before_3_9_other_defaults_hold),
		TEST(a_missing_file_is_an_error),
		cmocka_unit_test(names_are_written_so_that_the_gateway_finds_their_settings),
		cmocka_unit_test(words_are_quoted_for_the_shell_where_needed),
		cmocka_unit_test(the_gateways_own_plugins_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
