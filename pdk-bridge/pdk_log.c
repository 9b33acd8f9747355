/* pdk_log.c - kong.log.*: arguments to one text, to the gateway's log.
 *
 * What is sent is one text: "SOURCE TEXT", where SOURCE is the request's log_source ("handler.lua:12") if
 * the language's face gave one, and TEXT the arguments joined as `..` joins them. The gateway puts its own
 * "[kong] FILE:LINE [plugin] " before it. A level above the environment's is never sent. Outside of the
 * gateway's events the text goes to our own log. */
#include "pdk-bridge/pdk_log.h"
#include <string.h>
#include "pdk-bridge/fiber.h"
#include "pdk-bridge/pdk_counters.h"
#include "pdk-bridge/pdk_inspect.h"
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_rows.h"

static const struct {
	const char *word;
	enum log_level level;
} levels[] = {
	{"emerg", LOG_LEVEL_EMERG}, {"alert", LOG_LEVEL_ALERT},   {"crit", LOG_LEVEL_CRIT},
	{"err", LOG_LEVEL_ERR},     {"warn", LOG_LEVEL_WARN},     {"deprecation", LOG_LEVEL_WARN},
	{"info", LOG_LEVEL_INFO},   {"notice", LOG_LEVEL_NOTICE}, {"debug", LOG_LEVEL_DEBUG},
};

enum log_level pdk_log_level(const struct pdk_fn *fn)
{
	const char *dot = strrchr(fn->name, '.');
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(dot + 1, levels[i].word) == 0)
			return levels[i].level;
	return LOG_LEVEL_NOTICE;
}

static bool is_filtered(const struct pdk_call *c)
{
	if (pdk_log_level(c->fn) <= c->rq->env->log_level)
		return false;
	pdk_count(c->rq->env->counters, c->fn->id, PDK_COUNT_FILTERED);
	return true;
}

/* Whether a gateway waits: in init_worker, say, none does. A filter is run within another phase. */
static bool has_gateway(const struct pdk_rq *rq)
{
	bool is_filter = rq->phase == PHASE_HEADER_FILTER || rq->phase == PHASE_BODY_FILTER;

	return fiber_current() != NULL && (is_filter || phase_is_external(rq->phase));
}

/* Sends one text by the row `id`; to our own log where there is nobody to send it to. */
static int write_text(struct pdk_call *c, enum pdk_id id, struct value text)
{
	const char *source = c->rq->log_source;
	struct value parts[3], line = text;
	struct pdk_ret none;

	if (source != NULL) {
		parts[0] = value_str(source);
		parts[1] = value_str(" ");
		parts[2] = text;
		if (pdk_join(&c->rq->arena, parts, 3, &line) != 0)
			return pdk_out_of_memory(c);
	}
	c->ret->n = 0;
	if (has_gateway(c->rq))
		return pdk_ask_other(c, id, &line, 1, &none);
	if (c->rq->env->port != NULL)
		c->rq->env->port->log(c->rq, pdk_log_level(c->fn), line.s, line.len);
	return 0;
}

/* The row that carries the text: ProtoBuf:1 lacks two of them. */
static enum pdk_id carrier(const struct pdk_call *c)
{
	if (c->rq->wire == PDK_WIRE_MSGPACK || c->fn->pb_in != NULL)
		return c->fn->id;
	return pdk_log_level(c->fn) == LOG_LEVEL_EMERG ? PDK_ID_log_alert : PDK_ID_log_notice;
}

int do_log(struct pdk_call *c)
{
	struct value text;

	if (is_filtered(c))
		return 0;
	if (pdk_is_plain(c))
		return pdk_ask(c);
	if (c->argc == 1 && value_is_text(c->argv))
		text = *c->argv;
	else if (pdk_join(&c->rq->arena, c->argv, c->argc, &text) != 0)
		return pdk_out_of_memory(c);
	return write_text(c, carrier(c), text);
}

/* ---- kong.log.deprecation ---- */

/* " (deprecated after 2.8, scheduled for removal in 3.0)", as the gateway's library words it. */
static int describe_versions(struct pdk_call *c, const struct value *meta, struct value *ret)
{
	const struct value *after = pdk_field(meta, "after"), *removal = pdk_field(meta, "removal");
	struct value parts[6];
	size_t n = 0;

	if (after != NULL) {
		parts[n++] = value_str(" (deprecated after ");
		parts[n++] = *after;
	}
	if (removal != NULL) {
		parts[n] = value_str(n ? ", scheduled for removal in "
				       : " (scheduled for removal in ");
		n++;
		parts[n++] = *removal;
	}
	if (n > 0)
		parts[n++] = value_str(")");
	return pdk_join(&c->rq->arena, parts, n, ret);
}

int do_deprecation(struct pdk_call *c)
{
	const struct value *meta = c->argc > 0 ? &c->argv[c->argc - 1] : NULL;
	struct value parts[2], text;

	if (is_filtered(c))
		return 0;
	if (pdk_is_plain(c))
		return pdk_ask(c);
	parts[1] = value_str("");
	if (meta == NULL || !value_is_table(meta))
		meta = NULL;
	else if (describe_versions(c, meta, &parts[1]) != 0)
		return pdk_out_of_memory(c);
	if (pdk_join(&c->rq->arena, c->argv, c->argc - (meta ? 1 : 0), &parts[0]) != 0 ||
	    pdk_join(&c->rq->arena, parts, 2, &text) != 0)
		return pdk_out_of_memory(c);
	return write_text(c, PDK_ID_log_warn, text);
}

/* ---- kong.log.inspect ---- */

int do_inspect(struct pdk_call *c)
{
	struct value text;

	if (is_filtered(c) || c->rq->inspect_off)
		return 0;
	if (pdk_is_plain(c))
		return pdk_ask(c);
	if (pdk_inspect(&c->rq->arena, c->argv, c->argc, &text) != 0)
		return pdk_out_of_memory(c);
	return write_text(c, PDK_ID_log_notice, text);
}

int do_inspect_off(struct pdk_call *c)
{
	c->rq->inspect_off = true;
	return 0;
}

int do_inspect_on(struct pdk_call *c)
{
	c->rq->inspect_off = false;
	return 0;
}

/* A value that is nil, followed by options: the nil can't be sent there, and of the three modes only "add"
 * leaves an existing value alone. */
int do_set_serialize_value(struct pdk_call *c)
{
	const struct value *mode = pdk_field(&c->argv[2], "mode");

	if (c->argv[1].type == VALUE_NIL && !pdk_is_raw(c->rq)) {
		if (mode != NULL && value_text_is(mode, "add"))
			return 0;
		c->argc = 1;
	}
	return pdk_ask(c);
}
