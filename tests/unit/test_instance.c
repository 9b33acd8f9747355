/* test_instance.c - rows, ids and live objects: shared, counted, dropped, made again, never stale. */
#include <unistd.h>
#include "plugins/instance.h"
#include "server/registry/registry.h"
#include "tests/unit/fake_runtime.h"
#include "tests/unit/mp_bytes.h"

#define LIVE_IDLE 60.0
#define ROW_IDLE 3600.0

/* What one process has of the instances. */
struct process {
	struct registry *registry;
	struct instance_table *table;
};

struct fixture {
	int fd; /* the registry's memory */
	struct registry_options rows;
	struct process self, other;
	struct instance_table *table; /* of self */
	struct plugin one, two;
	struct err err;
	/* what reserve_ids gives */
	uint32_t first, block;
	unsigned reservations;
	int reserve_rc;
};

static int reserve(void *user, uint32_t *ret_first, uint32_t *ret_end, struct err *err)
{
	struct fixture *f = user;

	if (f->reserve_rc != 0)
		return err_set(err, (enum err_code)(-f->reserve_rc), "can't write ids");
	f->reservations++;
	*ret_first = f->first;
	*ret_end = f->first += f->block;
	return 0;
}

static struct plugin *find_plugin(void *user, const char *name)
{
	struct fixture *f = user;

	if (strcmp(name, "one") == 0)
		return &f->one;
	return strcmp(name, "two") == 0 ? &f->two : NULL;
}

static void end_process(struct process *p)
{
	instance_table_destroy(p->table);
	registry_close(p->registry);
	*p = (struct process){NULL, NULL};
}

static void begin_process(struct fixture *f, struct process *p)
{
	struct instance_options options = {.live_idle = LIVE_IDLE,
					   .find_plugin = find_plugin,
					   .reserve_ids = reserve,
					   .plugin_user = f,
					   .ids_user = f,
					   .watch = fake_watch};

	end_process(p);
	assert_int_equal(registry_open(f->fd, &f->rows, &p->registry, &f->err), 0);
	options.store = registry_store(p->registry);
	p->table = instance_table_create(&options);
	assert_non_null(p->table);
	f->table = f->self.table;
}

