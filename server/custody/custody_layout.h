/* custody_layout.h - where things lie in a custody segment. For custody.c and custody_file.c only.
 *
 *   head | slots | records of events | regions: in and out of slot 0, in and out of slot 1, ...
 *
 * A region is sparse: address space until it is written to. */
#ifndef SERVER_CUSTODY_CUSTODY_LAYOUT_H
#define SERVER_CUSTODY_CUSTODY_LAYOUT_H
#include <stdatomic.h>
#include "server/custody/custody.h"

#define CUSTODY_MAGIC 0x6f757472u
#define CUSTODY_ALIGN ((uint64_t)64 << 10) /* no smaller than any system's pages */

/* Whose code runs. `serial` is 0 while none does; it is written last, and no two runs in a row share it. */
struct custody_run {
	_Atomic uint32_t serial;
	uint32_t plugin;
	uint64_t event;
	double since;
};

struct custody_head {
	uint32_t magic;
	uint32_t slot_size;   /* of the other side's: */
	uint32_t record_size; /* ... two programs that differ must not meet here */
	uint32_t reserved;
	struct custody_layout layout;
	struct custody_run run;
	uint32_t connections, events;
};

/* The word's bits: which of the two states holds, and what is in doubt (enum custody_doubt). It is stored
 * at once, so that there is no moment at which neither holds. */
#define CUSTODY_CURRENT 1u
#define CUSTODY_DOUBT_SHIFT 1

struct custody_slot {
	_Alignas(64) _Atomic uint32_t word;
	struct session_state states[2];
};

static inline uint64_t custody_round(uint64_t n)
{
	return (n + CUSTODY_ALIGN - 1) / CUSTODY_ALIGN * CUSTODY_ALIGN;
}

static inline uint64_t custody_slot_at(uint32_t slot)
{
	return custody_round(sizeof(struct custody_head)) +
	       (uint64_t)slot * sizeof(struct custody_slot);
}

static inline uint64_t custody_event_at(const struct custody_layout *layout, uint64_t slot)
{
	return custody_round(custody_slot_at(layout->slots)) + slot * sizeof(struct event_record);
}

static inline uint64_t custody_region_at(const struct custody_layout *layout, uint32_t slot,
					 enum custody_side side)
{
	return custody_round(custody_event_at(layout, layout->events)) +
	       ((uint64_t)slot * 2 + side) * layout->region;
}

static inline uint64_t custody_size(const struct custody_layout *layout)
{
	return custody_region_at(layout, layout->slots, CUSTODY_IN);
}

/* What lies behind in_end before a read, and is overwritten by it. CUSTODY_MARK_ROOM bytes. */
static inline uint64_t custody_mark(uint32_t slot)
{
	return 0xd1b54a32d192ed03u ^ ((uint64_t)slot << 32);
}

#endif
