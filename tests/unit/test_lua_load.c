/* test_lua_load.c - where plugins are found, what is told of them, what goes wrong while they load. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/lib/lua_host.h"
#include "tests/lib/unit.h"

#define HANDLER "return { PRIORITY = 7, VERSION = '1.2.3', access = function() end }"
#define SCHEMA "return { name = 'own', fields = { { config = { type = 'record', fields = {} } } } }"

static int setup(void **state)
{
	static struct lua_host h;

	lua_host_init(&h);
	*state = &h;
	return 0;
}

static int teardown(void **state)
{
	lua_host_close(*state);
	return 0;
}

static void write_plugin(struct lua_host *h, const char *folder, const char *handler)
{
	char name[256];

	snprintf(name, sizeof(name), "%s/handler.lua", folder);
	lua_host_write(h, name, handler);
	snprintf(name, sizeof(name), "%s/schema.lua", folder);
	lua_host_write(h, name, SCHEMA);
}

static void must_load(struct lua_host *h, const char *name, const char *module)
{
	struct err err = {""};

	if (lua_host_load_as(h, name, module, NULL, &err) != 0)
		fail_msg("%s", err.text);
}

static void must_fail(struct lua_host *h, const char *name, int code, const char *want)
{
	struct err err = {""};

	assert_int_equal(lua_host_load_as(h, name, NULL, NULL, &err), code);
	if (strstr(err.text, want) == NULL)
		fail_msg("\"%s\" has no \"%s\"", err.text, want);
}

/* ---- places ---- */

static void test_folder_of_the_plugins_dir(void **state)
{
	struct lua_host *h = *state;

	write_plugin(h, "mine", HANDLER);
	must_load(h, "mine", NULL);
	assert_int_equal(h->plugin->info.priority, 7);
	assert_string_equal(h->plugin->info.version, "1.2.3");
	assert_int_equal(h->plugin->info.phases, PHASE_BIT(PHASE_ACCESS));
	assert_non_null(strstr(h->plugin->info.where, "/mine/handler.lua"));
	assert_string_equal(json_string_value(json_object_get(h->plugin->info.schema, "name")),
			    "mine");
}

static void test_package_tree_in_the_plugins_dir(void **state)
{
	struct lua_host *h = *state;

	write_plugin(h, "kong/plugins/mine", HANDLER);
	must_load(h, "mine", NULL);
}

static void test_lua_package_path(void **state)
{
	struct lua_host *h = *state;
	char path[256];

	write_plugin(h, "tree/kong/plugins/mine", HANDLER);
	snprintf(path, sizeof(path), "%s/tree/?.lua;;", h->dir);
	h->paths.lua_package_path = path;
	must_load(h, "mine", NULL);
}

static void test_luarocks_tree_of_the_user(void **state)
{
	struct lua_host *h = *state;
	const char *home = getenv("HOME");
	char *old = home ? strdup(home) : NULL;

	write_plugin(h, ".luarocks/share/lua/5.1/kong/plugins/mine", HANDLER);
	setenv("HOME", h->dir, 1);
	h->paths.plugins_dir = NULL;
	must_load(h, "mine", NULL);
	if (old)
		setenv("HOME", old, 1);
	free(old);
}

static void test_served_under_another_name(void **state)
{
	struct lua_host *h = *state;

	write_plugin(h, "key-auth", HANDLER);
	must_load(h, "my-auth", "key-auth");
	assert_string_equal(h->plugin->name, "my-auth");
	assert_string_equal(json_string_value(json_object_get(h->plugin->info.schema, "name")),
			    "my-auth");
}

static void test_own_modules_and_init_files(void **state)
{
	struct lua_host *h = *state;

	write_plugin(h, "mine",
		     "local a = require 'kong.plugins.mine.lib.a'\n"
		     "local b = require 'kong.plugins.mine.b'\n"
		     "return { PRIORITY = a, VERSION = '1.0.0', access = b }");
	lua_host_write(h, "mine/lib/a.lua", "return 5");
	lua_host_write(h, "mine/b/init.lua", "return function() end");
	must_load(h, "mine", NULL);
	assert_int_equal(h->plugin->info.priority, 5);
}

