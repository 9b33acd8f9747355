/* pdk_reference.c - docs/pdk.md, all of it from the table.
 *
 * To tell one more thing of each function: write a function that appends it, and name it in `lines`. */
#include <stdbool.h>
#include <string.h>
#include "pdk-bridge/pdk.h"
#include "pdk-bridge/pdk_describe.h"
#include "pdk-bridge/pdk_pb.h"
#include "protocol/buf.h"

static const char introduction[] =
	"# The PDK\n"
	"\n"
	"Every function that a plugin can call, in Lua and in C. This page is made from\n"
	"`pdk-bridge/pdk.def`, where a function is added by adding a row\n"
	"(`PDK_UPDATE=1 ctest -R pdk_describe` then writes it anew).\n"
	"\n"
	"- **Types.** `?` marks an argument that may be left out. A *multimap* is a table of name to text,\n"
	"  or to an array of texts for a name that comes more than once; in a query, a name without\n"
	"  value is `true`. A result may be nil where the text says so, in Lua often with an error as second\n"
	"  result; in C that is `outrigger_error(rq)`. The rules for types in C are in `outrigger_pdk.h`.\n"
	"- **Phases**, of those in which the gateway calls an external plugin. In `log` the request is\n"
	"  gone: what doesn't list it raises an error there. Read it in `access` and keep it in\n"
	"  `kong.ctx.plugin`.\n"
	"- **Protocols.** Both are spoken on the same socket; what the gateway uses is the setting\n"
	"  `protocol`. *Carried*: the gateway's protocol has the function. *By* others: it doesn't, or not\n"
	"  as a whole, and Outrigger does the same by functions that it has. *Not*: an error that names the\n"
	"  protocol; `outrigger check` finds such functions in a plugin's files.\n"
	"- **Round trips** to the gateway and back, while the request waits. *Pipelined*: sent, and not\n"
	"  waited for; it goes out with the next call that is, or with the end of the event.\n"
	"- **Kept until**: what is asked once is answered from here until then, within the event. An event is\n"
	"  one run of one phase for one request. `read_cache = off`, or `plugin_NAME_read_cache = off`, has\n"
	"  everything asked each time. Texts of more than 256 KiB are asked for each time, too.\n"
	"- A complete `get_headers` answers `get_header` for names that aren't there or there once, and a\n"
	"  complete `get_query` answers `get_query_arg`; not in `log`. It is complete where the gateway\n"
	"  gave fewer lines than were asked for: at most 100 if no number is given, even where\n"
	"  the gateway's own default is less. Only if there are as many is it asked further.\n"
	"- **Bodies** have at most `max_body_size` bytes, either way; a larger one is an error that names it.\n"
	"- What calls have cost, by function, is told by `plugin.GetStatus`, which tools may send to a\n"
	"  plugin's socket: `round_trips`, `pipelined`, `saved`, and `filtered`, log calls below `log_level`.\n"
	"\n"
	"In Lua there is more than functions: `kong.ctx.shared.KEY` reads and writes a field of all plugins,\n"
	"asked for once in an event; `kong.ctx.plugin` costs a call at the end of an event that has changed\n"
	"it and has a later phase, another where it is first used in a later phase, and else nothing.\n";

/* ---- sections ---- */

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

/* ---- spellings ---- */

int pdk_describe_c_name(struct buf *out, const struct pdk_fn *fn)
{
	const char *c;
	int rc = 0;

	for (c = fn->name; rc == 0 && *c != '\0'; c++)
		rc = buf_append(out, *c == '.' ? "_" : c, 1);
	return rc;
}

/* As outrigger_pdk.h has it. */
static const char *c_type(enum pdk_type type)
{
	switch (type) {
	case PDK_STR:
		return "const char *";
	case PDK_INT:
		return "int64_t ";
	case PDK_NUM:
		return "double ";
	case PDK_BOOL:
		return "bool ";
	default:
		return "struct outrigger_value ";
	}
}

static int describe_c_argument(struct buf *out, const struct pdk_arg *arg)
{
	if (arg->type == PDK_REST)
		return buf_printf(out, ", const struct outrigger_value *%s, size_t count",
				  arg->name);
	/* a number that may be left out is a value, to be left out */
	return buf_printf(out, ", %s%s",
			  c_type(arg->optional && arg->type != PDK_STR ? PDK_ANY : arg->type),
			  arg->name);
}

