/* custody_keep.h - the memory of large buffers that are empty, which the next large messages use again.
 *
 * To give a megabyte back, and to get a fresh one for the next body, takes four times as long as all else that is done
 * with it. So what was used last is kept: up to a size, and until it was not used between two looks. */
#ifndef SERVER_CUSTODY_CUSTODY_KEEP_H
#define SERVER_CUSTODY_CUSTODY_KEEP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/custody/custody.h"

#define CUSTODY_KEEP_SIZE ((size_t)16 << 20) /* bytes, of all regions together */
#define CUSTODY_KEEP_MOST 16                 /* regions */

/* The first `size` bytes of a region. */
struct custody_kept {
	uint32_t slot;
	enum custody_side side;
	bool in_use;
	bool was_seen; /* at the last look */
	size_t size;
};

struct custody_keep {
	struct custody_kept kept[CUSTODY_KEEP_MOST]; /* what was put first comes first */
	size_t count;
	size_t size; /* of all; also of what is in use, which grew before */
	void (*give_back)(void *user, const struct custody_kept *kept);
	void *user;
};

/* `keep` is zeroed but for the function, which is called for all that is not kept any more. Nobody uses the region, of
 * which `size` bytes were. */
void custody_keep_put(struct custody_keep *keep, uint32_t slot, enum custody_side side,
		      size_t size);
/* The region is used again. */
void custody_keep_take(struct custody_keep *keep, uint32_t slot, enum custody_side side);
/* ... and will be another's. */
void custody_keep_forget(struct custody_keep *keep, uint32_t slot, enum custody_side side);
/* Gives back what nobody uses and was there at the last look. */
void custody_keep_look(struct custody_keep *keep);

#endif
