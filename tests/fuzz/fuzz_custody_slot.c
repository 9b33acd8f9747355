/* fuzz_custody_slot.c - what a worker may leave in its segment: a connection's slot, records of events, what runs, and
 * the bytes of both buffers. Whatever it is, the supervisor goes on: with a connection that makes sense, whose gateway
 * does not wait in vain and is not told that an event let its request pass. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "pdk-bridge/phase.h"
#include "protocol/msg.h"
#include "server/custody/custody_file.h"
#include "server/custody/custody_layout.h"
#include "server/event/dispatch.h"
#include "server/event/lost.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/session/session.h"
#include "server/session/session_custody.h"

#define EVENTS 4
#define OTHER_SLOT 1
#define FRESH_EVENT 77

static const struct custody_layout layout = {.slots = 2, .events = EVENTS, .region = CUSTODY_ALIGN};
static const struct codec *const codecs[] = {&codec_msgpack, &codec_protobuf, NULL};

static struct {
	struct session_env env;
	int segment;
	bool has_ended;
} t;

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* ---- the segment ---- */

struct input {
	const uint8_t *data;
	size_t size;
};

static void put(struct input *in, size_t most, uint64_t at)
{
	size_t n = in->size < most ? in->size : most;

	must(pwrite(t.segment, in->data, n, (off_t)at) == (ssize_t)n);
	in->data += n;
	in->size -= n;
}

/* Slot, records and run; two bytes, the length of what was read; that, and what was to be sent. */
static void make_segment(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	size_t length;

	must(custody_file_create(&layout, &t.segment, NULL) == 0);
	put(&in, sizeof(struct custody_slot), custody_slot_at(0));
	put(&in, EVENTS * sizeof(struct event_record), custody_event_at(&layout, 0));
	put(&in, sizeof(struct custody_run), offsetof(struct custody_head, run));
	if (in.size < 2)
		return;
	length = (size_t)in.data[0] << 8 | in.data[1];
	in.data += 2;
	in.size -= 2;
	put(&in, length, custody_region_at(&layout, 0, CUSTODY_IN));
	put(&in, (size_t)layout.region, custody_region_at(&layout, 0, CUSTODY_OUT));
}

static void must_be_whole(const struct custody_find *find)
{
	must(session_state_is_valid(&find->state, layout.region));
	must(find->state.in_start == 0 && find->state.in_end == buf_len(&find->in));
	must(find->state.out_start == 0 && find->state.out_end == buf_len(&find->out));
}

/* The next worker finds what the supervisor has put there. */
static void must_move(const struct custody_find *find)
{
	struct session_state state = find->state;
	struct custody_find found;

	state.in_start = state.out_start = 0;
	state.in_end = buf_len(&find->in);
	state.out_end = buf_len(&find->out);
	must(custody_file_write(t.segment, &layout, OTHER_SLOT, find) == 0);
	must(custody_file_read(t.segment, &layout, OTHER_SLOT, &found) == 0);
	must_be_whole(&found);
	must(memcmp(&found.state, &state, sizeof(state)) == 0);
	must(buf_len(&found.in) == 0 ||
	     memcmp(buf_head(&found.in), buf_head(&find->in), buf_len(&found.in)) == 0);
	custody_find_fini(&found);
}

/* ---- the supervisor ---- */

static void on_call(void *user, struct session *s, const struct msg *call)
{
	struct lost lost = {.event = FRESH_EVENT, .reason = "the worker is gone"};
	struct event_record record;

	(void)user;
	if (call->event_id != 0 &&
	    custody_file_find_event(t.segment, &layout, call->event_id, &record)) {
		record.on_error = ON_ERROR_CLOSED;
		lost.record = &record;
	}
	lost_answer(s, call, &lost);
}

static void on_bad_call(void *user, struct session *s, const struct msg *call, int rc,
			const struct err *err)
{
	(void)rc;
	(void)err;
	on_call(user, s, call);
}

