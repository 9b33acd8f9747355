/* fuzz_ids_slots.c - the file of ids, whatever is in it, and a writing to it that was cut short: what is read then are
 * the marks from before or those that were written, whole. The first byte is the length that was written. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "server/registry/ids_slots.h"

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void must_be_valid(const struct ids_marks *marks)
{
	must(marks->generation < INT64_MAX && marks->instances >= 1 && marks->events >= 1);
}

static void cut_short(const uint8_t *bytes, size_t size, const struct ids_slot *before,
		      unsigned place, size_t length)
{
	static uint8_t file[IDS_SLOTS_SIZE];
	const struct ids_marks marks = {before->marks.generation, 5, 7};
	const struct ids_slot next = ids_slots_make(before->sequence, &marks);
	struct ids_slot found;
	unsigned found_place = IDS_SLOTS, other = (place + 1) % IDS_SLOTS;

	memset(file, 0, sizeof(file));
	memcpy(file, bytes, size < sizeof(file) ? size : sizeof(file));
	memcpy(file + other * IDS_SLOT_SIZE, &next, length < sizeof(next) ? length : sizeof(next));
	must(ids_slots_read(file, sizeof(file), &found, &found_place) == 0);
	if (found_place == other && length >= sizeof(next))
		must(memcmp(&found, &next, sizeof(next)) == 0);
	else if (found_place == place)
		must(memcmp(&found, before, sizeof(found)) == 0);
	else
		must_be_valid(&found.marks); /* what was written was there before */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ids_slot slot;
	struct ids_marks marks;
	unsigned place = IDS_SLOTS;

	if (size == 0)
		return 0;
	if (ids_slots_read_old(data + 1, size - 1, &marks) == 0)
		must_be_valid(&marks);
	if (ids_slots_read(data + 1, size - 1, &slot, &place) != 0)
		return 0;
	must(place < IDS_SLOTS);
	must_be_valid(&slot.marks);
	if (slot.sequence < UINT64_MAX - 1)
		cut_short(data + 1, size - 1, &slot, place, data[0]);
	return 0;
}
