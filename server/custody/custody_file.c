#include "server/custody/custody_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/custody/custody_layout.h"

#define SIZE_MAX_OFF ((uint64_t)1 << 46) /* what one process can have of address space */
#define REGION_SLACK ((size_t)2 << 20)   /* reads go beyond a message's end */
#define WARM ((uint64_t)16 << 10)        /* of a region that a blank slot keeps */

uint64_t custody_region_for(size_t message_size)
{
	return custody_round(2 * (message_size + REGION_SLACK));
}

/* ---- bytes ---- */

static int read_at(int fd, void *to, size_t n, uint64_t at)
{
	unsigned char *bytes = to;

	while (n > 0) {
		ssize_t got = pread(fd, bytes, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -E_IO;
		bytes += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

static int write_at(int fd, const void *from, size_t n, uint64_t at)
{
	const unsigned char *bytes = from;

	while (n > 0) {
		ssize_t put = pwrite(fd, bytes, n, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return -E_IO;
		bytes += put;
		at += (uint64_t)put;
		n -= (size_t)put;
	}
	return 0;
}

/* ---- segments ---- */

static int fill(int fd, const struct custody_layout *layout)
{
	const struct custody_head head = {
		.magic = CUSTODY_MAGIC,
		.slot_size = sizeof(struct custody_slot),
		.record_size = sizeof(struct event_record),
		.layout = *layout,
	};

	if (ftruncate(fd, (off_t)custody_size(layout)) != 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		return -E_IO;
	return write_at(fd, &head, sizeof(head), 0);
}

static bool is_too_large(const struct custody_layout *layout)
{
	return layout->region > SIZE_MAX_OFF / 2 / ((uint64_t)layout->slots + 1) ||
	       custody_size(layout) > SIZE_MAX_OFF;
}

int custody_file_create(const struct custody_layout *layout, int *ret_fd, struct err *err)
{
	int fd, rc;

	if (is_too_large(layout))
		return err_set(err, E_LIMIT,
			       "%u connections of %llu bytes each don't fit into the address space",
			       layout->slots, (unsigned long long)layout->region);
	fd = memfd_create("outrigger-custody", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	rc = fd >= 0 ? fill(fd, layout) : -E_IO;
	if (rc == 0) {
		*ret_fd = fd;
		return 0;
	}
	rc = err_set(err, E_IO, "can't make a custody segment: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

/* ---- slots ---- */

/* Whether all of it was written, by this connection or one before: else a few bytes of state could ask for a lot
 * of memory. */
static bool is_there(int fd, uint64_t from, uint64_t to)
{
	off_t hole = from < to ? lseek(fd, (off_t)from, SEEK_HOLE) : 0;

	return from == to || (hole >= 0 && (uint64_t)hole >= to);
}

static int read_bytes(int fd, uint64_t from, uint64_t to, struct buf *ret)
{
	size_t n = (size_t)(to - from);
	int rc;

	if (!is_there(fd, from, to))
		return -E_MALFORMED;
	if (n == 0)
		return 0;
	if (buf_reserve(ret, n) != 0)
		return -E_NOMEM;
	rc = read_at(fd, buf_tail(ret), n, from);
	if (rc == 0)
		buf_commit(ret, n);
	return rc;
}

/* Whether the mark is as it was set, so that no read has happened. */
static bool is_unread(int fd, const struct custody_layout *layout, uint32_t slot, uint64_t in_end)
{
	uint64_t at = custody_region_at(layout, slot, CUSTODY_IN) + in_end, mark = 0;

	return in_end + sizeof(mark) <= layout->region &&
	       read_at(fd, &mark, sizeof(mark), at) == 0 && mark == custody_mark(slot);
}

static int read_state(int fd, const struct custody_layout *layout, uint32_t slot,
		      struct custody_find *find)
{
	struct custody_slot raw;
	uint32_t word, doubt;
	int rc;

	if (slot >= layout->slots)
		return -E_MALFORMED;
	rc = read_at(fd, &raw, sizeof(raw), custody_slot_at(slot));
	if (rc != 0)
		return rc;
	word = atomic_load_explicit(&raw.word, memory_order_relaxed);
	doubt = word >> CUSTODY_DOUBT_SHIFT;
	find->state = raw.states[word & CUSTODY_CURRENT];
	if (doubt > CUSTODY_SENDING || !session_state_is_valid(&find->state, layout->region))
		return -E_MALFORMED;
	find->doubt = (enum custody_doubt)doubt;
	if (find->doubt == CUSTODY_READING && is_unread(fd, layout, slot, find->state.in_end))
		find->doubt = CUSTODY_SURE;
	return 0;
}

static void rebase(struct session_state *state)
{
	state->in_end -= state->in_start;
	state->out_end -= state->out_start;
	state->in_start = state->out_start = 0;
}

int custody_file_read(int fd, const struct custody_layout *layout, uint32_t slot,
		      struct custody_find *ret)
{
	struct custody_find find = {0};
	uint64_t in = custody_region_at(layout, slot, CUSTODY_IN);
	uint64_t out = custody_region_at(layout, slot, CUSTODY_OUT);
	int rc = read_state(fd, layout, slot, &find);

	if (rc == 0)
		rc = read_bytes(fd, in + find.state.in_start, in + find.state.in_end, &find.in);
	if (rc == 0)
		rc = read_bytes(fd, out + find.state.out_start, out + find.state.out_end,
				&find.out);
	if (rc != 0) {
		custody_find_fini(&find);
		return rc;
	}
	rebase(&find.state);
	*ret = find;
	return 0;
}

void custody_find_fini(struct custody_find *find)
{
	buf_fini(&find->in);
	buf_fini(&find->out);
}

static int write_bytes(int fd, uint64_t at, const struct buf *bytes)
{
	return write_at(fd, buf_head(bytes), buf_len(bytes), at);
}

int custody_file_write(int fd, const struct custody_layout *layout, uint32_t slot,
		       const struct custody_find *find)
{
	struct custody_slot raw = {.states = {find->state}};
	int rc;

	if (slot >= layout->slots || buf_len(&find->in) > layout->region ||
	    buf_len(&find->out) > layout->region)
		return -E_TOO_LARGE;
	raw.states[0].in_start = raw.states[0].out_start = 0;
	raw.states[0].in_end = buf_len(&find->in);
	raw.states[0].out_end = buf_len(&find->out);
	rc = write_bytes(fd, custody_region_at(layout, slot, CUSTODY_IN), &find->in);
	if (rc == 0)
		rc = write_bytes(fd, custody_region_at(layout, slot, CUSTODY_OUT), &find->out);
	return rc == 0 ? write_at(fd, &raw, sizeof(raw), custody_slot_at(slot)) : rc;
}

static int write_blank(int fd, uint32_t slot)
{
	const struct custody_slot blank = {0};

	return write_at(fd, &blank, sizeof(blank), custody_slot_at(slot));
}

/* Whether there is more memory in a region than common calls need. */
static bool is_large(int fd, const struct custody_layout *layout, uint32_t slot,
		     enum custody_side side)
{
	uint64_t begin = custody_region_at(layout, slot, side);
	off_t data = lseek(fd, (off_t)(begin + WARM), SEEK_DATA);

	return data >= 0 ? (uint64_t)data < begin + layout->region : errno != ENXIO;
}

int custody_file_blank(int fd, const struct custody_layout *layout, uint32_t slot)
{
	if (slot >= layout->slots)
		return -E_IO;
	if (is_large(fd, layout, slot, CUSTODY_IN) || is_large(fd, layout, slot, CUSTODY_OUT))
		return -E_TOO_LARGE;
	return write_blank(fd, slot);
}

int custody_file_clear(int fd, const struct custody_layout *layout, uint32_t slot)
{
	if (slot >= layout->slots)
		return -E_IO;
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)custody_region_at(layout, slot, CUSTODY_IN),
		      (off_t)(2 * layout->region)) != 0)
		return -E_IO;
	return write_blank(fd, slot);
}

/* ---- a connection by itself ---- */

/* No limit of one server is that of another: as large as any may be, and sparse. */
static const struct custody_layout alone = {.slots = 1, .events = 1, .region = (uint64_t)1 << 32};

int custody_file_pack(const struct custody_find *find, int *ret_fd, struct err *err)
{
	int fd, rc = custody_file_create(&alone, &fd, err);

	if (rc != 0)
		return rc;
	rc = custody_file_write(fd, &alone, 0, find);
	if (rc == 0)
		*ret_fd = fd;
	else
		close(fd);
	return rc;
}

static bool is_packed(int fd)
{
	struct custody_head head;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_SHRINK) && read_at(fd, &head, sizeof(head), 0) == 0 &&
	       head.magic == CUSTODY_MAGIC && head.slot_size == sizeof(struct custody_slot) &&
	       head.record_size == sizeof(struct event_record) &&
	       memcmp(&head.layout, &alone, sizeof(alone)) == 0;
}

int custody_file_unpack(int fd, struct custody_find *ret)
{
	return is_packed(fd) ? custody_file_read(fd, &alone, 0, ret) : -E_MALFORMED;
}

/* ---- events ---- */

bool custody_file_find_event(int fd, const struct custody_layout *layout, uint64_t id,
			     struct event_record *ret)
{
	uint64_t slot = id & (layout->events - 1);
	struct event_record record;

	if (read_at(fd, &record, sizeof(record), custody_event_at(layout, slot)) != 0 ||
	    !event_record_is_valid(&record, slot, layout->events) || record.id != id)
		return false;
	*ret = record;
	return true;
}

int custody_file_events(int fd, const struct custody_layout *layout,
			struct event_record **ret_records, size_t *ret_count)
{
	struct event_record *records = calloc(layout->events, sizeof(*records));
	size_t n = 0;
	int rc = -E_NOMEM;

	if (records != NULL)
		rc = read_at(fd, records, layout->events * sizeof(*records),
			     custody_event_at(layout, 0));
	for (uint64_t slot = 0; rc == 0 && slot < layout->events; slot++)
		if (event_record_is_valid(&records[slot], slot, layout->events) &&
		    records[slot].state != EVENT_ENDED)
			records[n++] = records[slot];
	if (rc != 0 || n == 0) {
		free(records);
		records = NULL;
	}
	if (rc == 0) {
		*ret_records = records;
		*ret_count = n;
	}
	return rc;
}

/* ---- load ---- */

/* A run's serial and plugin may be of different runs where it has just begun: one that has changed in between
 * is no long one, so that it need not be understood. */
static bool is_same_run(const struct custody_run *a, const struct custody_run *b)
{
	return a->serial == b->serial && a->plugin == b->plugin && a->event == b->event &&
	       !(a->since < b->since) && !(a->since > b->since);
}

int custody_file_load(int fd, struct custody_load *ret)
{
	struct custody_head one, two;
	int rc = read_at(fd, &one, sizeof(one), 0);

	if (rc == 0)
		rc = read_at(fd, &two, sizeof(two), 0);
	if (rc != 0)
		return rc;
	*ret = (struct custody_load){
		.connections = two.connections,
		.events = two.events,
		.runs = two.run.serial != 0 && is_same_run(&one.run, &two.run),
		.plugin = two.run.plugin,
		.event = two.run.event,
		.since = two.run.since,
	};
	return 0;
}
