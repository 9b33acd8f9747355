#define XXH_INLINE_ALL
#include "server/registry/ids_slots.h"
#include <jansson.h>
#include <stdbool.h>
#include <string.h>
#include <xxhash.h>
#include "protocol/err.h"

#define MAGIC 0x317364692d74756fu /* "out-ids1" */

static uint64_t sum(const struct ids_slot *slot)
{
	return XXH3_64bits(slot, offsetof(struct ids_slot, checksum));
}

static bool are_valid(const struct ids_marks *marks)
{
	return marks->generation < INT64_MAX && marks->instances >= 1 &&
	       marks->instances < INT64_MAX && marks->events >= 1 && marks->events < INT64_MAX;
}

static bool is_whole(const struct ids_slot *slot)
{
	return slot->magic == MAGIC && slot->checksum == sum(slot) && slot->sequence > 0 &&
	       slot->sequence < UINT64_MAX && are_valid(&slot->marks);
}

int ids_slots_read(const uint8_t *bytes, size_t n, struct ids_slot *ret, unsigned *ret_place)
{
	int rc = -E_MALFORMED;

	for (unsigned i = 0; i < IDS_SLOTS; i++) {
		struct ids_slot slot;

		if (n < i * IDS_SLOT_SIZE + sizeof(slot))
			continue;
		memcpy(&slot, bytes + i * IDS_SLOT_SIZE, sizeof(slot));
		if (!is_whole(&slot) || (rc == 0 && slot.sequence <= ret->sequence))
			continue;
		*ret = slot;
		*ret_place = i;
		rc = 0;
	}
	return rc;
}

int ids_slots_read_old(const uint8_t *bytes, size_t n, struct ids_marks *ret)
{
	json_t *root = json_loadb((const char *)bytes, n, 0, NULL);
	json_int_t generation, instances, events;
	struct ids_marks marks = {0};

	if (json_unpack(root, "{s:I, s:I, s:I}", "generation", &generation, "instances", &instances,
			"events", &events) == 0)
		marks = (struct ids_marks){generation, instances, events};
	json_decref(root);
	if (!are_valid(&marks))
		return -E_MALFORMED;
	*ret = marks;
	return 0;
}

struct ids_slot ids_slots_make(uint64_t sequence, const struct ids_marks *marks)
{
	struct ids_slot slot = {.magic = MAGIC, .sequence = sequence + 1, .marks = *marks};

	slot.checksum = sum(&slot);
	return slot;
}
