/* pdk_limit.c - how large a body may be, either way (max_body_size). */
#include "pdk-bridge/pdk_internal.h"

int pdk_limit_body(const struct pdk_call *c, size_t size)
{
	size_t max = c->rq->env->max_body_size;

	if (max == 0 || size <= max)
		return 0;
	return err_set(c->err, E_TOO_LARGE,
		       "%s: a body of %zu bytes; at most %zu are allowed (max_body_size)",
		       c->fn->name, size, max);
}

/* The bytes of all texts in it: less than what encodes it. */
static size_t count_text(const struct value *v)
{
	size_t i, n = 0;

	if (value_is_text(v))
		return v->len;
	for (i = 0; v->type == VALUE_ARRAY && i < v->len; i++)
		n += count_text(&v->items[i]);
	for (i = 0; v->type == VALUE_MAP && i < v->len; i++)
		n += count_text(&v->pairs[i].key) + count_text(&v->pairs[i].value);
	return n;
}

int pdk_limit_sent(const struct pdk_call *c)
{
	size_t at = c->fn->flags & PDK_TERMINAL ? 1 : 0; /* an exit has its status first */

	if (!(c->fn->flags & PDK_BODY) || at >= c->argc)
		return 0;
	return pdk_limit_body(c, count_text(&c->argv[at]));
}

int pdk_limit_received(const struct pdk_call *c)
{
	const struct value *body = &c->ret->v[0];

	if (!(c->fn->flags & PDK_BODY) || c->ret->n == 0 || !value_is_text(body))
		return 0;
	return pdk_limit_body(c, body->len);
}