static int describe_c(struct buf *out, const struct pdk_fn *fn)
{
	int i, rc = buf_append_str(out, "\n- C: `int ");

	if (rc == 0)
		rc = pdk_describe_c_name(out, fn);
	if (rc == 0)
		rc = buf_append_str(out, "(rq");
	for (i = 0; rc == 0 && i < fn->argc; i++)
		rc = describe_c_argument(out, &fn->args[i]);
	if (rc == 0 && fn->ret != PDK_VOID)
		rc = buf_printf(out, ", %s*ret", c_type(fn->ret));
	return rc == 0 ? buf_append_str(out, ")`") : rc;
}

static int describe_lua(struct buf *out, const struct pdk_fn *fn)
{
	int rc = buf_append_str(out, "\n- Lua: `");

	if (rc == 0)
		rc = pdk_describe_signature(out, fn);
	return rc == 0 ? buf_append_str(out, "`") : rc;
}

/* ---- phases ---- */

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
	phase_set_names(set, names, sizeof(names));
	return buf_printf(out, "\n- Phases: %s",
			  set == PHASES_EXTERNAL ? "all"
			  : set == 0             ? "none"
						 : names);
}

/* ---- protocols ---- */

/* Of a function that is done by others, the note says by which. */
static int describe_protobuf(struct buf *out, const struct pdk_fn *fn)
{
	enum pdk_pb_way way = pdk_pb_way(fn);
	const char *note = pdk_pb_note(fn), *loss = pdk_pb_loss(fn);
	const char *words = way == PDK_PB_LACKING ? "not" : "carried";

	if (way == PDK_PB_BY_OTHERS && note != NULL) {
		words = note;
		note = NULL;
	}
	return buf_printf(out, "; ProtoBuf:1 %s%s%s%s%s", words, note != NULL ? ": " : "",
			  note != NULL ? note : "", loss != NULL ? ": " : "",
			  loss != NULL ? loss : "");
}

static int describe_protocols(struct buf *out, const struct pdk_fn *fn)
{
	int rc;

	if (fn->flags & PDK_LOCAL)
		return buf_append_str(out, "\n- Protocols: needs none");
	rc = buf_append_str(out, "\n- Protocols: MsgPack:1 carried");
	return rc == 0 ? describe_protobuf(out, fn) : rc;
}

/* ---- what it costs ---- */

#define ONCE "1, then 0"
#define UNTIL_CHANGED ONCE " until it may have changed"
#define FILTERED "0 below `log_level`; else MsgPack:1 1, ProtoBuf:1 pipelined"
#define HEADER UNTIL_CHANGED "; 0 after `get_headers`, which ProtoBuf:1 takes too if it isn't there"
#define FORWARDED UNTIL_CHANGED "; over ProtoBuf:1 at most 5"
#define LINES UNTIL_CHANGED "; at most 3 where there are as many lines as were asked for"
#define ENDS "0: it is sent, and ends the event"

/* What their flags don't tell. */
static const struct {
	enum pdk_id id;
	const char *text;
} costs[] = {
	{PDK_ID_log_deprecation, FILTERED},
	{PDK_ID_log_inspect, FILTERED},
	{PDK_ID_request_get_body,
	 "those of `kong.request.get_header`, if no mimetype is given, and "
	 "`kong.request.get_raw_body`"},
	{PDK_ID_request_get_forwarded_path, FORWARDED},
	{PDK_ID_request_get_forwarded_prefix, FORWARDED},
	{PDK_ID_request_get_header, HEADER},
	{PDK_ID_request_get_headers, LINES},
	{PDK_ID_request_get_query, LINES},
	{PDK_ID_request_get_query_arg,
	 UNTIL_CHANGED "; 0 after `get_query`, which it is over ProtoBuf:1"},
	{PDK_ID_request_get_raw_body,
	 UNTIL_CHANGED "; at most 3 with max_allowed_file_size; 2 before Kong 3.8"},
	{PDK_ID_request_get_start_time, ONCE "; at most 2 over ProtoBuf:1"},
	{PDK_ID_response_error, ENDS "; over ProtoBuf:1 at most 5 before it"},
	{PDK_ID_response_exit, ENDS "; over MsgPack:1 1 before it for headers without a body"},
	{PDK_ID_response_get_header, HEADER},
	{PDK_ID_response_get_headers, LINES},
	{PDK_ID_service_request_clear_query_arg,
	 "MsgPack:1 1; over ProtoBuf:1 that of `kong.request.get_raw_query`"},
	{PDK_ID_service_request_set_body,
	 "that of `kong.request.get_header`, if no mimetype is given; then over MsgPack:1 1, or 2 for "
	 "JSON with nulls, over ProtoBuf:1 pipelined"},
	{PDK_ID_service_response_get_body, "those of `kong.service.response.get_header`, if no "
					   "mimetype is given, and "
					   "`kong.service.response.get_raw_body`"},
	{PDK_ID_service_response_get_header, ONCE "; 0 after `get_headers`"},
	{PDK_ID_vault_update, "0 for a table without references, else 1"},
};

