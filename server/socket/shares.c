#include "server/socket/shares.h"
#include <stdlib.h>
#include "protocol/err.h"

struct share;
#define uthash_nonfatal_oom(row) ((row)->oom = true)
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define SMALL 64 /* a number that is not divided */

struct share {
	uint64_t peer;
	size_t amount;
	bool oom; /* uthash could not add it */
	UT_hash_handle hh;
};

/* Who has come last mostly comes next. */
static struct share *find(const struct shares *s, uint64_t peer)
{
	struct share *found = s->last;

	if (found == NULL || found->peer != peer)
		HASH_FIND(hh, s->by_peer, &peer, sizeof(peer), found);
	return found;
}

static void forget(struct shares *s, struct share *share)
{
	if (share == s->last)
		s->last = NULL;
	HASH_DEL(s->by_peer, share);
	free(share);
}

/* One that has nothing stays as long as it is the last one: so few events at once don't make and free it each
 * time. */
static void note_last(struct shares *s, struct share *share)
{
	struct share *before = s->last;

	s->last = share;
	if (before != NULL && before != share && before->amount == 0)
		forget(s, before);
}

void shares_fini(struct shares *s)
{
	while (s->by_peer != NULL)
		forget(s, s->by_peer);
}

size_t shares_of(const struct shares *s, uint64_t peer)
{
	const struct share *share = find(s, peer);

	return share != NULL ? share->amount : 0;
}

bool shares_allow(const struct shares *s, uint64_t peer, size_t max)
{
	return peer == 0 || shares_of(s, peer) < (max < SMALL ? max : max - max / 4);
}

static struct share *create(struct shares *s, uint64_t peer)
{
	struct share *share = calloc(1, sizeof(*share));

	if (share == NULL)
		return NULL;
	share->peer = peer;
	HASH_ADD(hh, s->by_peer, peer, sizeof(share->peer), share);
	if (!share->oom)
		return share;
	free(share);
	return NULL;
}

int shares_add(struct shares *s, uint64_t peer, size_t amount)
{
	struct share *share = find(s, peer);

	if (share == NULL)
		share = create(s, peer);
	if (share == NULL)
		return -E_NOMEM;
	share->amount += amount;
	note_last(s, share);
	return 0;
}

void shares_remove(struct shares *s, uint64_t peer, size_t amount)
{
	struct share *share = find(s, peer);

	if (share == NULL)
		return;
	share->amount -= amount < share->amount ? amount : share->amount;
	if (share->amount == 0 && share != s->last)
		forget(s, share);
}
