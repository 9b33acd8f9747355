/* dict_item.c - the items of a shared dictionary: found by key, in order of use, evicted. */
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>
#include "plugins/shared/dict_fault.h"
#include "plugins/shared/dict_impl.h"
#include "protocol/buf.h"

#define HEADER sizeof(struct dict_item)
#define EVICTIONS_MAX 30 /* for one new item, as in nginx */
#define STALE_MAX 2      /* that go in passing */

/* ---- finding ---- */

uint32_t dict_hash(const struct dict *d, struct dict_key key)
{
	return (uint32_t)XXH3_64bits_withSeed(key.bytes, key.len, d->seed);
}

static uint32_t *bucket_of(const struct dict *d, uint32_t hash)
{
	return &d->buckets[hash & d->bucket_mask];
}

static bool has_key(struct dict *d, uint32_t number, struct dict_key key, uint32_t hash)
{
	const struct dict_item *item = dict_item(d, number);
	struct dict_cursor c = dict_bytes_of(number, HEADER);

	return item->hash == hash && item->key_len == key.len &&
	       dict_matches(d, &c, key.bytes, key.len);
}

uint32_t dict_find(struct dict *d, struct dict_key key, uint32_t hash)
{
	uint32_t number = dict_number(d, *bucket_of(d, hash));

	for (uint32_t steps = 0; number != 0; steps++) {
		if (steps > d->block_count) {
			d->is_damaged = true;
			return 0;
		}
		if (has_key(d, number, key, hash))
			return number;
		number = dict_number(d, dict_item(d, number)->bucket_next);
	}
	return 0;
}

bool dict_is_stale(const struct dict *d, const struct dict_item *item)
{
	return item->expires != 0 && item->expires <= d->now;
}

/* ---- links ---- */

static void link_bucket(struct dict *d, uint32_t number)
{
	struct dict_item *item = dict_item(d, number);
	uint32_t *bucket = bucket_of(d, item->hash);

	item->bucket_next = *bucket;
	*bucket = number;
	DICT_FAULT(BUCKET_LINKED);
}

static void unlink_bucket(struct dict *d, uint32_t number)
{
	const struct dict_item *item = dict_item(d, number);
	uint32_t *at = bucket_of(d, item->hash);

	for (uint32_t steps = 0; *at != number; steps++) {
		if (*at == 0 || dict_number(d, *at) == 0 || steps > d->block_count) {
			d->is_damaged = true;
			return;
		}
		at = &dict_item(d, *at)->bucket_next;
	}
	*at = item->bucket_next;
	DICT_FAULT(BUCKET_UNLINKED);
}

static void link_newest(struct dict *d, uint32_t number)
{
	struct dict_head *head = d->head;
	struct dict_item *item = dict_item(d, number);

	item->newer = 0;
	item->older = head->newest;
	if (item->older != 0)
		dict_item(d, item->older)->newer = number;
	else
		head->oldest = number;
	head->newest = number;
	DICT_FAULT(USE_LINKED);
}

static void unlink_use(struct dict *d, uint32_t number)
{
	const struct dict_item *item = dict_item(d, number);
	uint32_t newer = dict_number(d, item->newer), older = dict_number(d, item->older);

	if (newer != 0)
		dict_item(d, newer)->older = older;
	else
		d->head->newest = older;
	if (older != 0)
		dict_item(d, older)->newer = newer;
	else
		d->head->oldest = newer;
	DICT_FAULT(USE_UNLINKED);
}

void dict_touch(struct dict *d, uint32_t number)
{
	if (d->head->newest == number)
		return;
	dict_change(d);
	unlink_use(d, number);
	link_newest(d, number);
}

/* ---- items ---- */