static void test_modules_that_are_compiled_in(void **state)
{
	struct lua_host *h = *state;

	lua_host_write(h, "kong/db/schema/typedefs.lua", "error('not this one')");
	write_plugin(h, "mine",
		     "local typedefs = require 'kong.db.schema.typedefs'\n"
		     "assert(typedefs.protocols_http)\n" HANDLER);
	must_load(h, "mine", NULL);
}

static void test_missing_plugin_lists_the_places(void **state)
{
	struct lua_host *h = *state;
	char want[128];

	snprintf(want, sizeof(want), "no file '%s/absent/handler.lua'", h->dir);
	must_fail(h, "absent", -E_NO_PLUGIN, want);
}

/* ---- failures ---- */

static void test_broken_code(void **state)
{
	struct lua_host *h = *state;

	write_plugin(h, "syntax", "return {");
	must_fail(h, "syntax", -E_PLUGIN, "handler.lua:1: ");
	write_plugin(h, "raises", "local x = nil\nreturn x.y");
	must_fail(h, "raises", -E_PLUGIN, "handler.lua:2: attempt to index");
	write_plugin(h, "nothing", "");
	must_fail(h, "nothing", -E_PLUGIN, "returned a boolean");
	write_plugin(h, "noversion", "return { PRIORITY = 1 }");
	must_fail(h, "noversion", -E_PLUGIN, "VERSION");
	write_plugin(h, "needs", "require 'resty.nowhere'");
	must_fail(h, "needs", -E_PLUGIN, "module 'resty.nowhere' not found");
}

static void test_missing_schema(void **state)
{
	struct lua_host *h = *state;

	lua_host_write(h, "half/handler.lua", HANDLER);
	must_fail(h, "half", -E_PLUGIN, "module 'kong.plugins.half.schema' not found");
}

static void test_pdk_at_load_time(void **state)
{
	struct lua_host *h = *state;

	write_plugin(h, "early", "kong.request.get_header('x')\n" HANDLER);
	must_fail(h, "early", -E_PLUGIN,
		  "handler.lua:1: kong.request.get_header can't be called outside of a request");
}

/* ---- what a plugin prints ---- */

/* Runs load with standard output in a file; returns how many bytes it got. */
static long load_counting_output(struct lua_host *h, const char *name)
{
	FILE *out = tmpfile();
	int saved;
	long n;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fileno(out), STDOUT_FILENO);
	must_load(h, name, NULL);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	fseek(out, 0, SEEK_END);
	n = ftell(out);
	fclose(out);
	return n;
}

static void test_nothing_goes_to_standard_output(void **state)
{
	struct lua_host *h = *state;

	write_plugin(h, "loud",
		     "print('one', 2) io.write('') io.stdout:write('') io.stdout:write('x\\n')\n"
		     "io.write('y\\n') kong.log.warn('three') " HANDLER);
	assert_int_equal(load_counting_output(h, "loud"), 0);
	assert_non_null(strstr(h->log, "6 handler.lua:1 one2\n"));
	assert_non_null(strstr(h->log, "5 handler.lua:2 three\n"));
}

static void test_notes_tell_what_cannot_cross(void **state)
{
	struct lua_host *h = *state;
	json_t *notes;

	write_plugin(h, "filters",
		     "return { PRIORITY = 1, VERSION = '1', header_filter = function() end }");
	must_load(h, "filters", NULL);
	notes = h->plugin->info.notes;
	assert_true(json_array_size(notes) >= 1);
	assert_non_null(strstr(json_string_value(json_array_get(notes, 0)), "header_filter"));
	assert_int_equal(h->plugin->info.phases, PHASE_BIT(PHASE_RESPONSE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_folder_of_the_plugins_dir, setup, teardown),
		cmocka_unit_test_setup_teardown(test_package_tree_in_the_plugins_dir, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_lua_package_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_luarocks_tree_of_the_user, setup, teardown),
		cmocka_unit_test_setup_teardown(test_served_under_another_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_modules_and_init_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modules_that_are_compiled_in, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_plugin_lists_the_places, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_broken_code, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_schema, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pdk_at_load_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_goes_to_standard_output, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_notes_tell_what_cannot_cross, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
