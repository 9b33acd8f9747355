/* dict_list.c - lists in a shared dictionary. */
#include "plugins/shared/dict_fault.h"
#include "plugins/shared/dict_impl.h"

#define HEADER sizeof(struct dict_element)

static size_t blocks_of(const struct dict *d, const struct dict_element *element)
{
	return dict_blocks_for(d, HEADER, element->len);
}

void dict_free_elements(struct dict *d, struct dict_item *item)
{
	uint32_t number = dict_number(d, item->first);
	size_t given = 0;

	while (number != 0) {
		const struct dict_element *element = dict_element(d, number);
		uint32_t after = dict_number(d, element->after);
		size_t blocks = blocks_of(d, element);

		given += blocks;
		if (given > d->block_count) {
			d->is_damaged = true;
			return;
		}
		dict_give_blocks(d, number, blocks);
		number = after;
	}
	item->first = item->last = item->len = 0;
}

/* ---- linking ---- */

static void link_element(struct dict *d, struct dict_item *item, uint32_t number, enum dict_end end)
{
	struct dict_element *element = dict_element(d, number);

	element->before = end == DICT_BACK ? item->last : 0;
	element->after = end == DICT_FRONT ? item->first : 0;
	if (element->before != 0)
		dict_element(d, element->before)->after = number;
	else
		item->first = number;
	if (element->after != 0)
		dict_element(d, element->after)->before = number;
	else
		item->last = number;
	DICT_FAULT(ELEMENT_LINKED);
	item->len++;
}

static void unlink_element(struct dict *d, struct dict_item *item, uint32_t number)
{
	const struct dict_element *element = dict_element(d, number);
	uint32_t before = dict_number(d, element->before), after = dict_number(d, element->after);

	if (before != 0)
		dict_element(d, before)->after = after;
	else
		item->first = after;
	if (after != 0)
		dict_element(d, after)->before = before;
	else
		item->last = before;
	DICT_FAULT(ELEMENT_UNLINKED);
	item->len--;
}

static void add_element(struct dict *d, struct dict_item *item, const struct dict_value *value,
			enum dict_end end)
{
	size_t len = dict_stored_len(value);
	uint32_t number;
	struct dict_element *element;

	dict_change(d);
	number = dict_take_blocks(d, dict_blocks_for(d, HEADER, len));
	element = dict_element(d, number);
	element->len = (uint32_t)len;
	element->type = (uint8_t)value->type;
	dict_write_value(d, dict_bytes_of(number, HEADER), value);
	link_element(d, item, number, end);
}

/* ---- operations ---- */

/* The list of that key; 0 where there is none, or a stale item, which is removed. */
static enum dict_result find_list(struct dict *d, struct dict_key key, uint32_t *ret)
{
	uint32_t number = dict_find(d, key, dict_hash(d, key));

	*ret = number;
	if (number == 0)
		return DICT_OK;
	if (dict_is_stale(d, dict_item(d, number))) {
		dict_remove(d, number);
		*ret = 0;
		return DICT_OK;
	}
	return dict_item(d, number)->type == DICT_LIST ? DICT_OK : DICT_NOT_LIST;
}

static size_t blocks_for_key(const struct dict *d, struct dict_key key)
{
	return dict_blocks_for(d, sizeof(struct dict_item), key.len);
}

static bool has_room(const struct dict *d, struct dict_key key, const struct dict_value *value,
		     bool is_new)
{
	size_t blocks = dict_blocks_for(d, HEADER, dict_stored_len(value));

	if (is_new)
		blocks += blocks_for_key(d, key);
	return dict_has_room(d, blocks);
}

static enum dict_result push(struct dict *d, struct dict_key key, const struct dict_value *value,
			     enum dict_end end, size_t *ret)
{
	uint32_t number;
	enum dict_result result;

	dict_evict(d, false);
	result = find_list(d, key, &number);
	if (result != DICT_OK)
		return result;
	if (number == 0 && !dict_has_room(d, blocks_for_key(d, key)))
		return DICT_FULL_FOR_KEY;
	if (!has_room(d, key, value, number == 0))
		return DICT_FULL;
	if (number == 0) {
		number = dict_insert(d, key, 0);
		dict_item(d, number)->type = DICT_LIST;
	}
	dict_touch(d, number);
	add_element(d, dict_item(d, number), value, end);
	*ret = dict_item(d, number)->len;
	return DICT_OK;
}

enum dict_result dict_push(struct dict *d, struct dict_key key, const struct dict_value *value,
			   enum dict_end end, size_t *ret)
{
	enum dict_result result = dict_enter(d);

	if (result != DICT_OK)
		return result;
	result = push(d, key, value, end, ret);
	dict_leave(d);
	return result;
}

static enum dict_result pop(struct dict *d, uint32_t list, enum dict_end end, struct buf *bytes,
			    struct dict_value *ret)
{
	struct dict_item *item = dict_item(d, list);
	uint32_t number = dict_number(d, end == DICT_FRONT ? item->first : item->last);
	const struct dict_element *element = dict_element(d, number);
	enum dict_result result;
	size_t blocks;

	*ret = (struct dict_value){.type = (enum dict_type)element->type, .len = element->len};
	if (ret->len > d->size || number == 0) {
		d->is_damaged = true;
		return DICT_ABSENT;
	}
	result = dict_read_value(d, dict_bytes_of(number, HEADER), bytes, ret);
	if (result != DICT_OK)
		return result;
	blocks = blocks_of(d, element);
	dict_change(d);
	unlink_element(d, item, number);
	dict_give_blocks(d, number, blocks);
	if (item->len == 0)
		dict_remove(d, list);
	else
		dict_touch(d, list);
	return DICT_OK;
}

enum dict_result dict_pop(struct dict *d, struct dict_key key, enum dict_end end, struct buf *bytes,
			  struct dict_value *ret)
{
	enum dict_result result = dict_enter(d);
	uint32_t number;

	if (result != DICT_OK)
		return result;
	result = find_list(d, key, &number);
	if (result == DICT_OK)
		result = number != 0 ? pop(d, number, end, bytes, ret) : DICT_ABSENT;
	dict_leave(d);
	return result;
}

enum dict_result dict_len(struct dict *d, struct dict_key key, size_t *ret)
{
	enum dict_result result = dict_enter(d);
	uint32_t number;

	if (result != DICT_OK)
		return result;
	result = find_list(d, key, &number);
	if (result == DICT_OK)
		*ret = number != 0 ? dict_item(d, number)->len : 0;
	dict_leave(d);
	return result;
}
