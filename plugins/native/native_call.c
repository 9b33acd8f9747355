/* native_call.c - outrigger_call: a PDK function by name, with values of the public header. */
#include <string.h>
#include "pdk-bridge/fiber.h"
#include "plugins/native/native_impl.h"
#include "protocol/limits.h"

#define FOUND_MAX 61 /* a prime: texts lie at multiples of something */

/* ---- values ---- */

static int take_value(struct arena *arena, const struct outrigger_value *from, unsigned depth,
		      struct value *ret);

static int take_each(struct arena *arena, const struct outrigger_value *from, size_t n,
		     unsigned depth, struct value *ret)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = take_value(arena, &from[i], depth, &ret[i]);
	return rc;
}

static int take_items(struct arena *arena, const struct outrigger_value *from, unsigned depth,
		      struct value *ret)
{
	struct value array;
	int rc = value_new_array(arena, from->len, &array);

	if (rc == 0)
		rc = take_each(arena, from->items, from->len, depth, array.items);
	if (rc == 0)
		*ret = array;
	return rc;
}

static int take_pairs(struct arena *arena, const struct outrigger_value *from, unsigned depth,
		      struct value *ret)
{
	struct value map;
	int rc = value_new_map(arena, from->len, &map);

	for (uint32_t i = 0; rc == 0 && i < from->len; i++) {
		rc = take_value(arena, &from->pairs[i].key, depth, &map.pairs[i].key);
		if (rc == 0)
			rc = take_value(arena, &from->pairs[i].value, depth, &map.pairs[i].value);
	}
	if (rc == 0)
		*ret = map;
	return rc;
}

/* Texts stay where they are. */
static int take_value(struct arena *arena, const struct outrigger_value *from, unsigned depth,
		      struct value *ret)
{
	if (depth > LIMIT_MESSAGE_DEPTH_MAX)
		return -E_TOO_DEEP;
	switch (from->type) {
	case OUTRIGGER_NIL:
		*ret = value_nil();
		return 0;
	case OUTRIGGER_BOOL:
		*ret = value_bool(from->b);
		return 0;
	case OUTRIGGER_INT:
		*ret = value_int(from->i);
		return 0;
	case OUTRIGGER_UINT:
		*ret = value_uint(from->u);
		return 0;
	case OUTRIGGER_DOUBLE:
		*ret = value_number(from->d);
		return 0;
	case OUTRIGGER_TEXT:
	case OUTRIGGER_BYTES:
		*ret = value_strn(from->s, from->len);
		return 0;
	case OUTRIGGER_ARRAY:
		return take_items(arena, from, depth + 1, ret);
	case OUTRIGGER_MAP:
		return take_pairs(arena, from, depth + 1, ret);
	}
	return -E_ARGUMENT;
}

static int give_value(struct arena *arena, const struct value *from, struct outrigger_value *ret);

static int give_items(struct arena *arena, const struct value *from, struct outrigger_value *ret)
{
	struct outrigger_value *items = arena_alloc(arena, from->len * sizeof(*items) + 1);
	int rc = items != NULL ? 0 : -E_NOMEM;

	for (uint32_t i = 0; rc == 0 && i < from->len; i++)
		rc = give_value(arena, &from->items[i], &items[i]);
	if (rc == 0)
		*ret = outrigger_array(items, from->len);
	return rc;
}

static int give_pairs(struct arena *arena, const struct value *from, struct outrigger_value *ret)
{
	struct outrigger_pair *pairs = arena_alloc(arena, from->len * sizeof(*pairs) + 1);
	int rc = pairs != NULL ? 0 : -E_NOMEM;

	for (uint32_t i = 0; rc == 0 && i < from->len; i++) {
		rc = give_value(arena, &from->pairs[i].key, &pairs[i].key);
		if (rc == 0)
			rc = give_value(arena, &from->pairs[i].value, &pairs[i].value);
	}
	if (rc == 0)
		*ret = outrigger_map(pairs, from->len);
	return rc;
}

static int give_text(struct arena *arena, const struct value *from, struct outrigger_value *ret)
{
	const char *text = arena_strndup(arena, from->s, from->len);

	if (text == NULL)
		return -E_NOMEM;
	*ret = outrigger_bytes(text, from->len);
	ret->type = from->type == VALUE_BIN ? OUTRIGGER_BYTES : OUTRIGGER_TEXT;
	return 0;
}

