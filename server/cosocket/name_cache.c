#include "server/cosocket/name_cache.h"
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "server/reactor.h"

#define MOST 1000

struct name_entry {
	struct name_answer answer;
	double until;
	UT_hash_handle hh;
	char name[];
};

static void drop(struct name_cache *cache, struct name_entry *entry)
{
	HASH_DEL(cache->table, entry);
	free(entry);
}

bool name_cache_find(struct name_cache *cache, const char *name, struct name_answer *ret)
{
	struct name_entry *entry;

	HASH_FIND_STR(cache->table, name, entry);
	if (entry == NULL)
		return false;
	if (entry->until <= reactor_now()) {
		drop(cache, entry);
		return false;
	}
	*ret = entry->answer;
	return true;
}

void name_cache_put(struct name_cache *cache, const char *name, const struct name_answer *answer)
{
	size_t n = strlen(name) + 1;
	struct name_entry *entry;

	if (answer->ttl <= 0)
		return;
	HASH_FIND_STR(cache->table, name, entry);
	if (entry != NULL)
		drop(cache, entry);
	if (HASH_COUNT(cache->table) >= MOST)
		drop(cache, cache->table);
	entry = calloc(1, sizeof(*entry) + n);
	if (entry == NULL)
		return;
	entry->answer = *answer;
	entry->until = reactor_now() + answer->ttl;
	memcpy(entry->name, name, n);
	HASH_ADD_STR(cache->table, name, entry);
}

void name_cache_fini(struct name_cache *cache)
{
	struct name_entry *entry, *next;

	HASH_ITER (hh, cache->table, entry, next)
		drop(cache, entry);
}
