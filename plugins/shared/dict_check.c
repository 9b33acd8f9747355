/* dict_check.c - whether a shared dictionary's memory is in order: each block is free or of one item, each item is
 * in its bucket and in the order of use, and all numbers agree. */
#include <stdlib.h>
#include "plugins/shared/dict_impl.h"

struct check {
	struct dict *d;
	bool *is_seen; /* by block */
	size_t seen;
	bool is_sound;
};

/* Each block is met once. */
static void see(struct check *c, uint32_t number)
{
	if (number == 0 || number >= c->d->block_count || c->is_seen[number]) {
		c->is_sound = false;
		return;
	}
	c->is_seen[number] = true;
	c->seen++;
}

static void see_chain(struct check *c, uint32_t number, size_t n)
{
	for (size_t i = 0; c->is_sound && i < n; i++) {
		see(c, number);
		if (c->is_sound)
			number = dict_element(c->d, number)->next;
	}
}

static void see_elements(struct check *c, const struct dict_item *item)
{
	uint32_t number = item->first, before = 0, count = 0;

	for (; c->is_sound && number != 0; count++) {
		const struct dict_element *e = dict_element(c->d, number);

		see_chain(c, number, dict_blocks_for(c->d, sizeof(struct dict_element), e->len));
		c->is_sound = c->is_sound && e->before == before;
		before = number;
		number = e->after;
	}
	c->is_sound = c->is_sound && item->last == before && item->len == count;
}

static void see_item(struct check *c, uint32_t number)
{
	const struct dict_item *item = dict_item(c->d, number);
	bool is_list = item->type == DICT_LIST;
	size_t len = item->key_len + (is_list ? (size_t)0 : item->len);

	see_chain(c, number, dict_blocks_for(c->d, sizeof(struct dict_item), len));
	if (c->is_sound && is_list)
		see_elements(c, item);
}

static uint32_t see_buckets(struct check *c)
{
	uint32_t items = 0;

	for (uint32_t i = 0; c->is_sound && i <= c->d->bucket_mask; i++) {
		uint32_t number = c->d->buckets[i];

		for (; c->is_sound && number != 0; items++) {
			see_item(c, number);
			if (!c->is_sound)
				break;
			c->is_sound = (dict_item(c->d, number)->hash & c->d->bucket_mask) == i;
			number = dict_item(c->d, number)->bucket_next;
		}
	}
	return items;
}

static void see_free(struct check *c)
{
	const struct dict_head *head = c->d->head;
	uint32_t number = head->free_first, count = 0;

	for (; c->is_sound && number != 0; count++) {
		see(c, number);
		if (c->is_sound)
			number = dict_element(c->d, number)->next;
	}
	if (head->fresh == 0 || head->fresh > c->d->block_count)
		c->is_sound = false;
	else
		c->is_sound = c->is_sound &&
			      head->free_count == count + (c->d->block_count - head->fresh) &&
			      c->seen == head->fresh - 1;
}

static bool is_order_of(struct dict *d, uint32_t items)
{
	uint32_t number = d->head->newest, newer = 0, count = 0;

	while (number != 0 && number < d->block_count && count <= items) {
		const struct dict_item *item = dict_item(d, number);

		if (item->newer != newer)
			return false;
		newer = number;
		number = item->older;
		count++;
	}
	return number == 0 && count == items && d->head->oldest == newer;
}

bool dict_is_sound(struct dict *d)
{
	struct check c = {.d = d, .is_sound = true};
	uint32_t items;

	c.is_seen = calloc(d->block_count, sizeof(*c.is_seen));
	if (c.is_seen == NULL)
		return false;
	items = see_buckets(&c);
	see_free(&c);
	free(c.is_seen);
	return c.is_sound && items == d->head->items && is_order_of(d, items);
}
