/* test_slots.c - which slot a connection gets, and what becomes of the memory of one that has ended. */
#include <unistd.h>
#include "protocol/err.h"
#include "server/custody/custody_file.h"
#include "server/custody/custody_layout.h"
#include "server/reactor.h"
#include "server/supervisor/slots.h"
#include "tests/lib/unit.h"

#define PATIENCE 30.0             /* seconds */
#define WARM ((uint64_t)16 << 10) /* of a region, that a blank slot keeps */
#define SLOTS 100                 /* more than are given back at once */

static const struct custody_layout layout = {.slots = SLOTS, .events = 64, .region = 1 << 20};

static struct {
	struct reactor *reactor;
	struct slots slots;
	int fd;
	double until;
} t;

static int setup(void **state)
{
	(void)state;
	t.reactor = reactor_create();
	assert_int_equal(slots_init(&t.slots, t.reactor, &layout), 0);
	assert_int_equal(custody_file_create(&layout, &t.fd, NULL), 0);
	t.slots.fd = t.fd;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	slots_fini(&t.slots);
	reactor_destroy(t.reactor);
	close(t.fd);
	return 0;
}

static uint32_t take(void)
{
	uint32_t slot;

	assert_true(slots_next(&t.slots, &slot));
	slots_take(&t.slots);
	return slot;
}

static off_t place(uint32_t slot, enum custody_side side, uint64_t at)
{
	return (off_t)(custody_region_at(&layout, slot, side) + at);
}

static void use_at(off_t at)
{
	assert_int_equal(pwrite(t.fd, "x", 1, at), 1);
}

static bool is_used_at(off_t at)
{
	return lseek(t.fd, at, SEEK_DATA) == at;
}

static void use(uint32_t slot, uint64_t at)
{
	use_at(place(slot, CUSTODY_IN, at));
}

static bool is_used(uint32_t slot, uint64_t at)
{
	return is_used_at(place(slot, CUSTODY_IN, at));
}

/* ---- what is kept ---- */

static bool is_blank(uint32_t slot)
{
	struct custody_find find;
	bool blank;

	assert_int_equal(custody_file_read(t.fd, &layout, slot, &find), 0);
	blank = find.state.awaited == 0 && find.state.in_end == 0;
	custody_find_fini(&find);
	return blank;
}

static void talk(uint32_t slot)
{
	const struct custody_find find = {.state = {.awaited = 77}};

	assert_int_equal(custody_file_write(t.fd, &layout, slot, &find), 0);
	assert_false(is_blank(slot));
}

static void a_blank_slot_keeps_its_memory_and_nothing_of_the_connection(void **state)
{
	(void)state;
	talk(1);
	use(1, 0);
	use_at(place(1, CUSTODY_OUT, WARM - 1));
	assert_int_equal(custody_file_blank(t.fd, &layout, 1), 0);
	assert_true(is_blank(1));
	assert_true(is_used(1, 0));
	assert_true(is_used_at(place(1, CUSTODY_OUT, WARM - 1)));
	assert_int_equal(custody_file_blank(t.fd, &layout, layout.slots), -E_IO);
}

static void assert_is_too_large(enum custody_side side, uint64_t at)
{
	talk(1);
	use_at(place(1, side, at));
	assert_int_equal(custody_file_blank(t.fd, &layout, 1), -E_TOO_LARGE);
	assert_false(is_blank(1)); /* nothing has changed */
	assert_int_equal(custody_file_clear(t.fd, &layout, 1), 0);
	assert_true(is_blank(1));
	assert_false(is_used_at(place(1, side, at)));
}

static void more_than_common_calls_need_is_not_kept(void **state)
{
	(void)state;
	assert_is_too_large(CUSTODY_IN, WARM);
	assert_is_too_large(CUSTODY_OUT, WARM);
	assert_is_too_large(CUSTODY_OUT, layout.region - 1);
}

