/* pdk_pb_memory.c - kong.node.get_memory_stats over ProtoBuf:1, which has amounts as bytes only. */
#include <string.h>
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_rows.h"

/* The bytes as text, or as they are: kong/tools/string.lua, bytes_to_str. */
static int in_unit(struct pdk_call *c, char unit, struct value *v)
{
	static const char units[] = "kmg", *const names[] = {"KiB", "MiB", "GiB"};
	const char *found = strchr(units, unit);
	double scale = c->argv[1].type == VALUE_NIL ? 2 : value_to_double(&c->argv[1]);
	size_t i = found != NULL ? (size_t)(found - units) : 0;
	const char *text;

	if (unit == '\0')
		text = arena_printf(&c->rq->arena, "%.0f", value_to_double(v));
	else
		text = arena_printf(&c->rq->arena, "%.*f %s", (int)scale,
				    value_to_double(v) / (double)(1ULL << (10 * (i + 1))),
				    names[i]);
	if (text == NULL)
		return pdk_out_of_memory(c);
	*v = value_str(text);
	return 0;
}

/* All amounts in the table, which is the event's own. */
static int convert(struct pdk_call *c, char unit, struct value *table)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && table->type == VALUE_ARRAY && i < table->len; i++)
		rc = convert(c, unit, &table->items[i]);
	for (uint32_t i = 0; rc == 0 && table->type == VALUE_MAP && i < table->len; i++) {
		struct value_pair *pair = &table->pairs[i];

		if (value_is_table(&pair->value))
			rc = convert(c, unit, &pair->value);
		else if (!value_text_is(&pair->key, "pid"))
			rc = in_unit(c, unit, &pair->value);
	}
	return rc;
}

int do_pb_get_memory_stats(struct pdk_call *c)
{
	const struct value *unit = &c->argv[0];
	char letter = value_is_text(unit) && unit->len > 0 ? (char)(unit->s[0] | 0x20) : '\0';
	struct pdk_call plain = *c;
	int rc;

	plain.argc = 0;
	rc = pdk_ask(&plain);
	if (rc != 0 || !value_is_text(unit) || letter == 'b')
		return rc;
	return convert(c, letter, &c->ret->v[0]);
}
