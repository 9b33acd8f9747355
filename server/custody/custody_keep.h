/* custody_keep.h - the memory of large buffers that are empty, which the next large messages use again.
 *
 * To give a megabyte back, and to get a fresh one for the next body, takes four times as long as all else that is done
 * with it. So what was used last is kept: up to a size, and until it was not used between two looks. */
#ifndef SERVER_CUSTODY_CUSTODY_KEEP_H
#define SERVER_CUSTODY_CUSTODY_KEEP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CUSTODY_KEEP_SIZE ((size_t)16 << 20) /* bytes, of all regions together */
#define CUSTODY_KEEP_MOST 16                 /* regions */

/* The first `size` bytes of a region, which nobody uses. */
struct custody_kept {
	uint32_t slot;
	int side;
	bool was_seen; /* at the last look */
	size_t size;
};

struct custody_keep {
	struct custody_kept kept[CUSTODY_KEEP_MOST]; /* the oldest one first */
	size_t count;
	size_t size; /* of all */
	void (*give_back)(void *user, const struct custody_kept *kept);
	void *user;
};

/* `keep` is zeroed but for the function, which is called for all that is not kept any more. */
void custody_keep_put(struct custody_keep *keep, uint32_t slot, int side, size_t size);
/* The region is used again. What was kept of it, in bytes; 0 = nothing. */
size_t custody_keep_take(struct custody_keep *keep, uint32_t slot, int side);
/* Gives back what was there at the last look. */
void custody_keep_look(struct custody_keep *keep);

#endif
