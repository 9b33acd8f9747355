/* pdk_describe.c - see pdk_describe.h. */
#include "pdk-bridge/pdk_describe.h"
#include "pdk-bridge/pdk.h"
#include "protocol/buf.h"

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