/* A copy whose memory is all in the arena. */
static int give_value(struct arena *arena, const struct value *from, struct outrigger_value *ret)
{
	*ret = outrigger_nil();
	switch (from->type) {
	case VALUE_NIL:
		return 0;
	case VALUE_BOOL:
		*ret = outrigger_bool(from->b);
		return 0;
	case VALUE_INT:
		*ret = outrigger_int(from->i);
		return 0;
	case VALUE_UINT:
		ret->type = OUTRIGGER_UINT;
		ret->u = from->u;
		return 0;
	case VALUE_DOUBLE:
		*ret = outrigger_number(from->d);
		return 0;
	case VALUE_STR:
	case VALUE_BIN:
		return give_text(arena, from, ret);
	case VALUE_ARRAY:
		return give_items(arena, from, ret);
	case VALUE_MAP:
		return give_pairs(arena, from, ret);
	}
	return -E_INTERNAL;
}

/* ---- results ---- */

static int give_results(struct outrigger_rq *run, const struct pdk_ret *ret,
			struct outrigger_value *results)
{
	int rc = 0;

	for (size_t i = 0; results != NULL && rc == 0 && i < OUTRIGGER_RESULTS; i++) {
		results[i] = outrigger_nil();
		if (i < ret->n)
			rc = give_value(run->arena, &ret->v[i], &results[i]);
	}
	if (ret->n > 1 && ret->v[0].type == VALUE_NIL && value_is_text(&ret->v[1]))
		err_set(&run->err, E_HANDLER, "%.*s", (int)ret->v[1].len, ret->v[1].s);
	return rc;
}

int native_status(int rc)
{
	switch (-rc) {
	case E_OK:
		return OUTRIGGER_OK;
	case E_ARGUMENT:
	case E_TOO_DEEP:
		return OUTRIGGER_BAD_ARGUMENT;
	case E_PHASE:
		return OUTRIGGER_BAD_PHASE;
	case E_UNSUPPORTED:
		return OUTRIGGER_UNSUPPORTED;
	case E_CLOSED:
		return OUTRIGGER_CLOSED;
	case E_TIMEOUT:
		return OUTRIGGER_TIMEOUT;
	case E_NOMEM:
		return OUTRIGGER_NO_MEMORY;
	case E_TOO_LARGE:
		return OUTRIGGER_TOO_LARGE;
	default:
		return OUTRIGGER_FAILED;
	}
}

/* ---- the call ---- */

bool native_call_is_possible(const struct outrigger_rq *run, const struct pdk_fn *fn)
{
	const struct fiber *fiber = fiber_current();

	if (run->rq == NULL)
		return false;
	if (!phase_is_external(run->rq->phase))
		return (fn->flags & (PDK_LOCAL | PDK_LEVEL)) != 0;
	return fiber != NULL && fiber_arg(fiber) == run->rq;
}

/* A plugin calls the same few functions, by texts that stay where they are: so the row is looked for
 * first where it was found for a text at that place. */
static const struct pdk_fn *find_row(const char *name)
{
	static const struct pdk_fn *found[FOUND_MAX];
	const struct pdk_fn **slot = &found[(uintptr_t)name % FOUND_MAX];

	if (*slot == NULL || strcmp((*slot)->name, name) != 0)
		*slot = pdk_find(name, strlen(name));
	return *slot;
}

static int call(struct outrigger_rq *run, const struct pdk_fn *fn,
		const struct outrigger_value *argv, size_t argc, struct outrigger_value *results)
{
	struct value few[PDK_ARGS_MAX], *args = few;
	struct pdk_ret ret;
	int rc;

	if (argc > PDK_ARGS_MAX)
		args = argc <= UINT32_MAX ? arena_alloc(run->arena, argc * sizeof(*args)) : NULL;
	if (args == NULL)
		return -E_NOMEM;
	rc = take_each(run->arena, argv, argc, 0, args);
	if (rc == 0)
		rc = pdk_call(run->rq, fn->id, args, argc, &ret, &run->err);
	return rc == 0 ? give_results(run, &ret, results) : rc;
}

int outrigger_call(struct outrigger_rq *rq, const char *name, const struct outrigger_value *argv,
		   size_t argc, struct outrigger_value *results)
{
	const struct pdk_fn *fn = find_row(name);
	int rc;

	rq->err.text[0] = '\0';
	if (fn == NULL) {
		err_set(&rq->err, E_NOT_FOUND, "this Outrigger has no PDK function '%s'", name);
		return OUTRIGGER_NO_FUNCTION;
	}
	if (!native_call_is_possible(rq, fn))
		return native_status(err_set(&rq->err, E_UNSUPPORTED,
					     "%s can't be called outside of a request", name));
	rc = call(rq, fn, argv, argc, results);
	if (rc != 0 && rq->err.text[0] == '\0')
		err_set(&rq->err, (enum err_code)(-rc), "%s: %s", name, err_text(rc));
	return native_status(rc);
}
