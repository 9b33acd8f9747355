/* pdk_describe.c - see pdk_describe.h. */
#include "pdk-bridge/pdk_describe.h"
#include "pdk-bridge/pdk.h"
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/err.h"
#include "protocol/value.h"

static const char *type_text(enum pdk_type type)
{
	static const char *const texts[] = {
		[PDK_VOID] = "nothing",
		[PDK_STR] = "string",
		[PDK_INT] = "integer",
		[PDK_NUM] = "number",
		[PDK_BOOL] = "boolean",
		[PDK_TABLE] = "table",
		[PDK_MMAP] = "multimap",
		[PDK_BYTES] = "bytes",
		[PDK_SCALAR_OR_LIST] = "scalar or list",
		[PDK_ANY] = "any",
		[PDK_REST] = "...",
		[PDK_FUNC] = "function",
	};

	return texts[type];
}

int pdk_describe_signature(struct buf *out, const struct pdk_fn *fn)
{
	int i, rc = buf_printf(out, "%s(", fn->name);

	for (i = 0; rc == 0 && i < fn->argc; i++)
		rc = buf_printf(out, "%s%s: %s%s", i > 0 ? ", " : "", fn->args[i].name,
				type_text(fn->args[i].type),
				fn->args[i].optional && fn->args[i].type != PDK_REST ? "?" : "");
	return rc != 0 ? rc : buf_printf(out, ") -> %s", type_text(fn->ret));
}

int pdk_describe_signatures(struct buf *out)
{
	int i, rc = 0;

	for (i = 0; rc == 0 && i < PDK_ID_COUNT; i++) {
		rc = pdk_describe_signature(out, &pdk_table[i]);
		if (rc == 0)
			rc = buf_append_str(out, "\n");
	}
	return rc;
}

/* ---- as data ---- */

static void set_pair(struct value *map, uint32_t i, const char *key, struct value value)
{
	map->pairs[i] = (struct value_pair){value_str(key), value};
}

static int describe_args(struct arena *arena, const struct pdk_fn *fn, struct value *ret)
{
	int rc = value_new_array(arena, fn->argc, ret);

	for (uint32_t i = 0; rc == 0 && i < fn->argc; i++) {
		struct value *map = &ret->items[i];

		rc = value_new_map(arena, 3, map);
		if (rc != 0)
			break;
		set_pair(map, 0, "name", value_str(fn->args[i].name));
		set_pair(map, 1, "type", value_str(type_text(fn->args[i].type)));
		set_pair(map, 2, "optional", value_bool(fn->args[i].optional));
	}
	return rc;
}

static int describe_function(struct arena *arena, const struct pdk_fn *fn, struct value *ret)
{
	struct value args;
	int rc = describe_args(arena, fn, &args);

	if (rc == 0)
		rc = value_new_map(arena, 5, ret);
	if (rc != 0)
		return rc;
	set_pair(ret, 0, "name", value_str(fn->name));
	set_pair(ret, 1, "args", args);
	set_pair(ret, 2, "returns", value_str(type_text(fn->ret)));
	set_pair(ret, 3, "ends", value_bool((fn->flags & PDK_TERMINAL) != 0));
	set_pair(ret, 4, "doc", value_str(fn->doc));
	return 0;
}

int pdk_describe_value(struct arena *arena, struct value *ret)
{
	struct value rows;
	uint32_t n = 0;
	int rc = value_new_array(arena, PDK_ID_COUNT, &rows);

	for (int i = 0; rc == 0 && i < PDK_ID_COUNT; i++)
		if (!(pdk_table[i].flags & PDK_REFUSED))
			rc = describe_function(arena, &pdk_table[i], &rows.items[n++]);
	if (rc != 0)
		return rc;
	rows.len = n;
	*ret = rows;
	return 0;
}