static const char *void_round_trips(const struct pdk_fn *fn)
{
	if (fn->flags & PDK_LEVEL)
		return FILTERED;
	if (fn->pb_in == NULL && pdk_pb_emulation(fn) == NULL)
		return "1";
	return "MsgPack:1 1; ProtoBuf:1 pipelined";
}

static const char *round_trips(const struct pdk_fn *fn)
{
	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++)
		if (costs[i].id == fn->id)
			return costs[i].text;
	if (fn->flags & PDK_LOCAL)
		return "0";
	if (fn->flags & PDK_CONSTANT)
		return ONCE " for all events of that gateway process";
	if (fn->flags & PDK_CACHE)
		return fn->group & PDK_G_FIXED ? ONCE : UNTIL_CHANGED;
	return fn->ret == PDK_VOID ? void_round_trips(fn) : "1 each time";
}

static int describe_round_trips(struct buf *out, const struct pdk_fn *fn)
{
	bool in_log = works_in(fn, PHASE_LOG) && fn->log_path != NULL;

	return buf_printf(out, "\n- Round trips: %s%s", round_trips(fn),
			  in_log ? "; in `log` 1 for all that `kong.log.serialize` tells" : "");
}

static bool clears(const struct pdk_fn *setter, const struct pdk_fn *reader)
{
	return !(setter->flags & PDK_CACHE) && setter->group != PDK_G_ALL &&
	       (setter->group & reader->group);
}

/* Setters by name, then the one that clears all. */
static int describe_kept(struct buf *out, const struct pdk_fn *fn)
{
	int i, rc;

	if (!(fn->flags & PDK_CACHE))
		return 0;
	rc = buf_append_str(out, "\n- Kept until: the event ends");
	for (i = 0; rc == 0 && i < PDK_ID_COUNT; i++)
		if (clears(&pdk_table[i], fn))
			rc = buf_printf(out, ", `%s`", pdk_table[i].name);
	for (i = 0; rc == 0 && i < PDK_ID_COUNT; i++)
		if (pdk_table[i].group == PDK_G_ALL)
			rc = buf_printf(out, ", `%s`", pdk_table[i].name);
	return rc;
}

/* ---- the page ---- */

static int (*const lines[])(struct buf *out, const struct pdk_fn *fn) = {
	describe_lua,       describe_c,           describe_phases,
	describe_protocols, describe_round_trips, describe_kept,
};

static int describe_refused(struct buf *out, const struct pdk_fn *fn)
{
	if (fn->flags & PDK_IN_LUA)
		return buf_printf(out, "\nRefused in C: %s\n", fn->doc);
	return buf_printf(out, "\nRefused, with an error that says why: %s\n", fn->doc);
}

static int describe_row(struct buf *out, const struct pdk_fn *fn)
{
	int rc = buf_printf(out, "\n### %s\n", fn->name);
	size_t i;

	if (rc == 0 && (fn->flags & PDK_REFUSED))
		return describe_refused(out, fn);
	if (rc == 0)
		rc = buf_printf(out, "\n%s\n", fn->doc);
	for (i = 0; rc == 0 && i < sizeof(lines) / sizeof(lines[0]); i++)
		rc = lines[i](out, fn);
	return rc == 0 ? buf_append_str(out, "\n") : rc;
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