static void what_the_next_slot_has_is_not_this_ones(void **state)
{
	(void)state;
	use(2, WARM);
	assert_int_equal(custody_file_blank(t.fd, &layout, 1), 0);
}

/* ---- who gets it ---- */

static void each_slot_is_taken_once(void **state)
{
	bool taken[SLOTS] = {false};
	uint32_t slot;

	(void)state;
	for (uint32_t i = 0; i < SLOTS; i++) {
		slot = take();
		assert_false(taken[slot]);
		taken[slot] = true;
	}
	assert_false(slots_next(&t.slots, &slot));
}

static void the_slot_that_was_freed_last_is_next_and_has_its_memory(void **state)
{
	uint32_t one = take(), other = take();

	(void)state;
	use(one, 0);
	use(other, 0);
	slots_free(&t.slots, other, true);
	slots_free(&t.slots, one, true);
	assert_int_equal(take(), one);
	assert_true(is_used(one, 0));
	assert_int_equal(take(), other);
}

static void memory_that_is_not_to_be_kept_is_given_back_at_once(void **state)
{
	uint32_t large = take(), moved = take();

	(void)state;
	use(large, BUF_KEEP);
	use(moved, 0);
	slots_free(&t.slots, large, true);
	slots_free(&t.slots, moved, false);
	assert_false(is_used(large, BUF_KEEP));
	assert_false(is_used(moved, 0));
}

static void look_at_all(void *user)
{
	bool used = false;

	(void)user;
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		used = used || is_used(slot, 0);
	if (!used || reactor_now_exact() > t.until)
		reactor_stop(t.reactor);
}

static void more_than_are_given_back_at_once_are_given_back(void **state)
{
	struct reactor_timer *timer = reactor_timer_create(t.reactor, look_at_all, NULL);

	(void)state;
	for (uint32_t i = 0; i < SLOTS; i++)
		use(take(), 0);
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		slots_free(&t.slots, slot, true);
	t.until = reactor_now_exact() + PATIENCE;
	reactor_timer_start(timer, 0.01, 1);
	reactor_run(t.reactor);
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		assert_false(is_used(slot, 0));
	reactor_timer_destroy(timer);
}

static void look(void *user)
{
	const uint32_t *slot = user;

	if (!is_used(*slot, 0) || reactor_now_exact() > t.until)
		reactor_stop(t.reactor);
}

static void what_nobody_takes_is_given_back_and_what_is_taken_is_not(void **state)
{
	uint32_t slot = take(), busy = take();
	struct reactor_timer *timer = reactor_timer_create(t.reactor, look, &slot);

	(void)state;
	use(slot, 0);
	use(busy, 0);
	slots_free(&t.slots, slot, true);
	slots_free(&t.slots, busy, true);
	assert_int_equal(take(), busy);
	t.until = reactor_now_exact() + PATIENCE;
	reactor_timer_start(timer, 0.01, 1);
	reactor_run(t.reactor);
	assert_false(is_used(slot, 0));
	assert_true(is_used(busy, 0));
	use(slot, 0); /* by the next one that has it; and once more */
	assert_int_equal(take(), slot);
	slots_free(&t.slots, slot, true);
	t.until = reactor_now_exact() + PATIENCE;
	reactor_run(t.reactor);
	assert_false(is_used(slot, 0));
	reactor_timer_destroy(timer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_blank_slot_keeps_its_memory_and_nothing_of_the_connection),
		TEST(more_than_common_calls_need_is_not_kept),
		TEST(what_the_next_slot_has_is_not_this_ones),
		TEST(each_slot_is_taken_once),
		TEST(the_slot_that_was_freed_last_is_next_and_has_its_memory),
		TEST(memory_that_is_not_to_be_kept_is_given_back_at_once),
		TEST(more_than_are_given_back_at_once_are_given_back),
		TEST(what_nobody_takes_is_given_back_and_what_is_taken_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
