#include "plugins/shared/dict.h"
#include "plugins/shared/dict_impl.h"
#include "protocol/buf.h"

/* ---- reading ---- */

static enum dict_result get(struct dict *d, uint32_t number, struct buf *bytes,
			    struct dict_value *ret)
{
	const struct dict_item *item = dict_item(d, number);
	struct dict_value value = {
		.type = (enum dict_type)item->type,
		.len = dict_value_len(d, item),
		.flags = item->flags,
		.is_stale = dict_is_stale(d, item),
	};
	enum dict_result result;

	if (value.type == DICT_LIST)
		return DICT_IS_LIST;
	result = dict_read_value(d, dict_value_of(d, number), bytes, &value);
	if (result != DICT_OK)
		return result;
	dict_touch(d, number);
	*ret = value;
	return d->is_damaged ? DICT_ABSENT : DICT_OK;
}

static enum dict_result get_any(struct dict *d, struct dict_key key, struct buf *bytes,
				struct dict_value *ret, bool and_stale)
{
	enum dict_result result = dict_enter(d);
	uint32_t number;

	if (result != DICT_OK)
		return result;
	number = dict_find(d, key, dict_hash(d, key));
	if (number == 0 || (!and_stale && dict_is_stale(d, dict_item(d, number))))
		result = DICT_ABSENT;
	else
		result = get(d, number, bytes, ret);
	dict_leave(d);
	return result;
}

enum dict_result dict_get(struct dict *d, struct dict_key key, struct buf *bytes,
			  struct dict_value *ret)
{
	return get_any(d, key, bytes, ret, false);
}

enum dict_result dict_get_stale(struct dict *d, struct dict_key key, struct buf *bytes,
				struct dict_value *ret)
{
	return get_any(d, key, bytes, ret, true);
}

/* ---- writing ---- */

static uint64_t expires_at(const struct dict *d, uint64_t ttl)
{
	return ttl == 0 ? 0 : d->now + ttl;
}

static void fill(struct dict *d, uint32_t number, const struct dict_value *value, uint64_t ttl)
{
	struct dict_item *item = dict_item(d, number);

	dict_change(d);
	item->expires = expires_at(d, ttl);
	item->flags = value->flags;
	item->type = (uint8_t)value->type;
	dict_write_value(d, dict_value_of(d, number), value);
}

static bool fits_in_place(const struct dict_item *item, const struct dict_value *value)
{
	return item->type != DICT_LIST && value->type != DICT_NIL &&
	       item->len == dict_stored_len(value);
}

static enum dict_result insert(struct dict *d, struct dict_key key, const struct dict_value *value,
			       struct dict_store *store)
{
	size_t len = dict_stored_len(value);

	if (!dict_make_room(d, key, len, store))
		return DICT_FULL;
	fill(d, dict_insert(d, key, len), value, store->ttl);
	return DICT_OK;
}

static enum dict_result check_mode(struct dict *d, uint32_t number, enum dict_mode mode)
{
	bool is_there = number != 0 && !dict_is_stale(d, dict_item(d, number));

	if (mode == DICT_ADD && is_there)
		return DICT_EXISTS;
	return mode == DICT_REPLACE && !is_there ? DICT_ABSENT : DICT_OK;
}

static enum dict_result put(struct dict *d, struct dict_key key, const struct dict_value *value,
			    struct dict_store *store)
{
	uint32_t number;
	enum dict_result result;

	dict_evict(d, false);
	number = dict_find(d, key, dict_hash(d, key));
	result = check_mode(d, number, store->mode);
	if (result != DICT_OK)
		return result;
	if (number != 0 && fits_in_place(dict_item(d, number), value)) {
		dict_touch(d, number);
		fill(d, number, value, store->ttl);
		return DICT_OK;
	}
	if (number != 0)
		dict_remove(d, number);
	return value->type != DICT_NIL ? insert(d, key, value, store) : DICT_OK;
}

enum dict_result dict_store(struct dict *d, struct dict_key key, const struct dict_value *value,
			    struct dict_store *store)
{
	enum dict_result result = dict_enter(d);

	store->was_forcible = false;
	if (result != DICT_OK)
		return result;
	result = put(d, key, value, store);
	dict_leave(d);
	return result;
}

/* ---- counting ---- */

static enum dict_result add_to(struct dict *d, uint32_t number, struct dict_incr *incr)
{
	const struct dict_item *item = dict_item(d, number);
	struct dict_value value = {.type = (enum dict_type)item->type, .flags = item->flags};

	if (value.type != DICT_NUMBER || item->len != sizeof(double))
		return DICT_NOT_NUMBER;
	dict_change(d);
	dict_touch(d, number);
	dict_read_value(d, dict_value_of(d, number), NULL, &value);
	incr->by = value.number += incr->by;
	dict_write_value(d, dict_value_of(d, number), &value);
	return DICT_OK;
}

static enum dict_result incr_one(struct dict *d, struct dict_key key, struct dict_incr *incr)
{
	struct dict_store store = {.ttl = incr->init_ttl};
	struct dict_value value = {.type = DICT_NUMBER};
	enum dict_result result;
	uint32_t number;

