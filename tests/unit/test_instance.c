/* test_instance.c - rows, ids and live objects: shared, counted, dropped, made again, never stale. */
#include "tests/unit/instance_fixture.h"

static void a_started_instance_is_found_with_its_conf(void **state)
{
	struct fixture *f = *state;
	int64_t id = start(f, &f->one, "{\"a\":1,\"__seq__\":3}", 0);
	struct instance *i = get(f, id, 0);

	assert_int_equal(i->id, id);
	assert_ptr_equal(i->plugin, &f->one);
	assert_int_equal(json_integer_value(json_object_get(i->live, "__seq__")), 3);
	assert_int_equal(json_integer_value(json_object_get(look(f, id)->conf, "__seq__")), 3);
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
	assert_int_equal(json_string_length(json_object_get(get(f, a, 0)->live, "k")), 3);
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
	int64_t id = start(f, &f->one, "{\"a\":1,\"__seq__\":3}", 0);

	instance_sweep(f->table, LIVE_IDLE);
	assert_int_equal(fake.stops, 0);
	instance_sweep(f->table, LIVE_IDLE + 1);
	assert_int_equal(fake.stops, 1);
	assert_int_equal(instance_count(f->table), 1);
	assert_int_equal(get(f, id, LIVE_IDLE + 2)->id, id);
	assert_int_equal(fake.starts, 2);
	/* of the conf as it came */
	assert_int_equal(
		json_integer_value(json_object_get(get(f, id, LIVE_IDLE + 2)->live, "__seq__")), 3);
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
	int64_t id = start(f, &f->one, "{}", 0);

	instance_sweep(f->table, LIVE_IDLE + 1);
	assert_null(look(f, id)->instance.live);
	assert_true(look(f, id)->instance.used_at == 0);
	assert_error(try_look(f, id + 1), NO_INSTANCE);
}

static void count_refs(void *user, const struct instance *instance, json_t *conf)
{
	assert_true(json_is_object(conf));
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
		TEST(the_last_event_of_a_closed_instance_keeps_its_live_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
