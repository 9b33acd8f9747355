/* remote_event.c - an event that a program handles: its fiber makes the PDK calls that the program asks for. */
#include <stdlib.h>
#include <utlist.h>
#include "pdk-bridge/fiber.h"
#include "plugins/loop.h"
#include "plugins/remote/remote_impl.h"
#include "protocol/err.h"
#include "protocol/value.h"

/* ---- records ---- */

static struct remote_event *create(struct remote_plugin *p, struct pdk_rq *rq)
{
	struct remote_event *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->id = rq->event_id;
	e->rq = rq;
	remote_message_init(&e->in);
	HASH_ADD(hh, p->events, id, sizeof(e->id), e);
	if (!e->oom)
		return e;
	remote_message_fini(&e->in);
	free(e);
	return NULL;
}

static void destroy(struct remote_plugin *p, struct remote_event *e)
{
	HASH_DEL(p->events, e);
	remote_message_fini(&e->in);
	free(e);
}

static void give_back_credit(struct remote_plugin *p)
{
	p->credit++;
	remote_leave_if_idle(p);
	if (p->queue != NULL)
		remote_look_soon(p);
}

void remote_event_use_credit(struct remote_plugin *p)
{
	while (p->credit > 0 && p->queue != NULL && !p->is_closed) {
		struct remote_event *e = p->queue;

		DL_DELETE(p->queue, e);
		e->state = REMOTE_WAITING;
		p->credit--;
		p->plugin->loop->event_resume(e->rq);
	}
}

void remote_event_drop_all(struct remote_plugin *p)
{
	struct remote_event *e, *next;

	HASH_ITER (hh, p->events, e, next)
		destroy(p, e);
}

/* ---- what the program says ---- */

static void resume(struct remote_plugin *p, struct remote_event *e, struct remote_message *m)
{
	remote_message_move(&e->in, m);
	e->is_new = true;
	p->plugin->loop->event_resume(e->rq);
}

/* It may have said so before it knew. */
static void take_for_cancelled(struct remote_plugin *p, struct remote_event *e, bool ends)
{
	if (!ends)
		return;
	p->cancelled--;
	destroy(p, e);
	give_back_credit(p);
}

const char *remote_event_take(struct remote_plugin *p, struct remote_message *m)
{
	uint64_t id = m->envelope.id;
	bool ends = m->envelope.type == REMOTE_END;
	struct remote_event *e;

	HASH_FIND(hh, p->events, &id, sizeof(id), e);
	if (e == NULL || e->state == REMOTE_QUEUED)
		return "speaks of an event that it was not given";
	if (e->rq == NULL) {
		take_for_cancelled(p, e, ends);
		return NULL;
	}
	if (e->state != REMOTE_WAITING)
		return "does not wait for the answer to a call";
	if (ends)
		e->state = REMOTE_ENDED;
	resume(p, e, m);
	return NULL;
}

/* ---- the event's fiber ---- */

static void wait_for_credit(struct remote_plugin *p, struct remote_event *e)
{
	if (p->credit > 0 && p->queue == NULL && !p->is_closed) {
		p->credit--;
		e->state = REMOTE_WAITING;
		return;
	}
	DL_APPEND(p->queue, e);
	while (e->state == REMOTE_QUEUED)
		fiber_park();
}

static int send_event(struct remote_plugin *p, const struct remote_event *e,
		      const struct remote_instance *instance, struct err *err)
{
	const struct value body[] = {value_uint(instance->id), value_str(phase_name(e->rq->phase))};

	return remote_send(
		p, &(struct remote_envelope){.type = REMOTE_EVENT, .id = e->id, .body = body}, err);
}

static int make_call(struct remote_event *e, struct pdk_ret *ret, struct err *err)
{
	const struct value *name = &e->in.envelope.body[1], *args = &e->in.envelope.body[2];
	const struct pdk_fn *fn = pdk_find(name->s, name->len);
	int rc;

	if (fn == NULL)
		return err_set(err, E_NOT_FOUND, "this Outrigger has no PDK function '%.*s'",
			       name->len < 128 ? (int)name->len : 128, name->s);
	rc = pdk_call(e->rq, fn->id, args->items, args->len, ret, err);
	if (rc != 0 && err->text[0] == '\0')
		err_set(err, (enum err_code)(-rc), "%s: %s", fn->name, err_text(rc));
	return rc;
}

static int send_answer(struct remote_plugin *p, const struct remote_event *e, struct value outcome,
		       struct err *err)
{
	const struct value body[] = {e->in.envelope.body[0],
				     value_bool(outcome.type == VALUE_ARRAY), outcome};

	return remote_send(
		p, &(struct remote_envelope){.type = REMOTE_ANSWER, .id = e->id, .body = body},
		err);
}

/* Does not return from a call that ends the event. */
static int serve_call(struct remote_plugin *p, struct remote_event *e, struct err *err)
{
	struct err failure = {""};
	struct pdk_ret ret;
	struct value outcome;
	int rc;

	e->state = REMOTE_CALLING;
	rc = make_call(e, &ret, &failure);
	if (rc == 0)
		outcome =
			(struct value){.type = VALUE_ARRAY, .len = (uint32_t)ret.n, .items = ret.v};
	else
		outcome = value_str(failure.text);
	e->state = REMOTE_WAITING;
	return send_answer(p, e, outcome, err);
}

static int finish(const struct remote_event *e, struct err *err)
{
	const struct value *error = &e->in.envelope.body[0], *trace = &e->in.envelope.body[1];

	if (error->type == VALUE_NIL)
		return 0;
	if (trace->type != VALUE_NIL)
		e->rq->trace = arena_strndup(&e->rq->arena, trace->s, trace->len);
	return err_set(err, E_HANDLER, "%.*s", (int)error->len, error->s);
}

int remote_event_run(struct plugin *plugin, void *live, struct pdk_rq *rq, struct err *err)
{
	struct remote_plugin *p = plugin->impl;
	struct remote_event *e = create(p, rq);
	int rc;

	if (e == NULL)
		return err_set(err, E_NOMEM, "no memory for an event");
	rq->runtime = e;
	wait_for_credit(p, e);
	rc = send_event(p, e, live, err);
	while (rc == 0) {
		while (!e->is_new)
			fiber_park();
		e->is_new = false;
		if (e->state == REMOTE_ENDED)
			return finish(e, err);
		rc = serve_call(p, e, err);
	}
	return rc;
}

/* ---- its end ---- */

static void cancel(struct remote_plugin *p, struct remote_event *e)
{
	struct err err = {""};

	e->rq = NULL;
	p->cancelled++;
	remote_send(p, &(struct remote_envelope){.type = REMOTE_CANCEL, .id = e->id}, &err);
	if (p->cancelled == REMOTE_CREDIT)
		remote_break(p, "has come back from none of the events that were cancelled", &err);
}

void remote_event_done(struct plugin *plugin, struct pdk_rq *rq)
{
	struct remote_plugin *p = plugin->impl;
	struct remote_event *e = rq->runtime;

	rq->runtime = NULL;
	if (e == NULL)
		return;
	if (e->state == REMOTE_QUEUED) {
		DL_DELETE(p->queue, e);
		destroy(p, e);
	} else if (e->state == REMOTE_ENDED) {
		destroy(p, e);
		give_back_credit(p);
	} else {
		cancel(p, e);
	}
}
