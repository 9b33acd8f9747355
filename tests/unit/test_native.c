/* test_native.c - plugins in C: what is refused when they are loaded, how their events end, what is let go. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "plugins/runtime.h"
#include "tests/lib/lua_host.h"
#include "tests/lib/unit.h"

static const char *native_dir(void)
{
	static char dir[512];
	const char *build = getenv("OUTRIGGER_BUILD_DIR");

	assert_non_null(build);
	snprintf(dir, sizeof(dir), "%s/tests/native", build);
	return dir;
}

static int load(struct lua_host *h, const char *name, const char *conf, struct err *err)
{
	h->paths.plugins_dir = native_dir();
	return lua_host_load_as(h, name, NULL, conf, err);
}

static void open_ways(struct lua_host *h, const char *way)
{
	char conf[64];
	struct err err = {""};

	lua_host_init(h);
	snprintf(conf, sizeof(conf), "{\"do\":\"%s\"}", way);
	if (load(h, "native_ways", conf, &err) != 0)
		fail_msg("%s", err.text);
}

/* As native_ways.c has them. */
struct counts {
	unsigned init, exit, instances, stopped, hooks, instance_hooks;
};

/* Keeps the object open, so that the counts outlive the plugin. */
static struct counts *counts(void)
{
	char path[600];
	void *handle, *found;

	snprintf(path, sizeof(path), "%s/native_ways.so", native_dir());
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(handle);
	found = dlsym(handle, "native_ways_counts");
	assert_non_null(found);
	return found;
}

/* ---- loading ---- */

static void check_refused(const char *name, const char *want)
{
	struct lua_host h;
	struct err err = {""};

	lua_host_init(&h);
	assert_int_equal(load(&h, name, NULL, &err), -E_PLUGIN);
	if (strstr(err.text, want) == NULL)
		fail_msg("\"%s\" has no \"%s\"", err.text, want);
	assert_null(h.plugin);
	lua_host_close(&h);
}

static void test_bad_plugins_are_refused_with_the_reason(void **state)
{
	(void)state;
	check_refused("bad_abi", "bad_abi.so was built for version 2 of outrigger.h, and this is "
				 "version 1: build it again");
	check_refused("no_symbol",
		      "no_symbol.so exports no outrigger_plugin: define `const struct");
	check_refused("unresolved", "undefined symbol: nobody_has_this");
	check_refused("bad_json", "its schema is no JSON: ");
	check_refused("bad_schema", "schema violation (config.type: expected one of: array");
	check_refused("bad_version",
		      "VERSION field does not follow the \"x.y.z\" format, got: "
		      "\"one\". Set VERSION = \"1.0.0\" in struct outrigger_plugin.");
	check_refused("bad_name",
		      "it is named 'bad_name', and its schema 'other': name both alike");
	check_refused("no_schema", "outrigger_plugin has no schema");
}

static void test_plugin_that_is_nowhere_names_the_files_that_were_tried(void **state)
{
	struct lua_host h;
	struct err err = {""};

	(void)state;
	lua_host_init(&h);
	h.paths.c_plugin_path = "/nowhere/a::/nowhere/b";
	assert_int_equal(lua_host_load_as(&h, "absent", NULL, NULL, &err), -E_NO_PLUGIN);
	assert_non_null(strstr(err.text, "no file '/nowhere/a/absent.so', "
					 "no file '/nowhere/a/absent/absent.so', "
					 "no file '/nowhere/b/absent.so'"));
	lua_host_close(&h);
}

static void test_plugin_is_found_in_the_path_and_told_of(void **state)
{
	struct lua_host h;
	char path[600];
	struct err err = {""};

	(void)state;
	lua_host_init(&h);
	snprintf(path, sizeof(path), "/nowhere:%s", native_dir());
	h.paths.c_plugin_path = path;
	assert_int_equal(lua_host_load_as(&h, "gate", "native_gate", NULL, &err), 0);
	assert_string_equal(h.plugin->runtime->name, "native");
	assert_int_equal(h.plugin->info.priority, 7);
	assert_string_equal(h.plugin->info.version, "1.2.3");
	assert_int_equal(h.plugin->info.phases, PHASES_EXTERNAL);
	assert_string_equal(json_string_value(json_object_get(h.plugin->info.schema, "name")),
			    "gate");
	assert_non_null(strstr(h.plugin->info.where, "/native_gate.so"));
	lua_host_close(&h);
}

static void test_what_an_older_struct_lacks_is_not_read(void **state)
{
	struct lua_host h;
	struct err err = {""};

	(void)state;
	lua_host_init(&h);
	assert_int_equal(load(&h, "old_header", NULL, &err), 0);
	assert_int_equal(h.plugin->info.phases, PHASE_BIT(PHASE_ACCESS));
	lua_host_close(&h);
}

static void test_shared_objects_are_listed(void **state)
{
	struct plugin_paths paths = {.plugins_dir = native_dir()};
	json_t *names = plugin_list(&paths);
	const json_t *name;
	size_t i, found = 0;

	(void)state;
	json_array_foreach(names, i, name)
		found += strcmp(json_string_value(name), "native_ways") == 0;
	json_decref(names);
	assert_int_equal(found, 1);
}

