/* native_run.c - outrigger_event.h: memory, hooks, errors and logging of a run. */
#include <stdio.h>
#include <string.h>
#include "plugins/native/native_impl.h"
#include "protocol/limits.h"

/* ---- memory and hooks ---- */

static void note_lack(struct outrigger_rq *rq, size_t n)
{
	err_set(&rq->err, E_NOMEM, "no memory for %zu bytes: at most %zu MiB are given", n,
		LIMIT_EVENT_MEMORY >> 20);
}

void *outrigger_alloc(struct outrigger_rq *rq, size_t n)
{
	void *p = arena_alloc(rq->arena, n > 0 ? n : 1);

	if (p != NULL)
		memset(p, 0, n);
	else
		note_lack(rq, n);
	return p;
}

char *outrigger_strdup(struct outrigger_rq *rq, const char *text)
{
	size_t n = strlen(text);
	char *copy = arena_strndup(rq->arena, text, n);

	if (copy == NULL)
		note_lack(rq, n);
	return copy;
}

static char *format_text(struct outrigger_rq *rq, const char *format, va_list args)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	text = n >= 0 ? arena_alloc(rq->arena, (size_t)n + 1) : NULL;
	if (text != NULL)
		vsnprintf(text, (size_t)n + 1, format, args);
	else
		note_lack(rq, n >= 0 ? (size_t)n : 0);
	return text;
}

char *outrigger_printf(struct outrigger_rq *rq, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = format_text(rq, format, args);
	va_end(args);
	return text;
}

int outrigger_on_end(struct outrigger_rq *rq, void (*fn)(void *arg), void *arg)
{
	struct native_hook *hook = arena_alloc(rq->arena, sizeof(*hook));

	if (hook == NULL) {
		note_lack(rq, sizeof(*hook));
		return OUTRIGGER_NO_MEMORY;
	}
	*hook = (struct native_hook){fn, arg, rq->hooks};
	rq->hooks = hook;
	if (rq->rq != NULL) /* else this is one of them that runs */
		rq->rq->has_hooks = true;
	return OUTRIGGER_OK;
}

void native_run_end(struct outrigger_rq *run)
{
	struct native_hook *hook;

	native_timer_stop_all(run);
	run->rq = NULL;
	while ((hook = run->hooks) != NULL) {
		run->hooks = hook->next;
		hook->fn(hook->arg);
	}
}

/* ---- runs without an event ---- */

void native_scope_init(struct native_scope *scope, struct plugin *plugin, const char *phase,
		       const json_t *conf)
{
	*scope = (struct native_scope){.conf = json_incref((json_t *)conf)};
	pdk_rq_init(&scope->rq, &plugin->env, 0, PHASE_TIMER);
	scope->run = (struct outrigger_rq){.rq = &scope->rq,
					   .plugin = plugin,
					   .arena = &scope->rq.arena,
					   .phase = phase,
					   .conf = conf,
					   .owner = &scope->run};
}

void native_scope_fini(struct native_scope *scope)
{
	native_run_end(&scope->run);
	pdk_rq_fini(&scope->rq);
	json_decref(scope->conf);
	scope->conf = NULL;
}

/* ---- errors ---- */

const char *outrigger_error(const struct outrigger_rq *rq)
{
	return rq->err.text;
}

int outrigger_fail(struct outrigger_rq *rq, const char *format, ...)
{
	struct err made; /* an argument may be outrigger_error(rq) */
	va_list args;

	va_start(args, format);
	vsnprintf(made.text, sizeof(made.text), format, args);
	va_end(args);
	err_set(&rq->err, E_HANDLER, "%s", made.text);
	return OUTRIGGER_FAILED;
}

int native_run_result(const struct outrigger_rq *run, int returned, enum err_code code,
		      struct err *err)
{
	if (returned == 0)
		return 0;
	if (run->err.text[0] == '\0')
		return err_set(err, code, "%s of the plugin returned %d", run->phase, returned);
	return err_set(err, code, "%s", run->err.text);
}

/* ---- logging ---- */

static int write_log(struct outrigger_rq *run, enum outrigger_level level, const char *text)
{
	static const enum pdk_id functions[] = {
		PDK_ID_log_emerg, PDK_ID_log_alert,  PDK_ID_log_crit, PDK_ID_log_err,
		PDK_ID_log_warn,  PDK_ID_log_notice, PDK_ID_log_info, PDK_ID_log_debug};
	const struct pdk_fn *fn = &pdk_table[functions[level - OUTRIGGER_EMERG]];
	const struct pdk_port *port = run->plugin->env.port;
	struct outrigger_value line = outrigger_text(text);

	if (native_call_is_possible(run, fn))
		return outrigger_call(run, fn->name, &line, 1, NULL);
	if (port != NULL && port->log != NULL)
		port->log(NULL, (enum log_level)level, text, strlen(text));
	return OUTRIGGER_OK;
}

int outrigger_log(struct outrigger_rq *rq, enum outrigger_level level, const char *format, ...)
{
	va_list args;
	char *text;

	if (level < OUTRIGGER_EMERG || level > OUTRIGGER_DEBUG)
		return OUTRIGGER_BAD_ARGUMENT;
	if ((int)level > (int)rq->plugin->env.log_level)
		return OUTRIGGER_OK;
	va_start(args, format);
	text = format_text(rq, format, args);
	va_end(args);
	return text != NULL ? write_log(rq, level, text) : OUTRIGGER_NO_MEMORY;
}

/* ---- what a run is ---- */

const char *outrigger_phase(const struct outrigger_rq *rq)
{
	return rq->phase;
}

const struct outrigger_conf *outrigger_conf_of(const struct outrigger_rq *rq)
{
	return native_conf(rq->conf);
}

void *outrigger_instance_of(const struct outrigger_rq *rq)
{
	return rq->instance;
}
