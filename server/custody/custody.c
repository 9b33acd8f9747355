#include "server/custody/custody.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/custody/custody_keep.h"
#include "server/custody/custody_layout.h"
#include "server/custody/fault.h"

/* A fault of this process alone leaves its memory as the last store before did, in the order of the program
 * if the compiler keeps it. The supervisor's look at one that lives needs no more than that either. */
#define IN_ORDER() atomic_signal_fence(memory_order_seq_cst)

/* The first page of each region is mapped once more, all of them side by side: where regions lie far apart, each
 * has page tables of its own, and with hundreds of connections each step waited for the processor to find them.
 * Only of so many slots, since the kernel bounds the mappings of a process. */
#define NEAR_SLOTS ((uint32_t)1024)

struct custody {
	unsigned char *base;
	unsigned char *near; /* NULL = it could not be had */
	bool is_near[NEAR_SLOTS * 2];
	size_t page;
	struct custody_head *head;
	struct custody_slot *slots;
	struct custody_layout layout; /* not the head's: that can be overwritten */
	size_t size;
	uint32_t serial; /* of the last run */
	struct custody_keep keep;
};

static void give_back(void *user, const struct custody_kept *kept);

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

/* Without success regions are used where they are. */
static void reserve_near(struct custody *c)
{
	uint32_t slots = c->layout.slots < NEAR_SLOTS ? c->layout.slots : NEAR_SLOTS;
	void *near;

	c->page = (size_t)sysconf(_SC_PAGESIZE);
	near = mmap(NULL, (size_t)slots * 2 * c->page, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	c->near = near != MAP_FAILED ? near : NULL;
}

static void release_near(struct custody *c)
{
	uint32_t slots = c->layout.slots < NEAR_SLOTS ? c->layout.slots : NEAR_SLOTS;

	if (c->near != NULL)
		munmap(c->near, (size_t)slots * 2 * c->page);
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
		c->keep = (struct custody_keep){.give_back = give_back, .user = c};
		reserve_near(c);
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
	release_near(c);
	munmap(c->base, c->size);
	free(c);
}

const struct custody_layout *custody_layout(const struct custody *c)
{
	return &c->layout;
}

/* ---- regions ---- */

static unsigned char *base_of(const struct custody *c, uint32_t slot, enum custody_side side)
{
	return c->base + custody_region_at(&c->layout, slot, side);
}

static unsigned char *near_of(const struct custody *c, uint32_t slot, enum custody_side side)
{
	return c->near + ((size_t)slot * 2 + side) * c->page;
}

/* An old size of 0 asks the kernel for one more mapping of the same memory. Where it has none, it may have let
 * go of the place already, and another thread's memory may be there then: all places are left for good. */
static void bring_near(struct custody *c, uint32_t slot, enum custody_side side)
{
	if (c->near == NULL || slot >= NEAR_SLOTS || c->is_near[slot * 2 + side])
		return;
	c->is_near[slot * 2 + side] = mremap(base_of(c, slot, side), 0, c->page,
					     MREMAP_MAYMOVE | MREMAP_FIXED,
					     near_of(c, slot, side)) != MAP_FAILED;
	if (!c->is_near[slot * 2 + side])
		c->near = NULL;
}

/* Where the region's first `size` bytes are used. */
static unsigned char *place(const struct custody *c, uint32_t slot, enum custody_side side,
			    uint64_t size)
{
	bool fits = c->near != NULL && slot < NEAR_SLOTS && c->is_near[slot * 2 + side] &&
		    size <= c->page;

	return fits ? near_of(c, slot, side) : base_of(c, slot, side);
}

/* ---- slots ---- */

static uint32_t current_of(const struct custody_slot *s)
{
	return atomic_load_explicit(&s->word, memory_order_relaxed) & CUSTODY_CURRENT;
}

int custody_read(const struct custody *c, uint32_t slot, struct session_state *ret)
{
	const struct custody_slot *s = c->slots + slot;

	if (slot >= c->layout.slots)
		return -E_MALFORMED;
	*ret = s->states[current_of(s)];
	return session_state_is_valid(ret, c->layout.region) ? 0 : -E_MALFORMED;
}

static void set_mark(struct custody *c, uint32_t slot, uint64_t in_end)
{
	uint64_t mark = custody_mark(slot);

	memcpy(place(c, slot, CUSTODY_IN, in_end + sizeof(mark)) + in_end, &mark, sizeof(mark));
}

/* From here on it is states[current] that holds. */
static void set_word(struct custody_slot *s, uint32_t current, enum custody_doubt doubt)
{
	FAULT(COMMIT_COPIED);
	IN_ORDER();
	atomic_store_explicit(&s->word, current | (uint32_t)doubt << CUSTODY_DOUBT_SHIFT,
			      memory_order_release);
	IN_ORDER();
	FAULT(COMMIT_DONE);
}

struct session_state *custody_compose(struct custody *c, uint32_t slot)
{
	struct custody_slot *s = &c->slots[slot];

	return &s->states[current_of(s) ^ CUSTODY_CURRENT];
}

void custody_commit(struct custody *c, uint32_t slot, enum custody_doubt doubt)
{
	struct custody_slot *s = &c->slots[slot];
	uint32_t next = current_of(s) ^ CUSTODY_CURRENT;

	if (doubt == CUSTODY_READING)
		set_mark(c, slot, s->states[next].in_end);
	set_word(s, next, doubt);
}

void custody_commit_read(struct custody *c, uint32_t slot, uint64_t n)
{
	struct custody_slot *s = &c->slots[slot];
	uint32_t current = current_of(s);

	s->states[current].in_end += n;
	set_word(s, current, CUSTODY_SURE);
}

void custody_commit_sent(struct custody *c, uint32_t slot, uint64_t n)
{
	struct custody_slot *s = &c->slots[slot];
	uint32_t current = current_of(s);

	s->states[current].out_start += n;
	set_word(s, current, CUSTODY_SURE);
}

void custody_commit_event(struct custody *c, uint32_t slot, uint64_t event)
{
	struct custody_slot *s = &c->slots[slot];

	FAULT(COMMIT_COPIED);
	s->states[current_of(s)].call_event = event;
	IN_ORDER();
	FAULT(COMMIT_DONE);
}

/* ---- buffers ---- */

/* All but what an empty buffer has anyway. Without success the memory just stays. */
static void give_back(void *user, const struct custody_kept *kept)
{
	const struct custody *c = user;
	size_t page = c->page;
	size_t from = (BUF_KEEP + page - 1) / page * page,
	       to = (kept->size + page - 1) / page * page;

	if (from < to)
		(void)madvise(base_of(c, kept->slot, kept->side) + from, to - from, MADV_REMOVE);
}

/* A buffer that grew out of the common size is freed when it is empty (buf.h). */
static void *resize(void *user, void *old, size_t old_size, size_t new_size)
{
	const struct custody_region *region = user;
	struct custody_keep *keep = &region->custody->keep;

	(void)old;
	if (new_size > region->size)
		return NULL;
	if (new_size > BUF_KEEP && old_size <= BUF_KEEP)
		custody_keep_take(keep, region->slot, region->side);
	if (new_size == 0 && old_size > BUF_KEEP)
		custody_keep_put(keep, region->slot, region->side, old_size);
	return new_size > 0 ? place(region->custody, region->slot, region->side, new_size) : NULL;
}

void custody_trim(struct custody *c)
{
	custody_keep_look(&c->keep);
}

void custody_forget(struct custody *c, uint32_t slot)
{
	custody_keep_forget(&c->keep, slot, CUSTODY_IN);
	custody_keep_forget(&c->keep, slot, CUSTODY_OUT);
}

void custody_region_init(struct custody *c, uint32_t slot, enum custody_side side,
			 struct custody_region *region)
{
	bring_near(c, slot, side);
	*region = (struct custody_region){
		.mem = {.resize = resize, .user = region, .is_fixed = true},
		.custody = c,
		.size = (size_t)c->layout.region,
		.slot = slot,
		.side = side,
	};
}

void custody_region_attach(const struct custody_region *region, struct buf *buf, uint64_t start,
			   uint64_t end)
{
	if (start == end)
		return;
	buf->data = place(region->custody, region->slot, region->side, end);
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