/* Serves the object, which is `from` of the build's folder, as h->dir/NAME.so, or says why not. */
static int load_linked(struct lua_host *h, const char *name, int (*put)(const char *, const char *),
		       struct err *err)
{
	char from[600], to[600];

	lua_host_init(h);
	snprintf(from, sizeof(from), "%s/native_ways.so", native_dir());
	snprintf(to, sizeof(to), "%s/%s.so", h->dir, name);
	assert_int_equal(put(from, to), 0);
	return lua_host_load_as(h, name, NULL, NULL, err);
}

static int copy_file(const char *from, const char *to)
{
	const char *argv[] = {"cp", from, to, NULL};
	int status;
	pid_t child = fork();

	if (child == 0) {
		execvp(argv[0], (char **)argv);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

static void test_one_object_is_not_two_plugins_at_once(void **state)
{
	struct lua_host first, second;
	struct err err = {""};

	(void)state;
	open_ways(&first, "nothing");
	assert_int_equal(load_linked(&second, "other", symlink, &err), -E_PLUGIN);
	assert_non_null(strstr(err.text, "/other.so runs already, as plugin 'native_ways'"));
	lua_host_close(&second);
	lua_host_close(&first);
	assert_int_equal(load_linked(&second, "other", symlink, &err), 0);
	lua_host_close(&second);
}

static void test_a_copy_of_an_object_has_variables_of_its_own(void **state)
{
	struct lua_host first, second;
	struct err err = {""};
	unsigned before;

	(void)state;
	open_ways(&first, "nothing");
	before = counts()->init;
	if (load_linked(&second, "other", copy_file, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(counts()->init, before);
	lua_host_close(&second);
	lua_host_close(&first);
}

/* ---- events ---- */

static void run_way(const char *way, int rc, const char *text)
{
	struct lua_host h;
	struct lua_event ev;

	open_ways(&h, way);
	assert_int_equal(lua_event_run(&ev, &h, PHASE_ACCESS), rc);
	if (text != NULL)
		assert_string_equal(ev.err.text, text);
	lua_host_close(&h);
}

static void test_results_of_handlers(void **state)
{
	(void)state;
	run_way("nothing", 0, NULL);
	run_way("wait", 0, NULL);
	run_way("deep", 0, NULL);
	run_way("fail", -E_HANDLER, "failed in access");
	run_way("speak", -E_HANDLER, "kong.client.authenticate is not called here");
	run_way("fail_silently", -E_HANDLER, "access of the plugin returned 17");
	run_way("fail_by_call", -E_HANDLER, "code must be a number between 100 and 599");
}

static void test_phase_that_the_plugin_lacks_does_nothing(void **state)
{
	struct lua_host h;
	struct lua_event ev;

	(void)state;
	open_ways(&h, "fail");
	assert_int_equal(lua_event_run(&ev, &h, PHASE_LOG), 0);
	lua_host_close(&h);
}

static void check_hooks(const char *way, bool waits)
{
	struct lua_host h;
	struct lua_event ev;
	unsigned before;

	open_ways(&h, way);
	before = counts()->hooks;
	lua_event_start(&ev, &h, PHASE_ACCESS);
	assert_int_equal(ev.waiting, waits);
	assert_int_equal(counts()->hooks, before);
	lua_event_end(&ev);
	assert_int_equal(counts()->hooks, before + 1);
	lua_host_close(&h);
}

static void test_hooks_run_however_the_event_ends(void **state)
{
	(void)state;
	check_hooks("nothing", false);
	check_hooks("fail", false);
	check_hooks("exit", false);
	check_hooks("wait", true); /* given up while the gateway has the turn */
}

static void test_event_memory_is_taken_back(void **state)
{
	struct lua_host h;
	struct lua_event ev;

	(void)state;
	open_ways(&h, "leak");
	for (int i = 0; i < 200; i++) {
		lua_event_start(&ev, &h, PHASE_ACCESS);
		assert_true(ev.done);
		assert_true(ev.rq.arena.total >= 16 * 4096);
		lua_event_end(&ev);
		assert_int_equal(ev.rq.arena.total, 0);
	}
	lua_host_close(&h);
}

static void test_lost_gateway_is_told_to_the_handler(void **state)
{
	struct lua_host h;
	struct lua_event ev;

	(void)state;
	open_ways(&h, "wait");
	lua_event_start(&ev, &h, PHASE_ACCESS);
	ev.reply_rc = -E_CLOSED;
	lua_event_step(&ev);
	assert_true(ev.done);
	assert_int_equal(ev.rc, -E_HANDLER);
	assert_string_equal(ev.err.text, "kong.request.get_header: connection lost");
	lua_event_end(&ev);
	lua_host_close(&h);
}

/* ---- the process and its instances ---- */

static void test_lives_of_process_and_instances(void **state)
{
	struct lua_host h;
	struct counts before = *counts();

	(void)state;
	open_ways(&h, "nothing");
	assert_non_null(strstr(h.log, "6 init says 42"));
	assert_int_equal(counts()->init, before.init + 1);
	assert_int_equal(counts()->instances, before.instances + 1);
	assert_int_equal(counts()->instance_hooks, before.instance_hooks);
	lua_host_close(&h);
	assert_int_equal(counts()->stopped, before.stopped + 1);
	assert_int_equal(counts()->instance_hooks, before.instance_hooks + 1);
	assert_int_equal(counts()->exit, before.exit + 1);
}

static void test_conf_can_be_refused(void **state)
{
	struct lua_host h;
	struct err err = {""};
	unsigned hooks = counts()->instance_hooks;

	(void)state;
	lua_host_init(&h);
	assert_int_equal(load(&h, "native_ways", "{\"do\":\"refused\"}", &err), -E_CONF);
	assert_string_equal(err.text, "do: 'refused' is refused");
	assert_int_equal(counts()->instance_hooks, hooks + 1);
	lua_host_close(&h);
}

static char told[4096];

static struct value keep_log(struct lua_event *ev, const char *method, const struct value *argv,
			     size_t argc)
{
	size_t n = strlen(told);

	(void)ev;
	assert_string_equal(method, "kong.log.notice");
	assert_int_equal(argc, 1);
	snprintf(told + n, sizeof(told) - n, "%.*s\n", (int)argv[0].len, argv[0].s);
	return value_nil();
}

static void test_conf_is_read_by_path_and_type(void **state)
{
	struct lua_host h;
	struct err err = {""};

	(void)state;
	lua_host_init(&h);
	assert_int_equal(
		load(&h, "native_conf",
		     "{\"paths\":[\"s\",\"a.i\",\"a.f\",\"a.whole\",\"no\",\"list\",\"a.none\","
		     "\"m\",\"s.i\",\"null\"],\"s\":\"text\",\"m\":{\"k\":7},\"a\":{\"i\":5,\"f\":1.5,"
		     "\"whole\":3.0},\"no\":false,\"list\":[\"x\",\"y\"],\"null\":null}",
		     &err),
		0);
	h.answer = keep_log;
	told[0] = '\0';
	lua_host_access(&h);
	assert_string_equal(told, "s: text -1 -0.5 1 0 [1]=- \n"
				  "a.i: - 5 5 1 0 [1]=- \n"
				  "a.f: - -1 1.5 1 0 [1]=- \n"
				  "a.whole: - 3 3 1 0 [1]=- \n"
				  "no: - -1 -0.5 0 0 [1]=- \n"
				  "list: - -1 -0.5 1 2 [1]=y \n"
				  "a.none: - -1 -0.5 1 0 [1]=- \n"
				  "m: - -1 -0.5 1 1 [1]=- k=7,\n"
				  "s.i: - -1 -0.5 1 0 [1]=- \n"
				  "null: - -1 -0.5 1 0 [1]=- \n");
	lua_host_close(&h);
}

/* ---- plugins that break the process ---- */

static void die_of(const char *way)
{
	struct rlimit none = {0, 0};
	struct lua_host h;
	struct lua_event ev;

	setrlimit(RLIMIT_CORE, &none);
	assert_non_null(freopen("/dev/null", "w", stderr));
	open_ways(&h, way);
	lua_event_run(&ev, &h, PHASE_ACCESS);
	_exit(0);
}

/* Runs it in a process of its own; returns whether that ended well. */
static bool survives(const char *way)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0)
		die_of(way);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_stack_overflow_hits_the_guard_page(void **state)
{
	(void)state;
	assert_true(survives("deep"));
	assert_false(survives("overflow"));
}

static void test_double_free_ends_the_process(void **state)
{
	(void)state;
	assert_true(survives("nothing"));
	assert_false(survives("free_twice"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_plugins_are_refused_with_the_reason),
		cmocka_unit_test(test_plugin_that_is_nowhere_names_the_files_that_were_tried),
		cmocka_unit_test(test_plugin_is_found_in_the_path_and_told_of),
		cmocka_unit_test(test_what_an_older_struct_lacks_is_not_read),
		cmocka_unit_test(test_shared_objects_are_listed),
		cmocka_unit_test(test_one_object_is_not_two_plugins_at_once),
		cmocka_unit_test(test_a_copy_of_an_object_has_variables_of_its_own),
		cmocka_unit_test(test_results_of_handlers),
		cmocka_unit_test(test_phase_that_the_plugin_lacks_does_nothing),
		cmocka_unit_test(test_hooks_run_however_the_event_ends),
		cmocka_unit_test(test_event_memory_is_taken_back),
		cmocka_unit_test(test_lost_gateway_is_told_to_the_handler),
		cmocka_unit_test(test_lives_of_process_and_instances),
		cmocka_unit_test(test_conf_can_be_refused),
		cmocka_unit_test(test_conf_is_read_by_path_and_type),
		cmocka_unit_test(test_stack_overflow_hits_the_guard_page),
		cmocka_unit_test(test_double_free_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
