/* test_event.c - the table of running events. */
#include "tests/lib/unit.h"

#include "protocol/err.h"
#include "server/event/event.h"

static uint64_t next_range;
static int reserve_rc;

static int reserve(void *user, uint64_t *ret_first, uint64_t *ret_end, struct err *err)
{
	(void)user;
	if (reserve_rc != 0)
		return err_set(err, (enum err_code)(-reserve_rc), "no more ids");
	*ret_first = next_range;
	*ret_end = next_range += 100;
	return 0;
}

static struct event_table *make(size_t max)
{
	const struct event_options options = {.max = max, .owner = 5, .reserve = reserve};
	struct event_table *t = event_table_create(&options);

	assert_non_null(t);
	return t;
}

static struct event *take(struct event_table *t)
{
	struct event *event = NULL;

	assert_int_equal(event_take(t, 0, &event, NULL), 0);
	return event;
}

static int setup(void **state)
{
	(void)state;
	next_range = 1000;
	reserve_rc = 0;
	return 0;
}

static void test_an_event_is_found_by_its_id_until_it_is_freed(void **state)
{
	struct event_table *t = make(10);
	struct event *one = take(t), *two = take(t);
	uint64_t id = one->record->id;

	(void)state;
	assert_int_not_equal(id, two->record->id);
	assert_ptr_equal(event_find(t, id), one);
	assert_ptr_equal(event_find(t, two->record->id), two);
	assert_int_equal(one->record->state, EVENT_FREE);
	assert_int_equal(event_count(t), 2);
	event_free(t, one);
	assert_null(event_find(t, id));
	assert_int_equal(event_count(t), 1);
	event_table_destroy(t);
}

static void test_ids_carry_the_owner_and_the_reserved_counters(void **state)
{
	struct event_table *t = make(10);
	uint64_t id = take(t)->record->id;

	(void)state;
	assert_int_equal(id >> EVENT_COUNTER_BITS, 5);
	assert_int_equal(id & (((uint64_t)1 << EVENT_COUNTER_BITS) - 1), 1000);
	assert_true(id < (uint64_t)1 << 53);
	event_table_destroy(t);
}

static void test_ids_are_never_used_twice(void **state)
{
	struct event_table *t = make(3);
	uint64_t last = 0;

	(void)state;
	take(t);
	for (int i = 0; i < 1000; i++) {
		struct event *event = take(t);

		assert_true(event->record->id > last);
		last = event->record->id;
		if (i % 2)
			assert_true(event_burn_id(t) > last);
		event_free(t, event);
	}
	event_table_destroy(t);
}

static void test_more_than_allowed_are_refused_and_a_freed_place_is_given_again(void **state)
{
	struct event_table *t = make(70);
	struct event *last = NULL, *refused = NULL;
	struct err err = {""};

	(void)state;
	for (int i = 0; i < 70; i++)
		last = take(t);
	assert_int_equal(event_take(t, 0, &refused, &err), -E_LIMIT);
	assert_null(refused);
	event_free(t, last);
	take(t);
	event_table_destroy(t);
}

static void test_without_new_ids_no_event_begins(void **state)
{
	struct event_table *t = make(10);
	struct event *event = NULL;
	struct err err = {""};

	(void)state;
	reserve_rc = -E_IO;
	assert_int_equal(event_take(t, 0, &event, &err), -E_IO);
	assert_string_equal(err.text, "no more ids");
	assert_int_equal(event_burn_id(t), 0);
	reserve_rc = 0;
	take(t);
	event_table_destroy(t);
}

static void test_an_event_comes_zeroed_but_for_its_memory(void **state)
{
	struct event_table *t = make(10);
	struct event *event = take(t);
	void *piece = arena_alloc(&event->arena, 10);

	(void)state;
	event->rc = -1;
	event->instance = (struct instance *)event;
	event->record->steps = 7;
	event->rq.calls = 9;
	arena_reset(&event->arena);
	event_free(t, event);
	event = take(t);
	assert_int_equal(event->rc, 0);
	assert_null(event->instance);
	assert_int_equal(event->record->steps, 0);
	assert_int_equal(event->rq.calls, 0);
	assert_ptr_equal(arena_alloc(&event->arena, 10), piece);
	event_table_destroy(t);
}

static void free_it(void *user, struct event *event)
{
	event_free(user, event);
}

static void test_each_may_free_what_it_visits(void **state)
{
	struct event_table *t = make(20);

	(void)state;
	for (int i = 0; i < 20; i++)
		take(t);
	event_each(t, free_it, t);
	assert_int_equal(event_count(t), 0);
	event_table_destroy(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_an_event_is_found_by_its_id_until_it_is_freed, setup),
		cmocka_unit_test_setup(test_ids_carry_the_owner_and_the_reserved_counters, setup),
		cmocka_unit_test_setup(test_ids_are_never_used_twice, setup),
		cmocka_unit_test_setup(
			test_more_than_allowed_are_refused_and_a_freed_place_is_given_again, setup),
		cmocka_unit_test_setup(test_without_new_ids_no_event_begins, setup),
		cmocka_unit_test_setup(test_an_event_comes_zeroed_but_for_its_memory, setup),
		cmocka_unit_test_setup(test_each_may_free_what_it_visits, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
