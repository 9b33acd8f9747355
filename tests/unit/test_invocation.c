/* How the gateway calls a plugin server: its command line, and the prefix of the nginx above. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/command/invocation.h"
#include "server/config/gateway_prefix.h"
#include "tests/lib/unit.h"

/* The sub-command for a command line of words, in words again; "" where it is none of these. */
static void assert_becomes(const char *line, const char *expected)
{
	char words[256], joined[512] = "", *argv[16], *rest = words;
	struct invocation inv;
	int argc = 0;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;)
		argv[argc++] = word;
	argv[argc] = NULL;
	assert_int_equal(invocation_init(&inv, argc, argv), 0);
	for (int i = 0; i < inv.argc; i++) {
		strcat(joined, i > 0 ? " " : "");
		strcat(joined, inv.argv[i]);
	}
	assert_true(inv.argc == 0 || inv.argv[inv.argc] == NULL);
	invocation_fini(&inv);
	assert_string_equal(joined, expected);
}

static void a_link_serves_the_plugin_of_its_name(void **state)
{
	(void)state;
	assert_becomes("/usr/local/bin/my-auth", "serve --plugin=my-auth --exit-with-parent");
	assert_becomes("my-auth -kong-prefix /k",
		       "serve --plugin=my-auth --exit-with-parent --prefix /k");
	assert_becomes("my-auth --kong-prefix=/k --log-level debug",
		       "serve --plugin=my-auth --exit-with-parent --prefix=/k --log-level debug");
}

static void a_link_dumps_the_plugin_of_its_name(void **state)
{
	(void)state;
	assert_becomes("/usr/local/bin/my-auth -dump", "dump --plugin=my-auth");
	assert_becomes("my-auth -kong-prefix /k --dump", "dump --plugin=my-auth --prefix /k");
	assert_becomes("/usr/local/bin/query_my-auth", "dump --plugin=my-auth");
}

static void outrigger_takes_the_options_of_go_pdk(void **state)
{
	(void)state;
	assert_becomes("outrigger -dump", "dump");
	assert_becomes("/usr/bin/outrigger -kong-prefix /k",
		       "serve --exit-with-parent --prefix /k");
	assert_becomes("outrigger -kong-prefix=/k -dump", "dump --prefix=/k");
}

static void the_titles_of_our_processes_are_no_links(void **state)
{
	char worker[] = "outrigger: worker p/0",
	     supervisor[] = "outrigger: supervisor /usr/local/kong";
	char serve[] = "serve", *argv[] = {worker, serve, NULL};
	struct invocation inv;

	(void)state;
	assert_int_equal(invocation_init(&inv, 2, argv), 0);
	assert_int_equal(inv.argc, 0);
	argv[0] = supervisor;
	assert_int_equal(invocation_init(&inv, 2, argv), 0);
	assert_int_equal(inv.argc, 0);
}

static void other_command_lines_are_left_alone(void **state)
{
	(void)state;
	assert_becomes("outrigger", "");
	assert_becomes("outrigger dump --plugin x", "");
	assert_becomes("outrigger --help", "");
	assert_becomes("outrigger serve -dump", "");
	assert_becomes("outrigger -dumpling", "");
}

/* The prefix in a command line whose arguments are parted by '|'. */
static void assert_prefix(const char *line, const char *expected)
{
	char cmdline[256], *prefix;
	size_t n = strlen(line) + 1;

	memcpy(cmdline, line, n);
	for (size_t i = 0; i < n; i++)
		cmdline[i] = cmdline[i] == '|' ? '\0' : cmdline[i];
	prefix = gateway_prefix_parse(cmdline, n);
	if (expected == NULL)
		assert_null(prefix);
	else
		assert_string_equal(prefix, expected);
	free(prefix);
}

static void the_prefix_is_in_the_title_of_the_nginx_master(void **state)
{
	(void)state;
	assert_prefix("nginx: master process /usr/local/openresty/nginx/sbin/nginx -p "
		      "/usr/local/kong -c nginx.conf",
		      "/usr/local/kong");
	assert_prefix("nginx: master process nginx -c nginx.conf -p /opt/kong/||||", "/opt/kong");
	assert_prefix("nginx: master process nginx -p /my kong -c nginx.conf", "/my kong");
	assert_prefix("nginx: master process nginx -p/opt/kong", "/opt/kong");
}

static void an_nginx_that_still_starts_has_it_among_its_arguments(void **state)
{
	(void)state;
	assert_prefix("/usr/local/openresty/nginx/sbin/nginx|-p|/usr/local/kong|-c|nginx.conf",
		      "/usr/local/kong");
}

static void other_programs_have_no_prefix(void **state)
{
	(void)state;
	assert_prefix("nginx: worker process", NULL);
	assert_prefix("nginx: master process nginx", NULL);
	assert_prefix("mkdir|-p|/usr/local/kong", NULL);
	assert_prefix("/bin/sh|-c|nginx -p /x", NULL);
	assert_prefix("", NULL);
	assert_null(gateway_prefix_parse("", 0));
	assert_null(gateway_prefix_parse("nginx -p /x", 11));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_serves_the_plugin_of_its_name),
		cmocka_unit_test(a_link_dumps_the_plugin_of_its_name),
		cmocka_unit_test(outrigger_takes_the_options_of_go_pdk),
		cmocka_unit_test(the_titles_of_our_processes_are_no_links),
		cmocka_unit_test(other_command_lines_are_left_alone),
		cmocka_unit_test(the_prefix_is_in_the_title_of_the_nginx_master),
		cmocka_unit_test(an_nginx_that_still_starts_has_it_among_its_arguments),
		cmocka_unit_test(other_programs_have_no_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
