/* pdk_call.c - the way of one PDK call, and of the request it belongs to. */
#include "pdk-bridge/pdk_call.h"
#include <string.h>
#include "pdk-bridge/fiber.h"
#include "pdk-bridge/pdk_counters.h"
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_pb.h"
#include "protocol/limits.h"

/* ---- results ---- */

int pdk_return(struct pdk_call *c, struct value v)
{
	c->ret->n = 1;
	c->ret->v[0] = v;
	return 0;
}

int pdk_return_nil(struct pdk_call *c, const char *text)
{
	c->ret->n = 2;
	c->ret->v[0] = value_nil();
	c->ret->v[1] = value_str(text);
	return 0;
}

int pdk_out_of_memory(struct pdk_call *c)
{
	return err_set(c->err, E_NOMEM, "%s: out of memory for this event", c->fn->name);
}

/* ---- to the gateway and back ---- */

bool pdk_is_raw(const struct pdk_rq *rq)
{
	return rq->env->raw_calls;
}

/* The gateway unpacks the arguments by Lua's unpack, which loses what follows a nil, but for the first of
 * two (kong/runloop/plugin_servers/rpc/mp_rpc.lua, call_pdk_method). */
static int refuse_holes(const struct pdk_call *c)
{
	size_t i;

	for (i = 0; i < c->argc; i++)
		if (c->argv[i].type == VALUE_NIL && !(i == 0 && c->argc == 2))
			return err_set(c->err, E_ARGUMENT,
				       "%s: argument #%zu can't be nil while others follow it",
				       c->fn->name, i + 1);
	return 0;
}

void pdk_leave(struct pdk_rq *rq)
{
	rq->state = PDK_RQ_ENDED;
	for (;;)
		fiber_park();
}

/* Why there is no answer, as an error of this call. */
static int explain(const struct pdk_call *c, int rc)
{
	const struct pdk_rq *rq = c->rq;

	if (rc == -E_HANDLER && value_is_text(&rq->reply))
		return err_set(c->err, E_HANDLER, "%.*s", (int)rq->reply.len, rq->reply.s);
	return err_set(c->err, (enum err_code) - rc, "%s: %s", c->fn->name, err_text(rc));
}

bool pdk_is_plain(const struct pdk_call *c)
{
	return pdk_is_raw(c->rq) && (c->rq->wire == PDK_WIRE_MSGPACK || c->fn->pb_in != NULL);
}

static void count_sent(const struct pdk_call *c, bool sent_on)
{
	bool unanswered = sent_on || (c->fn->flags & PDK_TERMINAL);

	c->rq->calls++;
	pdk_count(c->rq->env->counters, c->fn->id,
		  unanswered ? PDK_COUNT_PIPELINED : PDK_COUNT_ROUND_TRIPS);
}

/* 0, PDK_SENT_ON, or an error. */
static int post(const struct pdk_call *c)
{
	struct pdk_rq *rq = c->rq;
	struct value message;
	int rc;

	if (rq->wire == PDK_WIRE_PROTOBUF) {
		rc = pdk_pb_encode(&rq->arena, c->fn, c->argv, c->argc, &message, c->err);
		if (rc != 0)
			return rc;
	}
	rq->waiting_for = c->fn;
	rq->state = PDK_RQ_WAITING;
	if (rq->wire == PDK_WIRE_PROTOBUF)
		rc = rq->env->port->send(rq, c->fn, &message, 1, c->err);
	else
		rc = rq->env->port->send(rq, c->fn, c->argv, c->argc, c->err);
	if (rc != 0) {
		rq->waiting_for = NULL;
		rq->state = PDK_RQ_RUNNING;
	}
	if (rc >= 0)
		count_sent(c, rc == PDK_SENT_ON);
	return rc;
}

/* The answer, brought from its message where it came as one. */
static int take_reply(const struct pdk_call *c, struct value *ret_reply)
{
	struct pdk_rq *rq = c->rq;

	if (rq->reply_rc != 0)
		return explain(c, rq->reply_rc);
	if (rq->wire == PDK_WIRE_PROTOBUF)
		return pdk_pb_decode(&rq->arena, c->fn, &rq->reply, ret_reply, c->err);
	*ret_reply = rq->reply;
	return 0;
}

int pdk_send(const struct pdk_call *c, struct value *ret_reply)
{
	struct pdk_rq *rq = c->rq;
	int rc = rq->wire == PDK_WIRE_MSGPACK ? refuse_holes(c) : 0;

	if (rc == 0)
		rc = pdk_limit_sent(c);
	if (rc != 0)
		return rc;
	if (fiber_current() == NULL || rq->env->port == NULL)
		return err_set(c->err, E_UNSUPPORTED, "%s can't be called outside of a request",
			       c->fn->name);
	rc = post(c);
	if (rc == PDK_SENT_ON)
		*ret_reply = value_nil();
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (c->fn->flags & PDK_TERMINAL)
		pdk_leave(rq);
	fiber_park();
	return take_reply(c, ret_reply);
}

/* ---- steps of a call ---- */

static bool is_setter(const struct pdk_fn *fn)
{
	return fn->group != 0 && !(fn->flags & PDK_CACHE);
}

int pdk_fetch(struct pdk_call *c)
{
	struct value reply;
	int rc = pdk_send(c, &reply);

	if (rc == 0)
		rc = pdk_reply(c, &reply);
	return rc == 0 ? pdk_limit_received(c) : rc;
}

