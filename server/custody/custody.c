#include "server/custody/custody.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/custody/custody_layout.h"
#include "server/custody/fault.h"

/* A fault of this process alone leaves its memory as the last store before did, in the order of the program
 * if the compiler keeps it. The supervisor's look at one that lives needs no more than that either. */
#define IN_ORDER() atomic_signal_fence(memory_order_seq_cst)

struct custody {
	unsigned char *base;
	struct custody_head *head;
	struct custody_slot *slots;
	struct custody_layout layout; /* not the head's: that can be overwritten */
	size_t size;
	uint32_t serial; /* of the last run */
};

static struct custody_head *map(int fd, size_t *ret_size, struct err *err)
{
	struct stat st;
	void *base;

	if (fstat(fd, &st) != 0 || st.st_size < (off_t)CUSTODY_ALIGN) {
		err_set(err, E_MALFORMED, "the custody segment is no segment");
		return NULL;
	}
	base = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
		    fd, 0);
	if (base == MAP_FAILED) {
		err_set(err, E_IO, "can't map the custody segment: %s", strerror(errno));
		return NULL;
	}
	*ret_size = (size_t)st.st_size;
	return base;
}

static bool is_segment(const struct custody_head *head, size_t size)
{
	return head->magic == CUSTODY_MAGIC && head->slot_size == sizeof(struct custody_slot) &&
	       head->record_size == sizeof(struct event_record) &&
	       custody_size(&head->layout) == size;
}

int custody_create(int fd, struct custody **ret_custody, struct err *err)
{
	struct custody *c = calloc(1, sizeof(*c));
	size_t size = 0;
	struct custody_head *head = map(fd, &size, err);

	close(fd);
	if (head != NULL && c != NULL && is_segment(head, size)) {
		c->base = (unsigned char *)head;
		c->head = head;
		c->layout = head->layout;
		c->slots = (struct custody_slot *)(c->base + custody_slot_at(0));
		c->size = size;
		*ret_custody = c;
		return 0;
	}
	free(c);
	if (head == NULL)
		return -E_IO;
	munmap(head, size);
	return err_set(err, E_MALFORMED, "the custody segment is another program's");
}

void custody_destroy(struct custody *c)
{
	if (c == NULL)
		return;
	munmap(c->base, c->size);
	free(c);
}

const struct custody_layout *custody_layout(const struct custody *c)
{
	return &c->layout;
}

/* ---- slots ---- */

int custody_read(const struct custody *c, uint32_t slot, struct session_state *ret)
{
	const struct custody_slot *s = c->slots + slot;

	if (slot >= c->layout.slots)
		return -E_MALFORMED;
	*ret = s->states[atomic_load_explicit(&s->word, memory_order_relaxed) & CUSTODY_CURRENT];
	return session_state_is_valid(ret, c->layout.region) ? 0 : -E_MALFORMED;
}

static void set_mark(struct custody *c, uint32_t slot, uint64_t in_end)
{
	uint64_t mark = custody_mark(slot);

	memcpy(c->base + custody_region_at(&c->layout, slot, CUSTODY_IN) + in_end, &mark,
	       sizeof(mark));
}

void custody_commit(struct custody *c, uint32_t slot, const struct session_state *state,
		    enum custody_doubt doubt)
{
	struct custody_slot *s = &c->slots[slot];
	uint32_t next = ~atomic_load_explicit(&s->word, memory_order_relaxed) & CUSTODY_CURRENT;

	s->states[next] = *state;
	if (doubt == CUSTODY_READING)
		set_mark(c, slot, state->in_end);
	FAULT(COMMIT_COPIED);
	IN_ORDER();
	atomic_store_explicit(&s->word, next | (uint32_t)doubt << CUSTODY_DOUBT_SHIFT,
			      memory_order_release);
	IN_ORDER();
	FAULT(COMMIT_DONE);
}

/* ---- buffers ---- */

/* Gives back what lies behind the first `keep` bytes. Without success the memory just stays. */
static void give_back(unsigned char *base, size_t keep, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t from = (keep + page - 1) / page * page, to = (size + page - 1) / page * page;

	if (from < to)
		(void)madvise(base + from, to - from, MADV_REMOVE);
}

/* A buffer that grew out of the common size is freed when it is empty (buf.h). */
static void *resize(void *user, void *old, size_t old_size, size_t new_size)
{
	const struct custody_region *region = user;

	(void)old;
	if (new_size > region->size)
		return NULL;
	if (new_size == 0 && old_size > BUF_KEEP)
		give_back(region->base, BUF_KEEP, old_size);
	return new_size > 0 ? region->base : NULL;
}

void custody_region_init(struct custody *c, uint32_t slot, enum custody_side side,
			 struct custody_region *region)
{
	*region = (struct custody_region){
		.mem = {.resize = resize, .user = region, .is_fixed = true},
		.base = c->base + custody_region_at(&c->layout, slot, side),
		.size = (size_t)c->layout.region,
	};
}

void custody_region_attach(const struct custody_region *region, struct buf *buf, uint64_t start,
			   uint64_t end)
{
	if (start == end)
		return;
	buf->data = region->base;
	buf->start = (size_t)start;
	buf->end = buf->cap = (size_t)end;
}

/* ---- events, runs, load ---- */

struct event_record *custody_events(struct custody *c)
{
	return (struct event_record *)(c->base + custody_event_at(&c->layout, 0));
}

void custody_begin_run(struct custody *c, uint32_t plugin, uint64_t event, double since)
{
	struct custody_run *run = &c->head->run;

	c->serial = c->serial + 1 != 0 ? c->serial + 1 : 1;
	run->plugin = plugin;
	run->event = event;
	run->since = since;
	atomic_store_explicit(&run->serial, c->serial, memory_order_release);
}

void custody_end_run(struct custody *c)
{
	atomic_store_explicit(&c->head->run.serial, 0, memory_order_release);
}

void custody_count(struct custody *c, size_t connections, size_t events)
{
	c->head->connections = (uint32_t)connections;
	c->head->events = (uint32_t)events;
}
