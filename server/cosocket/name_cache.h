/* name_cache.h - what names have stood for, for as long as their servers said. */
#ifndef SERVER_COSOCKET_NAME_CACHE_H
#define SERVER_COSOCKET_NAME_CACHE_H
#include <stdbool.h>
#include <stddef.h>
#include "plugins/sockets.h"

#define NAME_TEXT 46 /* the longest address as text */

struct name_answer {
	char texts[COSOCKET_ADDRESSES][NAME_TEXT];
	size_t n;
	int ttl; /* seconds */
};

struct name_entry;

/* Zeroed = empty. */
struct name_cache {
	struct name_entry *table; /* what was put first first */
};

bool name_cache_find(struct name_cache *cache, const char *name, struct name_answer *ret);
/* Nothing where its time is 0, or on lack of memory. */
void name_cache_put(struct name_cache *cache, const char *name, const struct name_answer *answer);
void name_cache_fini(struct name_cache *cache);

#endif
