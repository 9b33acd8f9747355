#include "server/event/orphan.h"
#include <stdlib.h>
#include "protocol/err.h"

struct orphan;
#define uthash_nonfatal_oom(row) ((row)->oom = true)
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct orphan {
	struct event_record record;
	double since;
	bool oom; /* uthash could not add it */
	UT_hash_handle hh;
};

static void forget(struct orphan_table *t, struct orphan *orphan)
{
	HASH_DEL(t->by_id, orphan);
	free(orphan);
}

void orphan_fini(struct orphan_table *t)
{
	while (t->by_id != NULL)
		forget(t, t->by_id);
}

static void forget_old(struct orphan_table *t, double now)
{
	while (t->by_id != NULL && now - t->by_id->since > t->lifetime)
		forget(t, t->by_id);
}

static struct orphan *find(const struct orphan_table *t, uint64_t id)
{
	struct orphan *found;

	HASH_FIND(hh, t->by_id, &id, sizeof(id), found);
	return found;
}

int orphan_add(struct orphan_table *t, const struct event_record *record, double now)
{
	struct orphan *orphan;

	forget_old(t, now);
	if (find(t, record->id) != NULL)
		return 0;
	orphan = calloc(1, sizeof(*orphan));
	if (orphan == NULL)
		return -E_NOMEM;
	orphan->record = *record;
	orphan->since = now;
	HASH_ADD(hh, t->by_id, record.id, sizeof(orphan->record.id), orphan);
	if (orphan->oom) {
		free(orphan);
		return -E_NOMEM;
	}
	if (HASH_COUNT(t->by_id) > t->max)
		forget(t, t->by_id);
	return 0;
}

bool orphan_take(struct orphan_table *t, uint64_t id, double now, struct event_record *ret)
{
	struct orphan *orphan;

	forget_old(t, now);
	orphan = find(t, id);
	if (orphan == NULL)
		return false;
	*ret = orphan->record;
	forget(t, orphan);
	return true;
}

size_t orphan_count(const struct orphan_table *t)
{
	return HASH_COUNT(t->by_id);
}
