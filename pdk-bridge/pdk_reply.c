/* pdk_reply.c - what the gateway answers, brought back to what the function returns inside of it.
 *
 * A multimap comes as name -> array of texts: one text stands for itself, and an empty array is how the
 * gateway writes a lone `true` (kong/runloop/plugin_servers/rpc/mp_rpc.lua, fix_mmap). */
#include "pdk-bridge/pdk_internal.h"

size_t pdk_count_lines(const struct value *map)
{
	size_t i, n = 0;

	for (i = 0; map->type == VALUE_MAP && i < map->len; i++)
		n += map->pairs[i].value.type == VALUE_ARRAY ? map->pairs[i].value.len : 1;
	return n;
}

static struct value unwrap(const struct value *v)
{
	if (v->type != VALUE_ARRAY || v->len > 1)
		return *v;
	return v->len == 0 ? value_bool(true) : v->items[0];
}

static int return_multimap(struct pdk_call *c, const struct value *reply)
{
	struct value map;
	size_t i, n = reply->type == VALUE_MAP ? reply->len : 0;

	if (value_new_map(&c->rq->arena, n, &map) != 0)
		return pdk_out_of_memory(c);
	for (i = 0; i < n; i++) {
		map.pairs[i].key = reply->pairs[i].key;
		map.pairs[i].value = unwrap(&reply->pairs[i].value);
	}
	return pdk_return(c, map);
}

int pdk_reply(struct pdk_call *c, const struct value *reply)
{
	if (c->fn->ret == PDK_VOID) {
		c->ret->n = 0;
		return 0;
	}
	if (c->fn->ret == PDK_MMAP && value_is_table(reply))
		return return_multimap(c, reply);
	return pdk_return(c, *reply);
}