static void restart(struct fixture *f)
{
	begin_process(f, &f->self);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	memset(&fake, 0, sizeof(fake));
	f->one = (struct plugin){.name = (char *)"one", .runtime = &runtime_fake};
	f->two = (struct plugin){.name = (char *)"two", .runtime = &runtime_fake};
	f->first = 100;
	f->block = 1024;
	f->rows = (struct registry_options){.max = 4, .row_idle = ROW_IDLE};
	if (registry_file_create(7, &f->fd, &f->err) != 0)
		return -1;
	restart(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	end_process(&f->self);
	end_process(&f->other);
	close(f->fd);
	free(f);
	return fake.starts != fake.stops || fake.watched != 0;
}

static int try_start(struct fixture *f, struct plugin *plugin, const char *conf, double now,
		     int64_t *ret_id)
{
	f->err.text[0] = '\0';
	return instance_start(f->table, plugin, conf, strlen(conf), now, ret_id, &f->err);
}

static int64_t start(struct fixture *f, struct plugin *plugin, const char *conf, double now)
{
	int64_t id = -1;

	if (try_start(f, plugin, conf, now, &id) != 0)
		fail_msg("%s", f->err.text);
	return id;
}

static int try_get(struct fixture *f, int64_t id, double now, struct instance **ret)
{
	struct instance *instance = NULL;
	int rc = instance_find(f->table, id, &instance, &f->err);

	if (rc == 0)
		rc = instance_revive(f->table, instance, now, &f->err);
	if (rc == 0)
		*ret = instance;
	return rc;
}

static struct instance *get(struct fixture *f, int64_t id, double now)
{
	struct instance *instance = NULL;

	assert_int_equal(try_get(f, id, now, &instance), 0);
	assert_non_null(instance->live);
	return instance;
}

static const struct instance *look(struct fixture *f, int64_t id)
{
	const struct instance *instance = NULL;

	assert_int_equal(instance_look(f->table, id, &instance, &f->err), 0);
	return instance;
}

static void a_started_instance_is_found_with_its_conf(void **state)
{
	struct fixture *f = *state;
	int64_t id = start(f, &f->one, "{\"a\":1,\"__seq__\":3}", 0);
	struct instance *i = get(f, id, 0);

	assert_int_equal(i->id, id);
	assert_ptr_equal(i->plugin, &f->one);
	assert_ptr_equal(i->conf, fake.started_with);
	assert_int_equal(json_integer_value(json_object_get(i->conf, "__seq__")), 3);
	assert_int_equal(i->refs, 1);
}

static void equal_confs_share_one_instance(void **state)
{
	struct fixture *f = *state;
	int64_t id = start(f, &f->one, "{\"a\":{\"x\":1,\"y\":[2]},\"b\":2,\"__seq__\":3}", 0);

	assert_int_equal(start(f, &f->one, "{\"__seq__\":9,\"b\":2, \"a\":{\"y\":[2],\"x\":1}}", 0),
			 id);
	assert_int_equal(start(f, &f->one, "{\"b\":2,\"a\":{\"y\":[2],\"x\":1}}", 0), id);
	assert_int_equal(fake.starts, 1);
	assert_int_equal(get(f, id, 0)->refs, 3);
	assert_int_equal(instance_count(f->table), 1);
}

static void different_confs_and_plugins_do_not_share(void **state)
{
	struct fixture *f = *state;
	int64_t a = start(f, &f->one, "{\"a\":{\"__seq__\":1}}", 0);
	int64_t b = start(f, &f->one, "{\"a\":{\"__seq__\":2}}", 0);
	int64_t c = start(f, &f->two, "{\"a\":{\"__seq__\":1}}", 0);
	int64_t d = start(f, &f->one, "{\"a\":[]}", 0);

	assert_true(a != b && a != c && a != d && b != c && b != d && c != d);
	assert_int_equal(instance_count(f->table), 4);
}

static void what_is_no_object_is_refused_with_its_reason(void **state)
{
	static const char *const confs[] = {"", "{", "nil", "[]", "7", "\"x\"", "{} x"};
	struct fixture *f = *state;
	int64_t id = -7;

	for (size_t i = 0; i < sizeof(confs) / sizeof(confs[0]); i++) {
		assert_error(try_start(f, &f->one, confs[i], 0, &id), CONF);
		assert_contains(f->err.text, "conf of plugin 'one'");
	}
	assert_contains(f->err.text, "byte 4");
	assert_int_equal(id, -7);
	assert_int_equal(instance_count(f->table), 0);
}

static void a_nul_in_a_conf_is_kept(void **state)
{
	struct fixture *f = *state;
	int64_t a = start(f, &f->one, "{\"k\":\"x\\u0000a\"}", 0);
	int64_t b = start(f, &f->one, "{\"k\":\"x\\u0000b\"}", 0);

	assert_true(a != b);
	assert_int_equal(json_string_length(json_object_get(get(f, a, 0)->conf, "k")), 3);
}

static void a_conf_that_the_plugin_refuses_leaves_no_row(void **state)
{
	struct fixture *f = *state;
	int64_t id = -7;

	fake.start_rc = -E_CONF;
	assert_error(try_start(f, &f->one, "{}", 0, &id), CONF);
	assert_string_equal(f->err.text,
			    "the conf of plugin 'one' is refused: conf.x: required field missing");
	assert_int_equal(instance_count(f->table), 0);
	fake.start_rc = 0;
	assert_int_equal(start(f, &f->one, "{}", 0), 100);
}

static void an_unknown_id_is_told_in_the_words_of_the_contract(void **state)
{
	struct fixture *f = *state;
	struct instance *i = NULL;

	assert_error(try_get(f, 7, 0, &i), NO_INSTANCE);
	assert_string_equal(f->err.text, "no plugin instance 7");
	assert_error(try_get(f, -1, 0, &i), NO_INSTANCE);
	assert_error(try_get(f, ((int64_t)1 << 32) + 100, 0, &i), NO_INSTANCE);
	assert_null(i);
	instance_close(f->table, 7, 0);
}

static void closing_counts_down_and_keeps_the_row(void **state)
{
	struct fixture *f = *state;
	int64_t id = start(f, &f->one, "{}", 0);

	start(f, &f->one, "{\"__seq__\":2}", 0);
	instance_close(f->table, id, 0);
	assert_int_equal(get(f, id, 0)->refs, 1);
	instance_close(f->table, id, 0);
	instance_close(f->table, id, 0);
	assert_int_equal(fake.stops, 1);
	assert_int_equal(get(f, id, 0)->refs, 0);
	instance_sweep(f->table, 1);
	assert_int_equal(fake.stops, 2);
	assert_int_equal(instance_count(f->table), 1);
}

static void the_last_event_of_a_closed_instance_keeps_its_live_object(void **state)
{
	struct fixture *f = *state;
	int64_t id = start(f, &f->one, "{}", 0);
	struct instance *i = get(f, id, 0);

	instance_hold(i);
	instance_close(f->table, id, 0);
	instance_sweep(f->table, 1);
	assert_int_equal(fake.stops, 0);
	instance_release(i, 1);
	instance_sweep(f->table, 1);
	assert_int_equal(fake.stops, 1);
}

static void an_idle_live_object_is_dropped_and_made_again(void **state)
{
	struct fixture *f = *state;
	int64_t id = start(f, &f->one, "{\"a\":1}", 0);

	instance_sweep(f->table, LIVE_IDLE);
	assert_int_equal(fake.stops, 0);
	instance_sweep(f->table, LIVE_IDLE + 1);
	assert_int_equal(fake.stops, 1);
	assert_int_equal(instance_count(f->table), 1);
	assert_int_equal(get(f, id, LIVE_IDLE + 2)->id, id);
	assert_int_equal(fake.starts, 2);
	/* that was a use */
	instance_sweep(f->table, LIVE_IDLE + 3);
	assert_int_equal(fake.stops, 1);
}

static void a_dropped_live_object_is_made_again_by_a_start_too(void **state)
{
	struct fixture *f = *state;
	int64_t id = start(f, &f->one, "{}", 0);

	instance_sweep(f->table, LIVE_IDLE + 1);
	assert_int_equal(start(f, &f->one, "{}", LIVE_IDLE + 2), id);
	assert_int_equal(fake.starts, 2);
}

static void a_failure_to_make_it_again_keeps_the_row(void **state)
{
	struct fixture *f = *state;
	struct instance *i = NULL;
	int64_t id = start(f, &f->one, "{}", 0), other = -7;

	instance_sweep(f->table, LIVE_IDLE + 1);
	fake.start_rc = -E_PLUGIN;
	assert_error(try_get(f, id, LIVE_IDLE + 2, &i), PLUGIN);
	assert_null(i);
	assert_error(try_start(f, &f->one, "{}", LIVE_IDLE + 2, &other), PLUGIN);
	fake.start_rc = 0;
	assert_int_equal(get(f, id, LIVE_IDLE + 3)->refs, 1);
}

static void rows_are_evicted_only_after_their_time(void **state)
{
	struct fixture *f = *state;
	struct instance *i = NULL;
	int64_t id = start(f, &f->one, "{}", 0);

	instance_sweep(f->table, ROW_IDLE);
	assert_int_equal(instance_count(f->table), 1);
	instance_sweep(f->table, ROW_IDLE + 61);
	assert_int_equal(instance_count(f->table), 0);
	assert_int_equal(fake.stops, 1);
	assert_error(try_get(f, id, ROW_IDLE + 61, &i), NO_INSTANCE);
	assert_int_equal(start(f, &f->one, "{}", ROW_IDLE + 62), id + 1);
}

static void running_events_keep_row_and_live_object(void **state)
{
	struct fixture *f = *state;
	struct instance *i = get(f, start(f, &f->one, "{}", 0), 0);

	instance_hold(i);
	instance_hold(i);
	instance_release(i, 1);
	instance_sweep(f->table, 10 * ROW_IDLE);
	assert_int_equal(fake.stops, 0);
	assert_int_equal(instance_count(f->table), 1);
	/* its end is a use */
	instance_release(i, 10 * ROW_IDLE);
	instance_sweep(f->table, 10 * ROW_IDLE + LIVE_IDLE);
	assert_int_equal(fake.stops, 0);
	instance_sweep(f->table, 20 * ROW_IDLE);
	assert_int_equal(instance_count(f->table), 0);
}

/* Evicting what is in use would make the gateway drop all instances of that plugin, without end. */
static void beyond_the_bound_a_start_is_refused_not_an_old_row_evicted(void **state)
{
	struct fixture *f = *state;
	char conf[32];
	int64_t id = -7, first = start(f, &f->one, "{}", 0);

	for (int i = 1; i < 4; i++) {
		snprintf(conf, sizeof(conf), "{\"i\":%d}", i);
		start(f, &f->one, conf, 0);
	}
	assert_error(try_start(f, &f->one, "{\"i\":4}", ROW_IDLE, &id), LIMIT);
	assert_contains(f->err.text, "max_instances");
	assert_int_equal(id, -7);
	assert_int_equal(start(f, &f->one, "{}", ROW_IDLE), first);
	/* the other three may go now */
	assert_true(start(f, &f->one, "{\"i\":4}", ROW_IDLE + 1) > first);
	assert_int_equal(instance_count(f->table), 2);
}

static void ids_are_reserved_in_blocks_before_use(void **state)
{
	struct fixture *f = *state;
	char conf[32];
	int64_t id = 0;

	f->rows.max = 10;
	f->block = 3;
	restart(f);
	assert_int_equal(f->reservations, 0);
	for (int i = 0; i < 7; i++) {
		if (i == 3)
			f->first = 2147483640; /* somebody else has had those between */
		snprintf(conf, sizeof(conf), "{\"i\":%d}", i);
		id = start(f, &f->one, conf, 0);
		assert_int_equal(f->reservations, 1 + i / 3);
		assert_int_equal(id, i < 3 ? 100 + i : 2147483640 + i - 3);
	}
}

static void without_a_written_id_nothing_is_started(void **state)
{
	struct fixture *f = *state;
	int64_t id = -7;

	f->reserve_rc = -E_IO;
	assert_error(try_start(f, &f->one, "{}", 0, &id), IO);
	assert_string_equal(f->err.text, "can't write ids");
	assert_int_equal(instance_count(f->table), 0);
	assert_int_equal(fake.starts, fake.stops);
	assert_int_equal(id, -7);
	f->reserve_rc = 0;
	assert_int_equal(start(f, &f->one, "{}", 0), 100);
}

static void ids_of_more_than_31_bits_are_refused(void **state)
{
	struct fixture *f = *state;
	int64_t id = -7;

	f->first = 2147483647;
	f->block = 1;
	assert_int_equal(start(f, &f->one, "{\"i\":1}", 0), 2147483647);
	assert_error(try_start(f, &f->one, "{\"i\":2}", 0, &id), LIMIT);
	assert_contains(f->err.text, "instance ids");
	assert_int_equal(instance_count(f->table), 1);
}

static void looking_at_a_row_is_no_use_of_it(void **state)
{
	struct fixture *f = *state;
	const struct instance *other = NULL;
	int64_t id = start(f, &f->one, "{}", 0);

	instance_sweep(f->table, LIVE_IDLE + 1);
	assert_null(look(f, id)->live);
	assert_true(look(f, id)->used_at == 0);
	assert_error(instance_look(f->table, id + 1, &other, &f->err), NO_INSTANCE);
}

static void count_refs(void *user, const struct instance *instance)
{
	*(int64_t *)user += instance->refs;
}

static void each_visits_every_row(void **state)
{
	struct fixture *f = *state;
	int64_t refs = 0;

	start(f, &f->one, "{}", 0);
	start(f, &f->one, "{}", 0);
	start(f, &f->two, "{}", 0);
	instance_each(f->table, count_refs, &refs);
	assert_int_equal(refs, 3);
}

/* ---- several processes, and one after the other ---- */

static void equal_confs_share_a_row_over_all_processes(void **state)
{
	struct fixture *f = *state;
	int64_t id = start(f, &f->one, "{\"a\":1,\"__seq__\":1}", 0);

	begin_process(f, &f->other);
	f->table = f->other.table;
	assert_int_equal(start(f, &f->one, "{\"__seq__\":2,\"a\":1}", 0), id);
	assert_int_equal(fake.starts, 2);
	assert_int_equal(look(f, id)->refs, 2);
	instance_close(f->self.table, id, 0);
	assert_int_equal(look(f, id)->refs, 1);
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
	assert_int_equal(json_integer_value(json_object_get(i->conf, "__seq__")), 3);
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
	assert_true(look(f, id)->used_at == 0);
	instance_sweep(f->self.table, INSTANCE_NOTE_EVERY + LIVE_IDLE);
	restart(f);
	assert_true(look(f, id)->used_at == INSTANCE_NOTE_EVERY - 1);
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
		TEST(a_started_instance_is_found_with_its_conf),
		TEST(equal_confs_share_one_instance),
		TEST(different_confs_and_plugins_do_not_share),
		TEST(what_is_no_object_is_refused_with_its_reason),
		TEST(a_nul_in_a_conf_is_kept),
		TEST(a_conf_that_the_plugin_refuses_leaves_no_row),
		TEST(an_unknown_id_is_told_in_the_words_of_the_contract),
		TEST(closing_counts_down_and_keeps_the_row),
		TEST(an_idle_live_object_is_dropped_and_made_again),
		TEST(a_dropped_live_object_is_made_again_by_a_start_too),
		TEST(a_failure_to_make_it_again_keeps_the_row),
		TEST(rows_are_evicted_only_after_their_time),
		TEST(running_events_keep_row_and_live_object),
		TEST(beyond_the_bound_a_start_is_refused_not_an_old_row_evicted),
		TEST(ids_are_reserved_in_blocks_before_use),
		TEST(without_a_written_id_nothing_is_started),
		TEST(ids_of_more_than_31_bits_are_refused),
		TEST(looking_at_a_row_is_no_use_of_it),
		TEST(each_visits_every_row),
		TEST(equal_confs_share_a_row_over_all_processes),
		TEST(an_instance_of_another_process_is_made_live_here_on_demand),
		TEST(instances_outlive_their_process),
		TEST(what_another_process_uses_is_not_evicted),
		TEST(a_use_is_noted_once_a_minute_and_when_it_is_let_go),
		TEST(an_instance_of_a_plugin_that_is_not_served_is_unknown),
		TEST(an_instance_whose_row_was_lost_goes_on_and_can_be_started_anew),
		TEST(the_last_event_of_a_closed_instance_keeps_its_live_object),
		TEST(a_plugin_that_asks_for_it_is_told_when_its_set_of_confs_changes),
		TEST(a_plugin_is_told_of_what_idles_but_not_of_what_is_evicted),
		TEST(a_plugin_is_told_of_what_was_started_before_its_process),
		TEST(a_start_that_fails_changes_no_set),
		TEST(a_plugin_that_does_not_like_its_set_is_served_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