uint32_t dict_insert(struct dict *d, struct dict_key key, size_t len)
{
	struct dict_item *item;
	struct dict_cursor c;
	uint32_t number;

	dict_change(d);
	number = dict_take_blocks(d, dict_blocks_for(d, HEADER, key.len + len));
	item = dict_item(d, number);
	c = dict_bytes_of(number, HEADER);
	*item = (struct dict_item){.next = item->next,
				   .hash = dict_hash(d, key),
				   .len = (uint32_t)len,
				   .key_len = (uint16_t)key.len};
	dict_write(d, &c, key.bytes, key.len);
	DICT_FAULT(KEY_WRITTEN);
	link_bucket(d, number);
	link_newest(d, number);
	d->head->items++;
	return number;
}

static size_t blocks_of(const struct dict *d, const struct dict_item *item)
{
	size_t len = item->type == DICT_LIST ? 0 : item->len;

	return dict_blocks_for(d, HEADER, item->key_len + len);
}

void dict_remove(struct dict *d, uint32_t number)
{
	struct dict_item *item = dict_item(d, number);

	dict_change(d);
	if (item->type == DICT_LIST)
		dict_free_elements(d, item);
	unlink_bucket(d, number);
	unlink_use(d, number);
	dict_give_blocks(d, number, blocks_of(d, item));
	d->head->items--;
}

size_t dict_evict(struct dict *d, bool by_force)
{
	size_t freed = 0, stale = 0;

	while (stale < STALE_MAX) {
		uint32_t oldest = dict_number(d, d->head->oldest);
		bool is_stale = oldest != 0 && dict_is_stale(d, dict_item(d, oldest));

		if (oldest == 0 || d->is_damaged || (!by_force && !is_stale))
			break;
		stale += !by_force;
		by_force = false;
		dict_remove(d, oldest);
		freed++;
	}
	return freed;
}

bool dict_make_room(struct dict *d, struct dict_key key, size_t len, struct dict_store *store)
{
	size_t blocks = dict_blocks_for(d, HEADER, key.len + len);

	for (int i = 0; !dict_has_room(d, blocks); i++) {
		if (store->is_safe || i == EVICTIONS_MAX || dict_evict(d, true) == 0)
			return false;
		store->was_forcible = true;
	}
	return true;
}

/* ---- values ---- */

struct dict_cursor dict_value_of(struct dict *d, uint32_t number)
{
	struct dict_cursor c = dict_bytes_of(number, HEADER);

	dict_skip(d, &c, dict_item(d, number)->key_len);
	return c;
}

size_t dict_value_len(struct dict *d, const struct dict_item *item)
{
	size_t len = item->len;

	if (len <= d->size)
		return len;
	d->is_damaged = true;
	return 0;
}

enum dict_result dict_read_value(struct dict *d, struct dict_cursor c, struct buf *bytes,
				 struct dict_value *ret)
{
	unsigned char truth = 0;

	if (ret->type == DICT_NUMBER) {
		dict_read(d, &c, &ret->number, sizeof(ret->number));
	} else if (ret->type == DICT_BOOLEAN) {
		dict_read(d, &c, &truth, 1);
		ret->number = truth != 0;
	} else {
		buf_consume(bytes, buf_len(bytes));
		if (buf_reserve(bytes, ret->len + 1) != 0)
			return DICT_NO_MEMORY;
		dict_read(d, &c, buf_tail(bytes), ret->len);
		buf_commit(bytes, ret->len);
		ret->bytes = (const char *)buf_head(bytes);
	}
	return DICT_OK;
}

size_t dict_stored_len(const struct dict_value *value)
{
	switch (value->type) {
	case DICT_BOOLEAN:
		return 1;
	case DICT_NUMBER:
		return sizeof(value->number);
	case DICT_STRING:
		return value->len;
	default:
		return 0;
	}
}

void dict_write_value(struct dict *d, struct dict_cursor c, const struct dict_value *value)
{
	const unsigned char truth = value->number > 0;

	if (value->type == DICT_NUMBER)
		dict_write(d, &c, &value->number, sizeof(value->number));
	else if (value->type == DICT_BOOLEAN)
		dict_write(d, &c, &truth, 1);
	else if (value->type == DICT_STRING)
		dict_write(d, &c, value->bytes, value->len);
	DICT_FAULT(VALUE_WRITTEN);
}
