/* ids_slots.h - the bytes of the file of ids.
 *
 * Two slots, each with all of the marks, a number that counts the writings and a checksum. The newest slot that is
 * whole holds; the next writing goes to the other one. So a writing that was cut short leaves what was before it,
 * whose ids nobody was given, or nobody has any more (ids_file.c). In the byte order of the machine, which no such
 * file ever leaves. */
#ifndef SERVER_REGISTRY_IDS_SLOTS_H
#define SERVER_REGISTRY_IDS_SLOTS_H
#include <stddef.h>
#include <stdint.h>

#define IDS_SLOTS 2u
#define IDS_SLOT_SIZE \
	((size_t)4096) /* a block of the disk for each, so that no writing spoils both */
#define IDS_SLOTS_SIZE (IDS_SLOTS * IDS_SLOT_SIZE)

/* The first numbers that nobody was given. */
struct ids_marks {
	int64_t generation, instances, events; /* below INT64_MAX; the last two from 1 on */
};

/* A slot, as it stands at its beginning. */
struct ids_slot {
	uint64_t magic, sequence;
	struct ids_marks marks;
	uint64_t checksum; /* of what is before it */
};

/* Finds the slot that holds in the file's first bytes, of which there may be fewer than IDS_SLOTS_SIZE. Its number in
 * *ret_place. -E_MALFORMED where none makes sense. */
int ids_slots_read(const uint8_t *bytes, size_t n, struct ids_slot *ret, unsigned *ret_place);
/* What earlier versions have written: a line of JSON. -E_MALFORMED. */
int ids_slots_read_old(const uint8_t *bytes, size_t n, struct ids_marks *ret);
/* The slot to write after the one of that sequence (0 = the first). */
struct ids_slot ids_slots_make(uint64_t sequence, const struct ids_marks *marks);

#endif
