/* pdk_cache.c - what the gateway has answered within one event, until a setter makes it stale, and what
 * holds for the life of a gateway process. Entries live in the event's arena. */
#include "pdk-bridge/pdk_constants.h"
#include "pdk-bridge/pdk_counters.h"
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_known.h"

/* Longer texts (bodies) would cost more to copy than to ask for again. */
#define CACHED_TEXT_MAX ((size_t)256 << 10)
/* A handler that asks for ever more has neither its memory nor its search grow without bound. */
#define KEPT_MAX 1024

struct pdk_cache_entry {
	struct pdk_cache_entry *next;
	const struct pdk_fn *fn;
	struct value args; /* array */
	struct pdk_ret ret;
};

static bool is_kept(const struct pdk_call *c)
{
	return (c->fn->flags & (PDK_CACHE | PDK_CONSTANT)) && c->rq->env->read_cache;
}

static bool same_arguments(const struct pdk_cache_entry *e, const struct pdk_call *c)
{
	size_t i;

	if (e->args.len != c->argc)
		return false;
	for (i = 0; i < c->argc; i++)
		if (!value_equal(&e->args.items[i], &c->argv[i]))
			return false;
	return true;
}

static int copy_arguments(struct arena *arena, const struct pdk_call *c, struct value *ret)
{
	size_t i;
	int rc = value_new_array(arena, c->argc, ret);

	for (i = 0; rc == 0 && i < c->argc; i++)
		rc = value_copy(arena, &c->argv[i], &ret->items[i]);
	return rc;
}

static const struct pdk_cache_entry *find(const struct pdk_call *c)
{
	const struct pdk_cache_entry *e;

	for (e = c->rq->cache; e != NULL; e = e->next)
		if (e->fn == c->fn && same_arguments(e, c))
			return e;
	return NULL;
}

static bool find_constant(struct pdk_call *c)
{
	const struct pdk_rq *rq = c->rq;

	return (c->fn->flags & PDK_CONSTANT) && c->argc == 0 &&
	       pdk_constants_get(rq->env->constants, rq->gateway, c->fn->id, c->ret);
}

bool pdk_cache_find(struct pdk_call *c)
{
	const struct pdk_cache_entry *e;

	if (!is_kept(c))
		return false;
	e = find(c);
	if (e == NULL)
		return find_constant(c);
	*c->ret = e->ret;
	return true;
}

const struct value *pdk_rq_known(const struct pdk_rq *rq, enum pdk_id id, const struct value *arg)
{
	const struct pdk_cache_entry *e;

	for (e = rq->cache; e != NULL; e = e->next)
		if (e->fn == &pdk_table[id] && e->args.len == (arg != NULL) && e->ret.n > 0 &&
		    (arg == NULL || value_equal(&e->args.items[0], arg)))
			return &e->ret.v[0];
	return NULL;
}

bool pdk_cache_find_other(const struct pdk_call *c, enum pdk_id id, const struct value *arg,
			  struct pdk_ret *ret)
{
	struct pdk_call other = {c->rq, &pdk_table[id], arg, 1, ret, c->err};

	return pdk_cache_find(&other);
}

int pdk_saved(const struct pdk_call *c)
{
	c->rq->saved++;
	pdk_count(c->rq->env->counters, c->fn->id, PDK_COUNT_SAVED);
	return 0;
}

bool pdk_cache_get(struct pdk_call *c)
{
	return pdk_cache_find(c) && pdk_saved(c) == 0;
}

static int copy_ret(struct arena *arena, const struct pdk_ret *from, struct pdk_ret *ret)
{
	size_t i;
	int rc = 0;

	ret->n = from->n;
	for (i = 0; rc == 0 && i < from->n; i++)
		rc = value_copy(arena, &from->v[i], &ret->v[i]);
	return rc;
}

static bool is_too_large(const struct pdk_ret *ret)
{
	return ret->n > 0 && value_is_text(&ret->v[0]) && ret->v[0].len > CACHED_TEXT_MAX;
}

void pdk_cache_put(struct pdk_call *c)
{
	struct arena *arena = &c->rq->arena;
	struct pdk_cache_entry *e;

	if (!is_kept(c) || is_too_large(c->ret))
		return;
	if (c->fn->flags & PDK_CONSTANT) {
		if (c->ret->n == 0 || c->ret->v[0].type == VALUE_NIL)
			return; /* it failed, and may not the next time */
		pdk_constants_put(c->rq->env->constants, c->rq->gateway, c->fn->id, c->ret);
	}
	e = c->rq->kept < KEPT_MAX ? arena_alloc(arena, sizeof(*e)) : NULL;
	if (e == NULL || copy_arguments(arena, c, &e->args) != 0 ||
	    copy_ret(arena, c->ret, &e->ret) != 0)
		return;
	c->rq->kept++;
	e->fn = c->fn;
	e->next = c->rq->cache;
	c->rq->cache = e;
	*c->ret = e->ret;
}

void pdk_cache_drop(struct pdk_rq *rq, uint32_t groups)
{
	struct pdk_cache_entry **at = &rq->cache;

	while (*at != NULL)
		if ((*at)->fn->group & groups)
			*at = (*at)->next;
		else
			at = &(*at)->next;
}
