/* pdk_check.c - what the gateway would refuse is refused here, with its text.
 *
 * It must be: a PDK function that raises in the gateway sends no answer, and the event is lost. */
#include <math.h>
#include <stdio.h>
#include "pdk-bridge/pdk_internal.h"

static int refuse_phase(const struct pdk_call *c)
{
	const struct pdk_fn *fn = c->fn;
	char names[256];

	if (fn->phases == PHASES_NOT_INIT_WORKER)
		return err_set(c->err, E_PHASE,
			       "function cannot be called in %s phase "
			       "(can be called in any phases except: init_worker)",
			       phase_name(c->rq->phase));
	phase_set_names(fn->phases, names, sizeof(names));
	return err_set(c->err, E_PHASE, "function cannot be called in %s phase (only in: %s)",
		       phase_name(c->rq->phase), names);
}

static bool is_allowed_phase(const struct pdk_call *c)
{
	const struct pdk_fn *fn = c->fn;

	if (fn->phases == 0 || (fn->phases & PHASE_BIT(c->rq->phase)))
		return true;
	return (fn->flags & PDK_PREREAD) && c->rq->phase == PHASE_PREREAD;
}

static bool is_integer(const struct value *v)
{
	if (v->type == VALUE_DOUBLE)
		return isfinite(v->d) && floor(v->d) == v->d;
	return v->type == VALUE_INT || v->type == VALUE_UINT;
}

/* NULL where v fits, else what it "must be". */
static const char *misfit(enum pdk_type type, const struct value *v)
{
	switch (type) {
	case PDK_STR:
	case PDK_BYTES:
		return value_is_text(v) ? NULL : "a string";
	case PDK_INT:
		return is_integer(v) ? NULL : "an integer";
	case PDK_NUM:
		return value_is_number(v) ? NULL : "a number";
	case PDK_BOOL:
		return v->type == VALUE_BOOL ? NULL : "a boolean";
	case PDK_TABLE:
		return value_is_table(v) ? NULL : "a table";
	case PDK_SCALAR_OR_LIST:
		return v->type != VALUE_NIL ? NULL
					    : "a string, number, boolean or array of strings";
	case PDK_ANY:
		return v->type != VALUE_NIL ? NULL : "given";
	default:
		return NULL;
	}
}

bool pdk_is_left_out(const struct pdk_arg *arg, const struct value *v)
{
	if (v->type == VALUE_BOOL && arg->type != PDK_ANY && arg->type != PDK_BOOL)
		return arg->optional && !v->b;
	return arg->optional && v->type == VALUE_NIL;
}

static int check_types(const struct pdk_call *c)
{
	size_t i;

	for (i = 0; i < c->fn->argc; i++) {
		const struct pdk_arg *arg = &c->fn->args[i];
		const char *must;

		if (arg->type == PDK_REST || pdk_is_left_out(arg, &c->argv[i]))
			continue;
		must = misfit(arg->type, &c->argv[i]);
		if (must != NULL)
			return err_set(c->err, E_ARGUMENT, "%s must be %s", arg->name, must);
	}
	return 0;
}

int pdk_check(const struct pdk_call *c)
{
	int rc = 0;

	if (c->fn->flags & PDK_REFUSED)
		return err_set(c->err, E_UNSUPPORTED,
			       "%s can't be called from an external plugin. %s", c->fn->name,
			       c->fn->doc);
	if (!is_allowed_phase(c))
		return refuse_phase(c);
	if (c->fn->check != NULL)
		rc = c->fn->check(c, c->err);
	return rc != 0 ? rc : check_types(c);
}
