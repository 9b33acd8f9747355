/* test_plan.c - which plugins share a process, and the settings that its worker gets. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/config/settings.h"
#include "server/supervisor/config_text.h"
#include "server/supervisor/plan.h"
#include "server/supervisor/sealed_file.h"

static struct {
	struct config config;
	struct plan plan;
	struct err err;
} t;

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void read_settings(const char *const *given)
{
	size_t n = 0;

	while (given[n] != NULL)
		n++;
	assert_int_equal(config_init(&t.config, NULL, given, n, &t.err), 0);
	assert_int_equal(plan_init(&t.plan, &t.config, &t.err), 0);
}

static int setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	plan_fini(&t.plan);
	config_fini(&t.config);
	return 0;
}

static void each_plugin_has_a_process_of_its_own(void **state)
{
	(void)state;
	read_settings(LIST("plugins=a,b,c"));
	assert_int_equal(t.plan.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(t.plan.groups[i].name, t.config.plugins[i].name);
		assert_int_equal(t.plan.groups[i].workers, 1);
		assert_int_equal(t.plan.group_of[i], i);
	}
}

static void plugins_may_share_one_by_its_name(void **state)
{
	(void)state;
	read_settings(LIST("plugins=a,b,c", "plugin_a_process=x", "plugin_c_process=x",
			   "plugin_c_workers=3", "workers=2"));
	assert_int_equal(t.plan.count, 2);
	assert_string_equal(t.plan.groups[0].name, "x");
	assert_int_equal(t.plan.groups[0].plugin_count, 2);
	assert_int_equal(t.plan.groups[0].plugins[1], 2);
	assert_int_equal(t.plan.groups[0].workers, 3);
	assert_int_equal(t.plan.groups[1].workers, 2);
	assert_int_equal(t.plan.group_of[2], 0);
}

static void a_common_socket_means_a_common_process(void **state)
{
	(void)state;
	read_settings(LIST("plugins=a,b,c", "plugin_a_socket=/s", "plugin_b_socket=/s"));
	assert_int_equal(t.plan.count, 2);
	assert_int_equal(t.plan.group_of[1], 0);
}

static void what_belongs_together_by_others_does_too(void **state)
{
	(void)state;
	read_settings(LIST("plugins=a,b,c,d", "plugin_a_socket=/s", "plugin_d_socket=/s",
			   "plugin_c_process=x", "plugin_d_process=x"));
	assert_int_equal(t.plan.count, 2);
	assert_int_equal(t.plan.groups[0].plugin_count, 3);
	assert_int_equal(t.plan.group_of[1], 1);
	assert_int_equal(t.plan.group_of[2], 0);
}

static void a_process_has_at_least_one_worker(void **state)
{
	(void)state;
	assert_int_equal(
		config_init(&t.config, NULL, LIST("plugins=a", "plugin_a_workers=0"), 2, &t.err),
		-E_CONF);
	assert_non_null(strstr(t.err.text, "at least 1"));
}

/* The settings of plugins `which`, as a worker reads them. */
static void hand_down(const size_t *which, size_t n, struct config *ret)
{
	struct buf text = {0};
	char path[64];
	int fd = -1;

	assert_int_equal(config_text_write(&t.config, which, n, &text, &t.err), 0);
	assert_int_equal(
		sealed_file_create("settings", buf_head(&text), buf_len(&text), &fd, &t.err), 0);
	assert_int_equal(write(fd, "x", 1), -1); /* sealed */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (config_init_file(ret, path, &t.err) != 0)
		fail_msg("%s", t.err.text);
	close(fd);
	buf_fini(&text);
}

static void a_worker_reads_what_was_set_for_its_plugins(void **state)
{
	const size_t which[] = {0, 2};
	struct config worker;

	(void)state;
	setenv("OUTRIGGER_STEP_TIMEOUT", "7s", 1);
	read_settings(LIST("plugins=a,b-b,c", "prefix=/odd #\\ \\#place\\", "on_error=open",
			   "plugin_c_on_error=closed", "plugin_c_module=other", "max_events=77",
			   "plugin_b_b_socket=/s", "log=stderr", "max_message_size=2m"));
	setenv("OUTRIGGER_STEP_TIMEOUT", "8s", 1);
	hand_down(which, 2, &worker);
	unsetenv("OUTRIGGER_STEP_TIMEOUT");
	assert_int_equal(worker.plugin_count, 2);
	assert_string_equal(worker.prefix, "/odd #\\ \\#place\\");
	assert_string_equal(worker.plugins[0].name, "a");
	assert_string_equal(worker.plugins[1].name, "c");
	assert_string_equal(worker.plugins[1].module, "other");
	assert_int_equal(worker.plugins[0].on_error, ON_ERROR_OPEN);
	assert_int_equal(worker.plugins[1].on_error, ON_ERROR_CLOSED);
	assert_true(worker.plugins[1].step_timeout == 7);
	assert_int_equal(worker.max_events, 77);
	assert_int_equal(worker.limits.message_size, 2 << 20);
	config_fini(&worker);
}

static void what_was_not_set_stays_so(void **state)
{
	const size_t which[] = {0};
	struct config worker;

	(void)state;
	read_settings(LIST("plugins=a"));
	hand_down(which, 1, &worker);
	assert_null(settings_find(worker.settings, "kong_version"));
	assert_string_equal(worker.prefix, t.config.prefix);
	assert_string_equal(worker.log, t.config.log);
	assert_string_equal(worker.protocol, "auto");
	config_fini(&worker);
}

static void a_value_with_a_lines_end_is_refused(void **state)
{
	const size_t which[] = {0};
	struct buf text = {0};

	(void)state;
	read_settings(LIST("plugins=a", "lua_package_path=/x\nplugins=evil"));
	assert_int_equal(config_text_write(&t.config, which, 1, &text, &t.err), -E_CONF);
	assert_non_null(strstr(t.err.text, "lua_package_path"));
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_plugin_has_a_process_of_its_own, setup,
						teardown),
		cmocka_unit_test_setup_teardown(plugins_may_share_one_by_its_name, setup, teardown),
		cmocka_unit_test_setup_teardown(a_common_socket_means_a_common_process, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_belongs_together_by_others_does_too, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_process_has_at_least_one_worker, setup, teardown),
		cmocka_unit_test_setup_teardown(a_worker_reads_what_was_set_for_its_plugins, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_was_not_set_stays_so, setup, teardown),
		cmocka_unit_test_setup_teardown(a_value_with_a_lines_end_is_refused, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
