/* pdk_describe.c - see pdk_describe.h. */
#include "pdk-bridge/pdk_describe.h"
#include <string.h>
#include "pdk-bridge/pdk.h"
#include "pdk-bridge/pdk_pb.h"
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

static const char introduction[] =
	"# The PDK\n"
	"\n"
	"Every function that a plugin can call, as Lua (`kong.request.get_header(\"host\")`) and in C. This\n"
	"page is made from `pdk-bridge/pdk.def`, where a function is added by adding a row\n"
	"(`PDK_UPDATE=1 ctest -R pdk_describe` then writes this page anew).\n"
	"\n"
	"- *Phases*: where the gateway allows it, of those in which it calls an external plugin.\n"
	"- *Asked once*: the gateway is asked once per event; later calls are answered here until a\n"
	"  setter makes the answer stale.\n"
	"- *Void*: nothing comes back. *Local*: done here, without the gateway. *Refused*: raises an\n"
	"  error that says why.\n"
	"- A *multimap* is a table of name to text, or to an array of texts for a name that comes\n"
	"  more than once; in a query, a name without value is `true`.\n"
	"- In the log phase the request is gone: what the table doesn't list for `log` raises an error\n"
	"  there. Read it in access and keep it in `kong.ctx.plugin`.\n";

/* The part of the name between "kong." and the last dot; of a function that belongs to another function
 * (kong.log.inspect.on), that one's. */
static size_t section_of(const char *name, const char **ret_from)
{
	const char *from = strchr(name, '.') + 1, *end = strrchr(from, '.');
	const struct pdk_fn *owner = end ? pdk_find(name, (size_t)(end - name)) : NULL;

	if (owner != NULL && strchr(owner->name + (from - name), '.'))
		return section_of(owner->name, ret_from);
	*ret_from = from;
	return end ? (size_t)(end - from) : strlen(from);
}

static bool same_section(const struct pdk_fn *a, const struct pdk_fn *b)
{
	const char *one, *two;
	size_t n = section_of(a->name, &one), m = section_of(b->name, &two);

	return n == m && memcmp(one, two, n) == 0;
}

static bool works_in(const struct pdk_fn *fn, enum phase phase)
{
	if (phase == PHASE_LOG && fn->log_path == NULL && !(fn->flags & (PDK_LOG_OK | PDK_LOCAL)))
		return false;
	if (phase == PHASE_PREREAD && (fn->flags & PDK_PREREAD))
		return true;
	return fn->phases == 0 || (fn->phases & PHASE_BIT(phase));
}

static int describe_phases(struct buf *out, const struct pdk_fn *fn)
{
	phase_set set = 0;
	char names[160];
	int i;

	for (i = 0; i < PHASE_COUNT; i++)
		if (phase_is_external((enum phase)i) && works_in(fn, (enum phase)i))
			set |= PHASE_BIT(i);
	if (set == PHASES_EXTERNAL)
		return buf_append_str(out, "all");
	phase_set_names(set, names, sizeof(names));
	return buf_append_str(out, set ? names : "none");
}

static const char *describe_kind(const struct pdk_fn *fn)
{
	if (fn->flags & PDK_REFUSED)
		return "Refused";
	if (fn->flags & PDK_LOCAL)
		return "Local";
	if (fn->flags & PDK_TERMINAL)
		return "Ends the handler";
	if (fn->flags & PDK_CONSTANT)
		return "Asked once per gateway process";
	if (fn->flags & PDK_CACHE)
		return "Asked once";
	return fn->ret == PDK_VOID ? "Void" : "Asked each time";
}

static int describe_row(struct buf *out, const struct pdk_fn *fn)
{
	int rc = buf_append_str(out, "\n### `");

	if (rc == 0)
		rc = pdk_describe_signature(out, fn);
	if (rc == 0)
		rc = buf_printf(out, "`\n\n%s\n\nPhases: ", fn->doc);
	if (rc == 0 && !(fn->flags & PDK_REFUSED))
		rc = describe_phases(out, fn);
	if (rc == 0 && (fn->flags & PDK_REFUSED))
		rc = buf_append_str(out, "none");
	if (rc == 0)
		rc = buf_printf(out, ". %s%s%s.\n", describe_kind(fn),
				pdk_pb_loss(fn) != NULL ? "; over ProtoBuf, " : "",
				pdk_pb_loss(fn) != NULL ? pdk_pb_loss(fn) : "");
	return rc;
}

int pdk_describe_markdown(struct buf *out)
{
	int i, rc = buf_append_str(out, introduction);
	const char *section;
	size_t n;

	for (i = 0; rc == 0 && i < PDK_ID_COUNT; i++) {
		if (i == 0 || !same_section(&pdk_table[i], &pdk_table[i - 1])) {
			n = section_of(pdk_table[i].name, &section);
			rc = buf_printf(out, "\n## kong.%.*s\n", (int)n, section);
		}
		if (rc == 0)
			rc = describe_row(out, &pdk_table[i]);
	}
	return rc;
}
