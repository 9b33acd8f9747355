/* pdk_multi.c - see pdk_multi.h. */
#define HASH_NONFATAL_OOM 1
#include "pdk-bridge/pdk_multi.h"
#include <string.h>
#include <uthash.h>
#include "protocol/arena.h"
#include "protocol/err.h"

struct pdk_multi_entry {
	struct value name;
	struct value *items;
	uint32_t len, cap;
	UT_hash_handle hh;
};

static int append(struct arena *arena, struct pdk_multi_entry *e, struct value v)
{
	struct value *items;

	if (e->len == e->cap) {
		items = arena_alloc(arena, 2 * (size_t)(e->cap + 1) * sizeof(*items));
		if (items == NULL)
			return -E_NOMEM;
		if (e->len > 0)
			memcpy(items, e->items, e->len * sizeof(*items));
		e->items = items;
		e->cap = 2 * (e->cap + 1);
	}
	e->items[e->len++] = v;
	return 0;
}

static struct pdk_multi_entry *add_name(struct pdk_multi *multi, struct value name)
{
	struct pdk_multi_entry *e = arena_alloc(multi->arena, sizeof(*e));

	if (e == NULL)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->name = name;
	HASH_ADD_KEYPTR(hh, multi->names, e->name.s, e->name.len, e);
	return e->hh.tbl != NULL ? e : NULL;
}

int pdk_multi_add(struct pdk_multi *multi, struct value name, struct value v)
{
	struct pdk_multi_entry *e;

	HASH_FIND(hh, multi->names, name.s, name.len, e);
	if (e == NULL)
		e = add_name(multi, name);
	return e != NULL ? append(multi->arena, e, v) : -E_NOMEM;
}

int pdk_multi_finish(struct pdk_multi *multi, struct value *ret)
{
	struct pdk_multi_entry *e;
	struct value_pair *pair;
	int rc = value_new_map(multi->arena, HASH_COUNT(multi->names), ret);

	pair = rc == 0 ? ret->pairs : NULL;
	for (e = multi->names; pair != NULL && e != NULL; e = e->hh.next, pair++) {
		pair->key = e->name;
		if (e->len == 1)
			pair->value = e->items[0];
		else
			pair->value = (struct value){
				.type = VALUE_ARRAY, .len = e->len, .items = e->items};
	}
	pdk_multi_fini(multi);
	return rc;
}

void pdk_multi_fini(struct pdk_multi *multi)
{
	HASH_CLEAR(hh, multi->names);
}