int pdk_set(struct pdk_call *c, uint32_t groups)
{
	pdk_cache_drop(c->rq, groups);
	return pdk_fetch(c);
}

int pdk_ask(struct pdk_call *c)
{
	int rc;

	if (c->rq->phase == PHASE_LOG && !(c->fn->flags & PDK_LOG_OK))
		return pdk_logphase(c);
	if (is_setter(c->fn))
		return pdk_set(c, c->fn->group);
	if (pdk_cache_get(c))
		return 0;
	rc = pdk_fetch(c);
	if (rc == 0)
		pdk_cache_put(c);
	return rc;
}

int pdk_ask_other(const struct pdk_call *c, enum pdk_id id, const struct value *argv, size_t argc,
		  struct pdk_ret *ret)
{
	struct pdk_call other = {c->rq, &pdk_table[id], argv, argc, ret, c->err};

	ret->n = 0;
	return pdk_ask(&other);
}

int pdk_ask_text(const struct pdk_call *c, enum pdk_id id, const char *name, struct value *ret)
{
	struct value argument = value_str(name);
	struct pdk_ret found;
	int rc = pdk_ask_other(c, id, &argument, 1, &found);

	if (rc == 0)
		*ret = found.v[0];
	return rc;
}

int pdk_call_other(const struct pdk_call *c, enum pdk_id id, const struct value *argv, size_t argc,
		   struct pdk_ret *ret)
{
	return pdk_call(c->rq, id, argv, argc, ret, c->err);
}

static bool takes_rest(const struct pdk_fn *fn)
{
	return fn->argc > 0 && fn->args[fn->argc - 1].type == PDK_REST;
}

/* Lets go of what the function doesn't know, and of nils at the end; fills up what wasn't given. */
static void fit_arguments(struct pdk_call *c, struct value space[PDK_ARGS_MAX])
{
	const struct pdk_fn *fn = c->fn;
	size_t i;

	if (takes_rest(fn))
		return;
	if (c->argc > fn->argc)
		c->argc = fn->argc;
	for (i = 0; i < fn->argc; i++)
		space[i] = i < c->argc ? c->argv[i] : value_nil();
	c->argv = space;
	while (c->argc > 0 && space[c->argc - 1].type == VALUE_NIL)
		c->argc--;
}

static void clear_left_out(struct pdk_call *c, struct value space[PDK_ARGS_MAX])
{
	size_t i;

	if (takes_rest(c->fn))
		return;
	for (i = 0; i < c->argc; i++)
		if (pdk_is_left_out(&c->fn->args[i], &space[i]))
			space[i] = value_nil();
	while (c->argc > 0 && space[c->argc - 1].type == VALUE_NIL)
		c->argc--;
}

/* By other calls; what came of it is kept as an answer is. */
static int emulate(struct pdk_call *c, pdk_pb_impl impl)
{
	int rc;

	if (c->rq->phase == PHASE_LOG && !(c->fn->flags & PDK_LOG_OK))
		return pdk_logphase(c);
	if (pdk_cache_get(c))
		return 0;
	rc = impl(c);
	if (rc == 0)
		pdk_cache_put(c);
	return rc;
}

static int perform(struct pdk_call *c)
{
	pdk_pb_impl impl = c->rq->wire == PDK_WIRE_PROTOBUF ? pdk_pb_emulation(c->fn) : NULL;

	if (impl != NULL && !pdk_is_plain(c))
		return emulate(c, impl);
	if (c->fn->impl != NULL)
		return c->fn->impl(c);
	return pdk_ask(c);
}

int pdk_call(struct pdk_rq *rq, enum pdk_id id, const struct value *argv, size_t argc,
	     struct pdk_ret *ret, struct err *err)
{
	struct value space[PDK_ARGS_MAX] = {{.type = VALUE_NIL}};
	struct pdk_call c = {rq, &pdk_table[id], argv, argc, ret, err};
	int rc;

	ret->n = 0;
	if (rq->state != PDK_RQ_RUNNING)
		return err_set(err, E_INTERNAL, "%s: another call is under way", c.fn->name);
	fit_arguments(&c, space);
	rc = pdk_check(&c);
	if (rc != 0)
		return rc;
	clear_left_out(&c, space);
	return perform(&c);
}

/* ---- the request ---- */

void pdk_rq_init(struct pdk_rq *rq, const struct pdk_env *env, uint64_t event_id, enum phase phase)
{
	rq->env = env;
	rq->event_id = event_id;
	rq->phase = phase;
	rq->state = PDK_RQ_RUNNING;
	arena_init(&rq->arena, LIMIT_EVENT_MEMORY);
}

void pdk_rq_fini(struct pdk_rq *rq)
{
	if (rq == NULL)
		return;
	arena_fini(&rq->arena);
	rq->cache = NULL;
	rq->notes = NULL;
	rq->serialized = NULL;
	rq->trace = NULL;
}

bool pdk_rq_deliver(struct pdk_rq *rq, const struct value *reply, int rc)
{
	if (rq->state != PDK_RQ_WAITING)
		return true; /* nobody waits for it */
	rq->reply = reply ? *reply : value_nil();
	rq->reply_rc = rc;
	rq->waiting_for = NULL;
	rq->state = PDK_RQ_RUNNING;
	return fiber_resume(rq->fiber);
}
