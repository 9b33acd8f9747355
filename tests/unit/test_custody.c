/* test_custody.c - a segment seen by both of its sides, also when one of them died or lies. */
#include "tests/lib/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "protocol/err.h"
#include "protocol/msg.h"
#include "server/custody/custody.h"
#include "server/custody/custody_file.h"
#include "server/custody/custody_layout.h"
#include "server/custody/fault.h"
#include "server/event/event.h"

#define SLOT 2

static const struct custody_layout layout = {.slots = 4, .events = 64, .region = 1 << 20};

static struct {
	int fd; /* the supervisor's */
	struct custody *c;
} t;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(custody_file_create(&layout, &t.fd, NULL), 0);
	assert_int_equal(custody_create(dup(t.fd), &t.c, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	custody_destroy(t.c);
	close(t.fd);
	return 0;
}

static struct session_state make_state(void)
{
	return (struct session_state){.codec = 1,
				      .awaited = 77,
				      .call_event = 5,
				      .turn = {.event = 9, .owed = 3},
				      .call_type = MSG_STEP,
				      .tag = 1,
				      .busy = 1,
				      .greeted = 1};
}

static void fill_region(enum custody_side side, size_t at, const char *text)
{
	struct custody_region region;
	struct buf b = {0};

	custody_region_init(t.c, SLOT, side, &region);
	custody_region_attach(&region, &b, at, at + strlen(text));
	memcpy(buf_head(&b), text, strlen(text));
}

static void assert_bytes(const struct buf *b, const char *text)
{
	assert_int_equal(buf_len(b), strlen(text));
	if (buf_len(b) > 0)
		assert_memory_equal(buf_head(b), text, buf_len(b));
}

static void commit(const struct session_state *state, enum custody_doubt doubt)
{
	*custody_compose(t.c, SLOT) = *state;
	custody_commit(t.c, SLOT, doubt);
}

/* ---- what one side writes the other reads ---- */

static void test_a_blank_slot_is_a_new_connection(void **state)
{
	struct custody_find find;
	const struct session_state blank = {0};

	(void)state;
	assert_int_equal(custody_file_read(t.fd, &layout, SLOT, &find), 0);
	assert_memory_equal(&find.state, &blank, sizeof(blank));
	assert_int_equal(find.doubt, CUSTODY_SURE);
	assert_int_equal(buf_len(&find.in) + buf_len(&find.out), 0);
}

static void test_the_last_commit_is_found_with_its_bytes(void **state)
{
	struct session_state one = make_state();
	struct custody_find find;

	(void)state;
	fill_region(CUSTODY_IN, 100, "in bytes");
	fill_region(CUSTODY_OUT, 7, "out bytes");
	one.in_start = 103, one.in_end = 108;
	one.out_start = 7, one.out_end = 16;
	for (uint64_t i = 0; i < 5; i++) {
		one.awaited = i;
		commit(&one, CUSTODY_SURE);
	}
	assert_int_equal(custody_file_read(t.fd, &layout, SLOT, &find), 0);
	assert_int_equal(find.state.awaited, 4);
	assert_int_equal(find.state.turn.owed, 3);
	assert_int_equal(find.state.tag, 1);
	assert_int_equal(find.state.in_start, 0);
	assert_int_equal(find.state.in_end, 5);
	assert_bytes(&find.in, "bytes");
	assert_bytes(&find.out, "out bytes");
	custody_find_fini(&find);
}

static void test_what_the_supervisor_puts_into_a_slot_is_the_workers(void **state)
{
	struct custody_find find = {.state = make_state()};
	struct custody_region region;
	struct session_state got;
	struct buf in;

	(void)state;
	buf_append_str(&find.in, "a call");
	commit(&find.state, CUSTODY_SENDING); /* of an earlier life */
	assert_int_equal(custody_file_write(t.fd, &layout, SLOT, &find), 0);
	assert_int_equal(custody_read(t.c, SLOT, &got), 0);
	assert_int_equal(got.awaited, 77);
	assert_int_equal(got.in_end, 6);
	custody_region_init(t.c, SLOT, CUSTODY_IN, &region);
	buf_init(&in, &region.mem);
	custody_region_attach(&region, &in, got.in_start, got.in_end);
	assert_bytes(&in, "a call");
	assert_int_equal(buf_append_str(&in, " and more"), 0);
	assert_bytes(&in, "a call and more");
	assert_int_equal(custody_read(t.c, layout.slots, &got), -E_MALFORMED);
	custody_find_fini(&find);
}

static void test_a_cleared_slot_is_blank(void **state)
{
	struct session_state one = make_state();
	struct custody_find find;

	(void)state;
	fill_region(CUSTODY_IN, 0, "secret");
	one.in_end = 6;
	commit(&one, CUSTODY_SENDING);
	assert_int_equal(custody_file_clear(t.fd, &layout, SLOT), 0);
	test_a_blank_slot_is_a_new_connection(state);
	one.in_end = 6;
	commit(&one, CUSTODY_SURE);
	assert_int_equal(custody_file_read(t.fd, &layout, SLOT, &find), -E_MALFORMED);
}

/* ---- doubt ---- */

static enum custody_doubt doubt_now(void)
{
	enum custody_doubt doubt;
	struct custody_find find;

	assert_int_equal(custody_file_read(t.fd, &layout, SLOT, &find), 0);
	doubt = find.doubt;
	custody_find_fini(&find);
	return doubt;
}

static void test_doubt_stands_until_the_next_commit(void **state)
{
	struct session_state one = make_state();

	(void)state;
	commit(&one, CUSTODY_SENDING);
	assert_int_equal(doubt_now(), CUSTODY_SENDING);
	commit(&one, CUSTODY_SURE);
	assert_int_equal(doubt_now(), CUSTODY_SURE);
}

static void test_a_read_is_in_doubt_only_if_it_has_left_a_byte(void **state)
{
	struct session_state one = make_state();

	(void)state;
	fill_region(CUSTODY_IN, 0, "0123456789");
	one.in_end = 4;
	commit(&one, CUSTODY_READING);
	assert_int_equal(doubt_now(), CUSTODY_SURE);
	fill_region(CUSTODY_IN, 4, "\x94");
	assert_int_equal(doubt_now(), CUSTODY_READING);
}

static void test_what_was_read_and_sent_is_noted_by_itself(void **state)
{
	struct session_state one = make_state(), got;

	(void)state;
	fill_region(CUSTODY_IN, 0, "0123456789");
	fill_region(CUSTODY_OUT, 0, "0123456789");
	one.in_end = 4, one.out_end = 10;
	commit(&one, CUSTODY_READING);
	fill_region(CUSTODY_IN, 4, "4");
	custody_commit_read(t.c, SLOT, 1);
	assert_int_equal(doubt_now(), CUSTODY_SURE);
	one.in_end = 5;
	assert_int_equal(custody_read(t.c, SLOT, &got), 0);
	assert_memory_equal(&got, &one, sizeof(one));
	commit(&one, CUSTODY_SENDING);
	custody_commit_sent(t.c, SLOT, 7);
	assert_int_equal(doubt_now(), CUSTODY_SURE);
	one.out_start = 7;
	assert_int_equal(custody_read(t.c, SLOT, &got), 0);
	assert_memory_equal(&got, &one, sizeof(one));
	custody_commit_event(t.c, SLOT, 1234);
	one.call_event = 1234;
	assert_int_equal(custody_read(t.c, SLOT, &got), 0);
	assert_memory_equal(&got, &one, sizeof(one));
}

/* ---- regions ---- */

/* What the supervisor finds of a buffer that the state names as `out`. */
static void assert_out_of(const struct custody_layout *of, uint32_t slot, const struct buf *out,
			  const char *text)
{
	struct custody_find find;

	*custody_compose(t.c, slot) =
		(struct session_state){.out_start = out->start, .out_end = out->end};
	custody_commit(t.c, slot, CUSTODY_SURE);
	assert_int_equal(custody_file_read(t.fd, of, slot, &find), 0);
	assert_bytes(&find.out, text);
	custody_find_fini(&find);
}

static void assert_out(uint32_t slot, const struct buf *out, const char *text)
{
	assert_out_of(&layout, slot, out, text);
}

static void test_a_buffer_grows_in_its_place_up_to_the_region(void **state)
{
	struct custody_region region;
	struct buf b;

	(void)state;
	custody_region_init(t.c, SLOT, CUSTODY_OUT, &region);
	buf_init(&b, &region.mem);
	assert_int_equal(buf_append_str(&b, "start"), 0);
	assert_int_equal(b.start, 0);
	buf_consume(&b, 2);
	assert_out(SLOT, &b, "art");
	assert_int_equal(buf_reserve(&b, 100000), 0);
	assert_int_equal(b.start, 2); /* not moved: the state says where it is */
	assert_bytes(&b, "art");
	assert_out(SLOT, &b, "art");
	buf_head(&b)[0] = 'A';
	assert_out(SLOT, &b, "Art");
	buf_head(&b)[0] = 'a';
	assert_int_equal(buf_reserve(&b, layout.region - 5), 0);
	assert_int_equal(buf_reserve(&b, layout.region - 4), -E_NOMEM);
	assert_bytes(&b, "art");
}

/* Its first page is mapped side by side with its neighbours' for the first slots alone. */
static void test_regions_of_all_slots_are_found_outside(void **state)
{
	const struct custody_layout many = {.slots = 3000, .events = 64, .region = 1 << 16};
	const uint32_t slots[] = {0, 1, 2, 1023, 1024, 2999};
	struct custody_region regions[6];
	struct buf bufs[6];
	char text[16];

	teardown(state);
	assert_int_equal(custody_file_create(&many, &t.fd, NULL), 0);
	assert_int_equal(custody_create(dup(t.fd), &t.c, NULL), 0);
	for (size_t i = 0; i < 6; i++) {
		custody_region_init(t.c, slots[i], CUSTODY_OUT, &regions[i]);
		buf_init(&bufs[i], &regions[i].mem);
		assert_int_equal(buf_printf(&bufs[i], "slot %u", slots[i]), 0);
	}
	for (size_t i = 0; i < 6; i++) {
		snprintf(text, sizeof(text), "slot %u", slots[i]);
		assert_out_of(&many, slots[i], &bufs[i], text);
		assert_int_equal(buf_reserve(&bufs[i], 60000), 0);
		assert_out_of(&many, slots[i], &bufs[i], text);
	}
}

static void test_compacting_leaves_the_old_place_readable(void **state)
{
	struct custody_region region;
	struct buf b;

	(void)state;
	custody_region_init(t.c, SLOT, CUSTODY_IN, &region);
	buf_init(&b, &region.mem);
	buf_append_str(&b, "0123456789");
	buf_consume(&b, 4);
	assert_false(buf_compact(&b));
	buf_consume(&b, 1);
	assert_true(buf_compact(&b));
	assert_bytes(&b, "56789");
	assert_memory_equal(b.data + 5, "56789", 5);
}

/* ---- events ---- */

static uint64_t put_event(uint64_t counter, enum event_state state)
{
	uint64_t id = (uint64_t)3 << EVENT_COUNTER_BITS | counter;

	custody_events(t.c)[id & (layout.events - 1)] = (struct event_record){
		.id = id, .state = state, .phase = PHASE_LOG, .on_error = ON_ERROR_OPEN};
	return id;
}

static void test_events_that_have_not_ended_are_found(void **state)
{
	struct event_record *records, one;
	uint64_t running = put_event(70, EVENT_RUNNING), ended = put_event(71, EVENT_ENDED);
	size_t count;

	(void)state;
	put_event(72, EVENT_WAITING);
	assert_int_equal(custody_file_events(t.fd, &layout, &records, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(records[0].id, running);
	free(records);
	assert_true(custody_file_find_event(t.fd, &layout, running, &one));
	assert_int_equal(one.phase, PHASE_LOG);
	assert_true(custody_file_find_event(t.fd, &layout, ended, &one));
	assert_false(custody_file_find_event(t.fd, &layout, running + layout.events, &one));
	assert_false(custody_file_find_event(t.fd, &layout, 3, &one));
}

static void test_records_that_make_no_sense_are_no_events(void **state)
{
	struct event_record *good = custody_events(t.c) + 10, *records, one;
	size_t count;

	(void)state;
	for (int i = 0; i < 5; i++) {
		uint64_t id = put_event(10, EVENT_RUNNING);

		if (i == 0)
			good->state = (enum event_state)99;
		else if (i == 1)
			good->phase = (enum phase)PHASE_COUNT;
		else if (i == 2)
			good->on_error = (enum on_error)7;
		else if (i == 3)
			good->id = id + 1; /* not its slot */
		else
			good->id = (uint64_t)1 << 60 | 10; /* no owner has it */
		assert_false(custody_file_find_event(t.fd, &layout, good->id, &one));
		assert_int_equal(custody_file_events(t.fd, &layout, &records, &count), 0);
		assert_int_equal(count, 0);
		assert_null(records);
	}
}

/* ---- runs and load ---- */

static void test_whose_code_runs_and_the_load_are_seen_from_outside(void **state)
{
	struct custody_load load;

	(void)state;
	assert_int_equal(custody_file_load(t.fd, &load), 0);
	assert_false(load.runs);
	custody_count(t.c, 12, 34);
	custody_begin_run(t.c, 2, 99, 1.5);
	assert_int_equal(custody_file_load(t.fd, &load), 0);
	assert_true(load.runs);
	assert_int_equal(load.plugin, 2);
	assert_int_equal(load.event, 99);
	assert_true(load.since == 1.5);
	assert_int_equal(load.connections, 12);
	assert_int_equal(load.events, 34);
	custody_end_run(t.c);
	assert_int_equal(custody_file_load(t.fd, &load), 0);
	assert_false(load.runs);
}

/* ---- lies ---- */

static void assert_refused(struct session_state lie)
{
	struct session_state got;
	struct custody_find find;

	commit(&lie, CUSTODY_SURE);
	assert_int_equal(custody_file_read(t.fd, &layout, SLOT, &find), -E_MALFORMED);
	assert_int_equal(custody_read(t.c, SLOT, &got), -E_MALFORMED);
}

static void test_bytes_that_nobody_wrote_are_refused(void **state)
{
	struct session_state lie = {.in_end = layout.region};
	struct custody_find find;

	(void)state;
	commit(&lie, CUSTODY_SURE);
	assert_int_equal(custody_file_read(t.fd, &layout, SLOT, &find), -E_MALFORMED);
}

static void test_a_state_that_makes_no_sense_is_refused(void **state)
{
	struct session_state lie = {.in_end = layout.region + 1};

	(void)state;
	assert_refused(lie);
	lie = (struct session_state){.in_start = UINT64_MAX, .in_end = 4, .codec = 9};
	assert_refused(lie);
	lie = (struct session_state){.out_start = 5, .out_end = 4};
	assert_refused(lie);
	lie = (struct session_state){.handling = 1, .codec = 1};
	assert_refused(lie);
	lie = (struct session_state){.codec = 3};
	assert_refused(lie);
	lie = (struct session_state){.busy = 2, .codec = 1};
	assert_refused(lie);
	lie = (struct session_state){.busy = 1}; /* of what format? */
	assert_refused(lie);
	lie = (struct session_state){.turn.owed = LIMIT_OWED + 1};
	assert_refused(lie);
	lie = (struct session_state){.turn.asked = 255, .codec = 1};
	assert_refused(lie);
	lie = (struct session_state){.call_type = MSG_INSTANCE, .codec = 1};
	assert_refused(lie);
	lie = (struct session_state){.call_phase = 200};
	assert_refused(lie);
}

static void test_random_bytes_are_refused_or_valid_but_never_more(void **state)
{
	unsigned char *slot = (unsigned char *)custody_events(t.c) - custody_event_at(&layout, 0) +
			      custody_slot_at(SLOT);
	uint64_t seed = 12345;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct custody_find find;
		int rc;

		for (size_t i = 0; i < sizeof(struct custody_slot); i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			if (round % 2 == 0 || seed >> 60 == 0)
				slot[i] = (unsigned char)(seed >> 40) & (round % 2 ? 3 : 255);
			else
				slot[i] = 0;
		}
		rc = custody_file_read(t.fd, &layout, SLOT, &find);
		assert_true(rc == 0 || rc == -E_MALFORMED);
		if (rc != 0)
			continue;
		assert_true(session_state_is_valid(&find.state, layout.region));
		assert_int_equal(buf_len(&find.in), find.state.in_end);
		custody_find_fini(&find);
	}
}

static void test_a_descriptor_that_is_no_segment_is_refused(void **state)
{
	struct custody *c = NULL;
	struct err err = {""};
	int fds[2];
	FILE *file = tmpfile();
	const struct custody_layout huge = {UINT32_MAX, 64, (uint64_t)1 << 40};
	int fd = -1;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_not_equal(custody_create(fds[0], &c, &err), 0);
	close(fds[1]);
	assert_int_equal(ftruncate(fileno(file), 1 << 20), 0);
	assert_int_equal(custody_create(dup(fileno(file)), &c, &err), -E_MALFORMED);
	fclose(file);
	assert_null(c);
	assert_int_equal(custody_file_create(&huge, &fd, &err), -E_LIMIT);
}

/* ---- death ---- */

#ifdef OUTRIGGER_FAULTS
static void die_in_commit(const char *where, struct session_state *state)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fault_arm(where);
		commit(state, CUSTODY_SURE);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static uint64_t found_awaited(void)
{
	struct custody_find find;

	assert_int_equal(custody_file_read(t.fd, &layout, SLOT, &find), 0);
	custody_find_fini(&find);
	return find.state.awaited;
}

static void test_an_interrupted_commit_leaves_the_old_state_or_the_new_one(void **state)
{
	struct session_state one = make_state();

	(void)state;
	for (uint64_t i = 10; i < 14; i++) { /* from either half of the slot */
		one.awaited = i;
		die_in_commit("COMMIT_COPIED", &one);
		assert_int_equal(found_awaited(), i == 10 ? 0 : i - 1);
		die_in_commit("COMMIT_DONE", &one);
		assert_int_equal(found_awaited(), i);
	}
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_blank_slot_is_a_new_connection),
		TEST(test_the_last_commit_is_found_with_its_bytes),
		TEST(test_what_the_supervisor_puts_into_a_slot_is_the_workers),
		TEST(test_a_cleared_slot_is_blank),
		TEST(test_doubt_stands_until_the_next_commit),
		TEST(test_a_read_is_in_doubt_only_if_it_has_left_a_byte),
		TEST(test_what_was_read_and_sent_is_noted_by_itself),
		TEST(test_a_buffer_grows_in_its_place_up_to_the_region),
		TEST(test_regions_of_all_slots_are_found_outside),
		TEST(test_compacting_leaves_the_old_place_readable),
		TEST(test_events_that_have_not_ended_are_found),
		TEST(test_records_that_make_no_sense_are_no_events),
		TEST(test_whose_code_runs_and_the_load_are_seen_from_outside),
		TEST(test_a_state_that_makes_no_sense_is_refused),
		TEST(test_bytes_that_nobody_wrote_are_refused),
		TEST(test_random_bytes_are_refused_or_valid_but_never_more),
		TEST(test_a_descriptor_that_is_no_segment_is_refused),
#ifdef OUTRIGGER_FAULTS
		TEST(test_an_interrupted_commit_leaves_the_old_state_or_the_new_one),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
