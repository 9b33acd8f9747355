#include "server/custody/custody_keep.h"
#include <string.h>

static struct custody_kept *find(struct custody_keep *keep, uint32_t slot, enum custody_side side)
{
	for (size_t i = 0; i < keep->count; i++)
		if (keep->kept[i].slot == slot && keep->kept[i].side == side)
			return &keep->kept[i];
	return NULL;
}

static void drop(struct custody_keep *keep, struct custody_kept *kept)
{
	size_t behind = (size_t)(&keep->kept[keep->count] - kept) - 1;

	keep->size -= kept->size;
	keep->count--;
	memmove(kept, kept + 1, behind * sizeof(*kept));
}

static void give_back(struct custody_keep *keep, struct custody_kept *kept)
{
	const struct custody_kept given = *kept;

	drop(keep, kept);
	keep->give_back(keep->user, &given);
}

/* Whether there is room, for which the oldest ones go that nobody uses. */
static bool make_room(struct custody_keep *keep, size_t size)
{
	size_t i = 0;

	while (keep->count == CUSTODY_KEEP_MOST || keep->size + size > CUSTODY_KEEP_SIZE) {
		while (i < keep->count && keep->kept[i].in_use)
			i++;
		if (i == keep->count)
			return false;
		give_back(keep, &keep->kept[i]);
	}
	return true;
}

void custody_keep_put(struct custody_keep *keep, uint32_t slot, enum custody_side side, size_t size)
{
	struct custody_kept now = {.slot = slot, .side = side, .size = size};
	struct custody_kept *before = find(keep, slot, side);

	if (before != NULL) {
		now.size = size > before->size ? size : before->size;
		drop(keep, before);
	}
	if (now.size > CUSTODY_KEEP_SIZE || !make_room(keep, now.size)) {
		keep->give_back(keep->user, &now);
		return;
	}
	keep->kept[keep->count++] = now;
	keep->size += now.size;
}

void custody_keep_take(struct custody_keep *keep, uint32_t slot, enum custody_side side)
{
	struct custody_kept *kept = find(keep, slot, side);

	if (kept == NULL)
		return;
	kept->in_use = true;
	kept->was_seen = false;
}

void custody_keep_forget(struct custody_keep *keep, uint32_t slot, enum custody_side side)
{
	struct custody_kept *kept = find(keep, slot, side);

	if (kept != NULL)
		drop(keep, kept);
}

void custody_keep_look(struct custody_keep *keep)
{
	size_t i = 0;

	while (i < keep->count) {
		struct custody_kept *kept = &keep->kept[i];

		if (!kept->in_use && kept->was_seen) {
			give_back(keep, kept);
		} else {
			kept->was_seen = !kept->in_use;
			i++;
		}
	}
}
