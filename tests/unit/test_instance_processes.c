/* test_instance_processes.c - instances over several processes, and what plugins are told of them. */
#include "tests/unit/instance_fixture.h"

/* ---- several processes, and one after the other ---- */

static void equal_confs_share_a_row_over_all_processes(void **state)
{
	struct fixture *f = *state;
	int64_t id = start(f, &f->one, "{\"a\":1,\"__seq__\":1}", 0);

	begin_process(f, &f->other);
	f->table = f->other.table;
	assert_int_equal(start(f, &f->one, "{\"__seq__\":2,\"a\":1}", 0), id);
	assert_int_equal(fake.starts, 2);
	assert_int_equal(look(f, id)->instance.refs, 2);
	instance_close(f->self.table, id, 0);
	assert_int_equal(look(f, id)->instance.refs, 1);
}

static void an_instance_of_another_process_is_made_live_here_on_demand(void **state)
{
	struct fixture *f = *state;
	struct instance *i;
	int64_t id;

	begin_process(f, &f->other);
	id = start(f, &f->two, "{\"a\":1,\"__seq__\":3}", 0);
	f->table = f->other.table;
	i = get(f, id, 1);
	assert_int_equal(i->id, id);
	assert_ptr_equal(i->plugin, &f->two);
	assert_int_equal(json_integer_value(json_object_get(i->live, "__seq__")), 3);
	assert_int_equal(fake.starts, 2);
}

static void instances_outlive_their_process(void **state)
{
	struct fixture *f = *state;
	int64_t id = start(f, &f->one, "{\"a\":1}", 0);

	restart(f);
	assert_int_equal(instance_count(f->table), 1);
	assert_int_equal(get(f, id, 1)->id, id);
	assert_int_equal(start(f, &f->one, "{\"a\":1}", 2), id);
	assert_int_equal(start(f, &f->one, "{\"a\":2}", 2), 1124);
}

static void what_another_process_uses_is_not_evicted(void **state)
{
	struct fixture *f = *state;
	struct instance *i = NULL;
	int64_t used = start(f, &f->one, "{\"a\":1}", 0), unused = start(f, &f->one, "{}", 0);

	begin_process(f, &f->other);
	f->table = f->other.table;
	get(f, used, ROW_IDLE - 1);
	f->table = f->self.table;
	instance_sweep(f->table, ROW_IDLE + 61);
	assert_int_equal(instance_count(f->table), 1);
	get(f, used, ROW_IDLE + 62);
	assert_error(try_get(f, unused, ROW_IDLE + 62, &i), NO_INSTANCE);
}

/* Each minute is near enough: a note of each use would be a lock for each event. */
static void a_use_is_noted_once_a_minute_and_when_it_is_let_go(void **state)
{
	struct fixture *f = *state;
	int64_t id = start(f, &f->one, "{}", 0);

	begin_process(f, &f->other);
	get(f, id, INSTANCE_NOTE_EVERY - 1);
	f->table = f->other.table;
	assert_true(look(f, id)->instance.used_at == 0);
	instance_sweep(f->self.table, INSTANCE_NOTE_EVERY + LIVE_IDLE);
	restart(f);
	assert_true(look(f, id)->instance.used_at == INSTANCE_NOTE_EVERY - 1);
}

static void an_instance_of_a_plugin_that_is_not_served_is_unknown(void **state)
{
	struct fixture *f = *state;
	struct plugin three = {.name = (char *)"three", .runtime = &runtime_fake};
	int64_t id = start(f, &three, "{}", 0);
	struct instance *i = NULL;

	restart(f);
	assert_error(try_get(f, id, 0, &i), NO_INSTANCE);
	assert_string_equal(f->err.text, "no plugin instance 100");
}

/* The worst that can happen to the registry. */
static void an_instance_whose_row_was_lost_goes_on_and_can_be_started_anew(void **state)
{
	struct fixture *f = *state;
	int64_t old = start(f, &f->one, "{}", 0), new;

	assert_int_equal(pwrite(f->fd, "xxxxxxxx", 8, 0), 8);
	get(f, old, 1);
	new = start(f, &f->one, "{}", 2);
	assert_true(new > old);
	get(f, old, 3);
	get(f, new, 3);
	restart(f);
	get(f, new, 4);
}