static void on_end(void *user, struct session *s)
{
	(void)user;
	(void)s;
	t.has_ended = true;
}

static void begin(void)
{
	log_open("stderr", LOG_LEVEL_EMERG, NULL);
	t.env = (struct session_env){
		.reactor = reactor_create(),
		.codecs = codecs,
		.limits = {LIMIT_MESSAGE_SIZE, LIMIT_MESSAGE_DEPTH},
		.generation = 1,
		.linger = 1,
		.handler = {.on_call = on_call,
			    .on_bad_call = on_bad_call,
			    .on_end = on_end,
			    .on_lost = on_call},
	};
	must(t.env.reactor != NULL && session_env_init(&t.env) == 0);
}

/* ---- the gateway ---- */

/* What has come: how many bytes, at most; -1 = the end. */
static ssize_t hear(int fd, uint8_t *to, size_t size)
{
	ssize_t n, all = 0;

	while ((size_t)all < size && (n = recv(fd, to + all, size - (size_t)all, MSG_DONTWAIT)) > 0)
		all += n;
	if (all > 0)
		return all;
	return n == 0 || errno != EAGAIN ? -1 : 0;
}

static bool is_event(const struct session_state *state)
{
	return state->busy &&
	       (state->call_type == MSG_HANDLE_EVENT || state->call_type == MSG_STEP);
}

static bool ends_request(const uint8_t *said, size_t n)
{
	static const char end[] = "kong.response.exit";

	return memmem(said, n, end, sizeof(end) - 1) != NULL || said[n - 1] == 0x94;
}

/* The worker's memory may lie about the event's phase, and a log has no request that could be stopped. */
static bool may_be_log(const struct session_state *state)
{
	struct event_record record;

	return state->call_phase == PHASE_LOG + 1 ||
	       (custody_file_find_event(t.segment, &layout, state->call_event, &record) &&
		record.phase == PHASE_LOG);
}

static void must_be_answered(const struct session_state *before, int fd)
{
	static uint8_t said[1 << 17];
	ssize_t n = hear(fd, said, sizeof(said));

	if (before->busy)
		must(n != 0);
	if (n > 0 && is_event(before) && before->codec == 1 && !may_be_log(before))
		must(ends_request(said, (size_t)n));
}

/* ---- recovery ---- */

static void recover(struct custody_find *find)
{
	const struct session_state before = find->state;
	bool is_sure = find->doubt == CUSTODY_SURE;
	struct custody_find moved;
	struct session *s;
	int ends[2];

	find->state.tag = ON_ERROR_CLOSED; /* as link.c does */
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	t.has_ended = false;
	s = session_restore(&t.env, ends[0], 1, find);
	must(s != NULL);
	session_recover(s);
	if (!t.has_ended && session_may_move(s)) {
		session_release(s, &moved);
		must(t.has_ended);
		must_move(&moved);
		custody_find_fini(&moved);
	} else if (!t.has_ended) {
		session_go_on(s);
	}
	if (is_sure && !before.is_ending)
		must_be_answered(&before, ends[1]);
	if (!t.has_ended)
		session_destroy(s);
	close(ends[1]);
}

static void look_at_events(void)
{
	struct event_record *records = NULL;
	struct custody_load load;
	size_t count = 0;

	must(custody_file_load(t.segment, &load) == 0);
	must(custody_file_events(t.segment, &layout, &records, &count) == 0);
	must(count <= EVENTS && (count == 0 || records != NULL));
	for (size_t i = 0; i < count; i++)
		must(records[i].phase < PHASE_COUNT && records[i].state != EVENT_FREE);
	free(records);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct custody_find find = {0};

	if (t.env.reactor == NULL)
		begin();
	make_segment(data, size);
	look_at_events();
	if (custody_file_read(t.segment, &layout, 0, &find) == 0) {
		must_be_whole(&find);
		must_move(&find);
		recover(&find);
	}
	close(t.segment);
	return 0;
}
