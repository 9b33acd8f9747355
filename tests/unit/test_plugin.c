/* test_plugin.c - finding, loading and describing plugins, with a runtime that only plays one. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "plugins/plugin.h"
#include "plugins/runtime.h"
#include "tests/unit/fake_runtime.h"
#include "tests/unit/mp_bytes.h"

/* A second one, which never has anything. */
static int find_nothing(const struct plugin_spec *spec, struct err *err)
{
	err_set(err, E_NO_PLUGIN, "/empty/%s.so", spec->name);
	return 0;
}

static const struct runtime runtime_empty = {.name = "empty", .find = find_nothing};

/* Linked instead of the program's list (runtimes.c). */
const struct runtime *const plugin_runtimes[] = {&runtime_empty, &runtime_fake, NULL};

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.found = 1;
	return 0;
}

static void a_plugin_is_loaded_by_the_runtime_that_has_it(void **state)
{
	struct plugin_spec spec = {.name = "my-auth", .module = "key-auth"};
	struct plugin *plugin = NULL;

	(void)state;
	spec.env.kong_version = 309;
	assert_int_equal(plugin_load(&spec, &plugin, NULL), 0);
	assert_string_equal(plugin->name, "my-auth");
	assert_string_equal(plugin->module, "key-auth");
	assert_ptr_equal(plugin->runtime, &runtime_fake);
	assert_int_equal(plugin->env.kong_version, 309);
	assert_ptr_equal(plugin->env.plugin, plugin->name);
	plugin_destroy(plugin);
	assert_int_equal(fake.unloads, 1);
	plugin_destroy(NULL);
}

static void without_a_module_the_name_is_the_module(void **state)
{
	const struct plugin_spec spec = {.name = "p"};
	struct plugin *plugin = NULL;

	(void)state;
	assert_int_equal(plugin_load(&spec, &plugin, NULL), 0);
	assert_string_equal(plugin->module, "p");
	plugin_destroy(plugin);
}

static void assert_not_loaded(const struct plugin_spec *spec, int code, const char *text)
{
	struct plugin *plugin = NULL;
	struct err err = {"what an earlier call left"};

	assert_int_equal(plugin_load(spec, &plugin, &err), -code);
	assert_contains(err.text, text);
	assert_null(strstr(err.text, "earlier"));
	assert_null(plugin);
}

static void a_missing_plugin_is_told_with_all_places_that_were_tried(void **state)
{
	const struct plugin_spec spec = {.name = "absent"};

	(void)state;
	fake.found = 0;
	assert_not_loaded(&spec, E_NO_PLUGIN, "'absent'");
	assert_not_loaded(&spec, E_NO_PLUGIN, "/empty/absent.so; /nowhere/absent");
	assert_int_equal(fake.loads, 0);
}

static void a_failed_search_is_an_error(void **state)
{
	const struct plugin_spec spec = {.name = "p"};

	(void)state;
	fake.found = -E_IO;
	assert_not_loaded(&spec, E_IO, "plugin 'p': can't look");
}

static void a_plugin_that_does_not_load_is_freed(void **state)
{
	const struct plugin_spec spec = {.name = "p"};

	(void)state;
	fake.load_rc = -E_PLUGIN;
	assert_not_loaded(&spec, E_PLUGIN, "plugin 'p': line 3: oops");
	assert_int_equal(fake.unloads, 0);
	fake.load_half = true;
	assert_not_loaded(&spec, E_PLUGIN, "plugin 'p'");
	assert_int_equal(fake.unloads, 1);
}