	dict_evict(d, false);
	number = dict_find(d, key, dict_hash(d, key));
	if (number != 0 && !dict_is_stale(d, dict_item(d, number)))
		return add_to(d, number, incr);
	if (!incr->has_init)
		return DICT_ABSENT;
	if (number != 0)
		dict_remove(d, number);
	value.number = incr->init + incr->by;
	result = insert(d, key, &value, &store);
	incr->by = value.number;
	incr->was_forcible = store.was_forcible;
	return result;
}

enum dict_result dict_incr(struct dict *d, struct dict_key key, struct dict_incr *incr)
{
	enum dict_result result = dict_enter(d);

	incr->was_forcible = false;
	if (result != DICT_OK)
		return result;
	result = incr_one(d, key, incr);
	dict_leave(d);
	return result;
}

/* ---- times ---- */

enum dict_result dict_ttl(struct dict *d, struct dict_key key, int64_t *ret)
{
	enum dict_result result = dict_enter(d);
	uint32_t number;

	if (result != DICT_OK)
		return result;
	number = dict_find(d, key, dict_hash(d, key));
	if (number == 0)
		result = DICT_ABSENT;
	else if (dict_item(d, number)->expires == 0)
		*ret = 0;
	else
		*ret = (int64_t)(dict_item(d, number)->expires - d->now);
	dict_leave(d);
	return result;
}

enum dict_result dict_expire(struct dict *d, struct dict_key key, uint64_t ttl)
{
	enum dict_result result = dict_enter(d);
	uint32_t number;

	if (result != DICT_OK)
		return result;
	number = dict_find(d, key, dict_hash(d, key));
	if (number == 0)
		result = DICT_ABSENT;
	else
		dict_item(d, number)->expires = expires_at(d, ttl);
	dict_leave(d);
	return result;
}

/* ---- all items ---- */

/* Calls fn for each, by use, until it says no; fn may remove the item. */
struct walk {
	bool from_oldest;
	bool (*fn)(struct dict *d, uint32_t number, void *arg);
	void *arg;
};

static void each_item(struct dict *d, const struct walk *walk)
{
	uint32_t number = dict_number(d, walk->from_oldest ? d->head->oldest : d->head->newest);

	for (uint32_t steps = 0; number != 0; steps++) {
		const struct dict_item *item = dict_item(d, number);
		uint32_t next = dict_number(d, walk->from_oldest ? item->newer : item->older);

		if (steps > d->block_count)
			d->is_damaged = true;
		if (d->is_damaged || !walk->fn(d, number, walk->arg))
			return;
		number = next;
	}
}

static enum dict_result walk_all(struct dict *d, const struct walk *walk)
{
	enum dict_result result = dict_enter(d);

	if (result != DICT_OK)
		return result;
	each_item(d, walk);
	dict_leave(d);
	return DICT_OK;
}

static bool make_stale(struct dict *d, uint32_t number, void *arg)
{
	(void)arg;
	dict_item(d, number)->expires = 1;
	return true;
}

enum dict_result dict_flush(struct dict *d)
{
	const struct walk walk = {.fn = make_stale};

	return walk_all(d, &walk);
}

struct budget {
	size_t done, max;
};

static bool free_stale(struct dict *d, uint32_t number, void *arg)
{
	struct budget *budget = arg;

	if (!dict_is_stale(d, dict_item(d, number)))
		return true;
	dict_remove(d, number);
	return ++budget->done < budget->max;
}

enum dict_result dict_flush_stale(struct dict *d, size_t max, size_t *ret)
{
	struct budget budget = {0, max};
	const struct walk walk = {true, free_stale, &budget};
	enum dict_result result = walk_all(d, &walk);

	if (result == DICT_OK)
		*ret = budget.done;
	return result;
}

struct key_list {
	struct buf *out;
	struct budget budget;
	int rc;
};

static bool add_key(struct dict *d, uint32_t number, void *arg)
{
	struct key_list *list = arg;
	const struct dict_item *item = dict_item(d, number);
	struct dict_cursor c = dict_bytes_of(number, sizeof(struct dict_item));
	size_t len = item->key_len;

	if (dict_is_stale(d, item))
		return true;
	d->is_damaged = d->is_damaged || buf_len(list->out) / 2 > d->size;
	list->rc = buf_append(list->out, &len, sizeof(len));
	if (list->rc == 0)
		list->rc = buf_reserve(list->out, len + 1);
	if (list->rc != 0 || d->is_damaged)
		return false;
	dict_read(d, &c, buf_tail(list->out), len);
	buf_commit(list->out, len);
	return ++list->budget.done < list->budget.max;
}

enum dict_result dict_keys(struct dict *d, size_t max, struct buf *keys)
{
	struct key_list list = {.out = keys, .budget = {.max = max}};
	const struct walk walk = {.fn = add_key, .arg = &list};
	enum dict_result result = walk_all(d, &walk);

	if (result != DICT_OK)
		return result;
	return list.rc == 0 ? DICT_OK : DICT_NO_MEMORY;
}

enum dict_result dict_free_space(struct dict *d, size_t *ret)
{
	enum dict_result result = dict_enter(d);

	if (result != DICT_OK)
		return result;
	*ret = d->head->free_count * DICT_BLOCK;
	dict_leave(d);
	return DICT_OK;
}

enum dict_result dict_validate(struct dict *d, bool *ret)
{
	enum dict_result result = dict_enter(d);

	if (result != DICT_OK)
		return result;
	*ret = dict_is_sound(d);
	dict_leave(d);
	return DICT_OK;
}
