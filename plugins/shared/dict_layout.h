/* dict_layout.h - what a shared dictionary's memory holds.
 *
 *   head | buckets: the first item of each | blocks
 * Blocks are named by number, so that each process may have the memory elsewhere; 0 is nobody's, and stands for
 * "none". All that is read there may be rubbish: a number that leads nowhere is taken for 0 and the dictionary for
 * *damaged*, and walks end after as many steps as there are blocks. */
#ifndef PLUGINS_SHARED_DICT_LAYOUT_H
#define PLUGINS_SHARED_DICT_LAYOUT_H
#include <pthread.h>
#include "plugins/shared/dict.h"

#define DICT_BLOCK ((size_t)128)

struct dict_head {
	uint64_t magic;
	pthread_mutex_t mutex;
	uint64_t seed;           /* of the keys' hashes */
	uint32_t is_changing;    /* who has the lock is about to change what is linked */
	uint32_t free_first;     /* blocks that were used once; ... */
	uint32_t fresh;          /* ... from here on none was */
	uint32_t free_count;     /* of both kinds */
	uint32_t newest, oldest; /* items, by use */
	uint32_t items;
	uint64_t magic_again;
};

/* How an item's first block begins; its key and value follow, and go on in further ones. */
struct dict_item {
	uint32_t next; /* of the chain: the first member of all blocks */
	uint32_t bucket_next;
	uint32_t newer, older;
	uint64_t expires; /* monotonic milliseconds; 0 = never */
	uint32_t hash;
	uint32_t flags;
	uint32_t len; /* of the value; of a list, its elements */
	uint16_t key_len;
	uint8_t type;
	uint8_t unused;
	uint32_t first, last; /* elements */
};

/* How an element's first block begins; its bytes follow. */
struct dict_element {
	uint32_t next;
	uint32_t before, after;
	uint32_t len;
	uint8_t type;
	uint8_t unused[3];
};

struct dict {
	struct dict_head *head;
	uint32_t *buckets;
	unsigned char *blocks;
	size_t size;
	uint32_t bucket_mask;
	uint32_t block_count;
	uint64_t seed;
	uint64_t now;    /* monotonic milliseconds, when the lock was taken */
	bool is_damaged; /* something there made no sense */
	uint64_t emptied;
};

#endif