static void an_instance_that_has_only_its_row_is_unknown_once_that_is_lost(void **state)
{
	struct fixture *f = *state;
	struct instance *i = NULL;
	int64_t id = start(f, &f->one, "{}", 0);

	instance_close(f->table, id, 0);
	assert_int_equal(pwrite(f->fd, "xxxxxxxx", 8, 0), 8);
	assert_error(try_get(f, id, 1, &i), NO_INSTANCE);
	assert_string_equal(f->err.text, "no plugin instance 100");
	assert_true(start(f, &f->one, "{}", 2) > id);
}

/* ---- what plugins are told ---- */

static void expect_told(const char *text)
{
	assert_string_equal(fake.told, text);
	fake.told[0] = '\0';
}

static void a_plugin_that_asks_for_it_is_told_when_its_set_of_confs_changes(void **state)
{
	struct fixture *f = *state;
	int64_t a, b;

	f->one.info.configures = true;
	a = start(f, &f->one, "{\"a\":1}", 0);
	expect_told("{\"a\":1}* ; ");
	start(f, &f->two, "{\"c\":1}", 0);
	start(f, &f->one, "{\"a\":1}", 0);
	expect_told("");
	b = start(f, &f->one, "{\"b\":1}", 0);
	expect_told("{\"a\":1}* {\"b\":1}* ; ");
	instance_close(f->table, a, 0);
	expect_told("");
	instance_close(f->table, a, 0);
	expect_told("{\"b\":1}* ; ");
	instance_close(f->table, a, 0);
	get(f, b, 0);
	expect_told("");
	instance_close(f->table, b, 0);
	expect_told("; ");
}

static void a_plugin_is_told_of_what_idles_but_not_of_what_is_evicted(void **state)
{
	struct fixture *f = *state;
	struct instance *i = NULL;
	int64_t a, b;

	f->one.info.configures = true;
	a = start(f, &f->one, "{\"a\":1}", 0);
	b = start(f, &f->one, "{\"b\":1}", 0);
	fake.told[0] = '\0';
	instance_sweep(f->table, LIVE_IDLE + 1);
	expect_told("");
	get(f, b, ROW_IDLE + 60);
	expect_told("{\"a\":1} {\"b\":1}* ; ");
	instance_sweep(f->table, ROW_IDLE + 61);
	expect_told("{\"b\":1}* ; ");
	assert_error(instance_find(f->table, a, &i, &f->err), NO_INSTANCE);
}

static void a_plugin_is_told_of_what_was_started_before_its_process(void **state)
{
	struct fixture *f = *state;
	int64_t b;

	f->one.info.configures = true;
	start(f, &f->one, "{\"a\":1}", 0);
	b = start(f, &f->one, "{\"b\":1}", 0);
	restart(f);
	fake.told[0] = '\0';
	get(f, b, 1);
	expect_told("{\"b\":1}* {\"a\":1} ; ");
}

static void a_start_that_fails_changes_no_set(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	f->one.info.configures = true;
	fake.start_rc = -E_CONF;
	assert_error(try_start(f, &f->one, "{}", 0, &id), CONF);
	expect_told("");
}

static char logged[256];

static void keep_log(struct pdk_rq *rq, enum log_level level, const char *text, size_t n)
{
	(void)rq;
	snprintf(logged, sizeof(logged), "%d %.*s", (int)level, (int)n, text);
}

static void a_plugin_that_does_not_like_its_set_is_served_all_the_same(void **state)
{
	static const struct pdk_port port = {.log = keep_log};
	struct fixture *f = *state;

	f->one.info.configures = true;
	f->one.env.port = &port;
	fake.configure_rc = -E_HANDLER;
	get(f, start(f, &f->one, "{}", 0), 0);
	assert_string_equal(logged, "4 configure of plugin 'one': too many");
	expect_told("{}* ; ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(equal_confs_share_a_row_over_all_processes),
		TEST(an_instance_of_another_process_is_made_live_here_on_demand),
		TEST(instances_outlive_their_process),
		TEST(what_another_process_uses_is_not_evicted),
		TEST(a_use_is_noted_once_a_minute_and_when_it_is_let_go),
		TEST(an_instance_of_a_plugin_that_is_not_served_is_unknown),
		TEST(an_instance_that_has_only_its_row_is_unknown_once_that_is_lost),
		TEST(an_instance_whose_row_was_lost_goes_on_and_can_be_started_anew),
		TEST(a_plugin_that_asks_for_it_is_told_when_its_set_of_confs_changes),
		TEST(a_plugin_is_told_of_what_idles_but_not_of_what_is_evicted),
		TEST(a_plugin_is_told_of_what_was_started_before_its_process),
		TEST(a_start_that_fails_changes_no_set),
		TEST(a_plugin_that_does_not_like_its_set_is_served_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