static void names_that_could_leave_their_folder_are_refused(void **state)
{
	static const char *const bad[] = {"",     ".",   "..",   ".x",  "-x",      "a/b",
					  "a..b", "a b", "a\nb", "a'b", "\xc3\xa4"};
	char longest[LIMIT_PLUGIN_NAME + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct plugin_spec name = {.name = bad[i]};
		const struct plugin_spec module = {.name = "p", .module = bad[i]};

		assert_not_loaded(&name, E_NO_PLUGIN, "the name of a plugin");
		assert_not_loaded(&module, E_NO_PLUGIN, "the module of a plugin");
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_not_loaded(&(struct plugin_spec){.name = longest}, E_NO_PLUGIN, "at most 128");
	assert_int_equal(fake.loads, 0);
}

static void usual_names_are_taken(void **state)
{
	static const char *const good[] = {"p", "key-auth", "my_plugin", "a.b", "_x", "0x", "A-1"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct plugin_spec spec = {.name = good[i]};
		struct plugin *plugin = NULL;

		assert_int_equal(plugin_load(&spec, &plugin, NULL), 0);
		plugin_destroy(plugin);
	}
}

static void a_description_has_the_keys_of_the_query_answer(void **state)
{
	const struct plugin_spec spec = {.name = "p"};
	struct plugin *plugin = NULL;
	json_t *is, *expected;

	(void)state;
	assert_int_equal(plugin_load(&spec, &plugin, NULL), 0);
	is = plugin_describe(plugin);
	expected = json_pack("{s:s, s:i, s:s, s:[s, s], s:{s:s, s:[]}}", "Name", "p", "Priority",
			     1000, "Version", "1.2.3", "Phases", "access", "log", "Schema", "name",
			     "p", "fields");
	assert_non_null(expected);
	assert_true(json_equal(is, expected));
	json_decref(is);
	json_decref(expected);
	plugin_destroy(plugin);
}

static void touch(const char *dir, const char *name, const char *file)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
	if (file == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s/%s", dir, name, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
}

static void erase(const char *dir, const char *name, const char *file)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s/%s", dir, name, file != NULL ? file : "");
	if (file != NULL)
		assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(rmdir(path), 0);
}

static void the_list_has_the_folders_with_a_handler_sorted(void **state)
{
	char dir[] = "/tmp/outrigger-plugin-XXXXXX";
	struct plugin_paths paths = {.plugins_dir = mkdtemp(dir)};
	json_t *is, *expected = json_pack("[s, s]", "alpha", "beta");

	(void)state;
	assert_non_null(paths.plugins_dir);
	touch(dir, "beta", "handler.lua");
	touch(dir, "alpha", "handler.lua");
	touch(dir, "no-handler", "schema.lua");
	touch(dir, "empty", NULL);
	touch(dir, ".hidden", "handler.lua");
	is = plugin_list(&paths);
	erase(dir, "beta", "handler.lua");
	erase(dir, "alpha", "handler.lua");
	erase(dir, "no-handler", "schema.lua");
	erase(dir, "empty", NULL);
	erase(dir, ".hidden", "handler.lua");
	assert_int_equal(rmdir(dir), 0);
	assert_true(json_equal(is, expected));
	json_decref(is);
	json_decref(expected);
}

static void without_a_folder_the_list_is_empty(void **state)
{
	const struct plugin_paths none = {0}, absent = {.plugins_dir = "/nonexistent/outrigger"};
	json_t *list = plugin_list(&none);

	(void)state;
	assert_int_equal(json_array_size(list), 0);
	assert_true(json_is_array(list));
	json_decref(list);
	list = plugin_list(&absent);
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, setup)
		TEST(a_plugin_is_loaded_by_the_runtime_that_has_it),
		TEST(without_a_module_the_name_is_the_module),
		TEST(a_missing_plugin_is_told_with_all_places_that_were_tried),
		TEST(a_failed_search_is_an_error),
		TEST(a_plugin_that_does_not_load_is_freed),
		TEST(names_that_could_leave_their_folder_are_refused),
		TEST(usual_names_are_taken),
		TEST(a_description_has_the_keys_of_the_query_answer),
		TEST(the_list_has_the_folders_with_a_handler_sorted),
		TEST(without_a_folder_the_list_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
