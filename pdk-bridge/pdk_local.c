/* pdk_local.c - functions that need no gateway. */
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_rows.h"

int do_nothing(struct pdk_call *c)
{
	return c->fn->ret == PDK_VOID ? 0 : pdk_return(c, value_nil());
}

int do_table_new(struct pdk_call *c)
{
	struct value table;

	if (value_new_array(&c->rq->arena, 0, &table) != 0)
		return pdk_out_of_memory(c);
	return pdk_return(c, table);
}

/* Sets map[key], for a map with room. */
static void put(struct value *map, struct value key, struct value v)
{
	uint32_t i;

	for (i = 0; i < map->len && !value_equal(&map->pairs[i].key, &key); i++)
		;
	map->pairs[i] = (struct value_pair){key, v};
	map->len += i == map->len;
}

static void put_all(struct value *map, const struct value *table)
{
	uint32_t i;

	for (i = 0; table->type == VALUE_ARRAY && i < table->len; i++)
		put(map, value_int(i + 1), table->items[i]);
	for (i = 0; table->type == VALUE_MAP && i < table->len; i++)
		put(map, table->pairs[i].key, table->pairs[i].value);
}

/* Two arrays give an array: the longer one's end stays. */
static int merge_arrays(struct pdk_call *c, const struct value *one, const struct value *two)
{
	const struct value *longer = one->len > two->len ? one : two;
	struct value merged;
	uint32_t i;

	if (value_new_array(&c->rq->arena, longer->len, &merged) != 0)
		return pdk_out_of_memory(c);
	for (i = 0; i < merged.len; i++)
		merged.items[i] = i < two->len ? two->items[i] : longer->items[i];
	return pdk_return(c, merged);
}

static bool is_map(const struct value *v)
{
	return v->type == VALUE_MAP && v->len > 0;
}

int do_table_merge(struct pdk_call *c)
{
	const struct value *one = &c->argv[0], *two = &c->argv[1];
	struct value none = {.type = VALUE_ARRAY}, map;

	one = one->type == VALUE_NIL ? &none : one;
	two = two->type == VALUE_NIL ? &none : two;
	if (!is_map(one) && !is_map(two))
		return merge_arrays(c, one, two);
	if (value_new_map(&c->rq->arena, (size_t)one->len + two->len, &map) != 0)
		return pdk_out_of_memory(c);
	map.len = 0;
	put_all(&map, one);
	put_all(&map, two);
	return pdk_return(c, map);
}
