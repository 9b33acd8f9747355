#include "server/custody/custody_keep.h"
#include <string.h>

static void remove_at(struct custody_keep *keep, size_t i)
{
	keep->size -= keep->kept[i].size;
	keep->count--;
	memmove(&keep->kept[i], &keep->kept[i + 1], (keep->count - i) * sizeof(keep->kept[0]));
}

static void give_back_first(struct custody_keep *keep)
{
	const struct custody_kept first = keep->kept[0];

	remove_at(keep, 0);
	keep->give_back(keep->user, &first);
}

void custody_keep_put(struct custody_keep *keep, uint32_t slot, int side, size_t size)
{
	const struct custody_kept kept = {.slot = slot, .side = side, .size = size};

	if (size > CUSTODY_KEEP_SIZE) {
		keep->give_back(keep->user, &kept);
		return;
	}
	while (keep->count == CUSTODY_KEEP_MOST || keep->size + size > CUSTODY_KEEP_SIZE)
		give_back_first(keep);
	keep->kept[keep->count++] = kept;
	keep->size += size;
}

size_t custody_keep_take(struct custody_keep *keep, uint32_t slot, int side)
{
	size_t size = 0;

	for (size_t i = 0; i < keep->count && size == 0; i++) {
		if (keep->kept[i].slot != slot || keep->kept[i].side != side)
			continue;
		size = keep->kept[i].size;
		remove_at(keep, i);
	}
	return size;
}

void custody_keep_look(struct custody_keep *keep)
{
	while (keep->count > 0 && keep->kept[0].was_seen)
		give_back_first(keep);
	for (size_t i = 0; i < keep->count; i++)
		keep->kept[i].was_seen = true;
}
