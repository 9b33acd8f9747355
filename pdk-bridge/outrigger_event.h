/* outrigger_event.h - what a running event, and a plugin's start, have. Part of outrigger.h.
 *
 * Glossary: a *run* (struct outrigger_rq) is what Outrigger hands to each function of a plugin: an event
 * (one run of one phase handler for one request), a timer's call, the making of an instance, configure, or
 * init. Memory and hooks belong to the run: of an event until it ends, of a timer's call until it returns,
 * of an instance until it is dropped, of configure until its next call has succeeded, of init until the
 * process ends. Nothing here may be called from another thread. */
#ifndef OUTRIGGER_EVENT_H
#define OUTRIGGER_EVENT_H
#include "outrigger_value.h"

#ifdef __cplusplus
extern "C" {
#endif

#define OUTRIGGER_EXPORT __attribute__((visibility("default")))

struct outrigger_rq;
struct outrigger_conf;

/* What functions return. Numbers never change their meaning. */
enum outrigger_status {
	OUTRIGGER_OK = 0,
	OUTRIGGER_FAILED = -1,       /* the gateway, or what it asked, reported an error */
	OUTRIGGER_BAD_ARGUMENT = -2, /* the gateway would not take these arguments */
	OUTRIGGER_BAD_PHASE = -3,    /* the function can't be called in this phase */
	OUTRIGGER_UNSUPPORTED = -4,  /* can't work outside of the gateway, or outside of an event */
	OUTRIGGER_CLOSED = -5,  /* no gateway waits for this event any more: clean up, return */
	OUTRIGGER_TIMEOUT = -6, /* the event's time is up: clean up, return */
	OUTRIGGER_NO_MEMORY = -7,
	OUTRIGGER_NO_FUNCTION = -8, /* this Outrigger has no PDK function of that name */
	OUTRIGGER_TOO_LARGE = -9    /* a body, read or given, that is larger than max_body_size */
};

/* As nginx numbers them. */
enum outrigger_level {
	OUTRIGGER_EMERG = 1,
	OUTRIGGER_ALERT,
	OUTRIGGER_CRIT,
	OUTRIGGER_ERR,
	OUTRIGGER_WARN,
	OUTRIGGER_NOTICE,
	OUTRIGGER_INFO,
	OUTRIGGER_DEBUG
};

#define OUTRIGGER_RESULTS 3

/* Calls a PDK function by name, with argc arguments; `results` gets OUTRIGGER_RESULTS values, nil where
 * the function returned fewer, and may be NULL. Suspends this event, and no other, until the gateway
 * answers. kong.response.exit and .error don't return when they succeed: hooks run, the stack is dropped.
 * Any status; outrigger_error tells more. The functions of outrigger_pdk.h are this with types. */
OUTRIGGER_EXPORT int outrigger_call(struct outrigger_rq *rq, const char *name,
				    const struct outrigger_value *argv, size_t argc,
				    struct outrigger_value *results);

/* Why the last function failed, or the second result where a PDK function returned nil and an error
 * ("" if neither). Borrowed until the next call of this run. */
OUTRIGGER_EXPORT const char *outrigger_error(const struct outrigger_rq *rq);
/* Says why a handler, init or instance_start fails; returns OUTRIGGER_FAILED, to be returned in turn. The
 * text goes to logs, and never to clients. */
OUTRIGGER_EXPORT int outrigger_fail(struct outrigger_rq *rq, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* n bytes, zeroed and aligned for any type, that live as long as the run. NULL on lack of memory, or
 * beyond 256 MiB for one run. Nothing needs to be freed, however the event ends. */
OUTRIGGER_EXPORT void *outrigger_alloc(struct outrigger_rq *rq, size_t n);
/* A copy of a text in such memory. */
OUTRIGGER_EXPORT char *outrigger_strdup(struct outrigger_rq *rq, const char *text);
/* A text in such memory, as printf makes it. */
OUTRIGGER_EXPORT char *outrigger_printf(struct outrigger_rq *rq, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Calls fn(arg) when the run ends, in whatever way: return, exit, error, deadline, a gateway that went
 * away. The last one that was added is the first to be called; PDK functions can't be called then.
 * OUTRIGGER_NO_MEMORY. */
OUTRIGGER_EXPORT int outrigger_on_end(struct outrigger_rq *rq, void (*fn)(void *arg), void *arg);

/* Writes a line to the gateway's log, or to Outrigger's own outside of events. Lines above the configured
 * level cost nothing and are not sent. Suspends the event as any PDK call. */
OUTRIGGER_EXPORT int outrigger_log(struct outrigger_rq *rq, enum outrigger_level level,
				   const char *format, ...) __attribute__((format(printf, 3, 4)));

/* "access" and so on; "init", "instance", "configure" and "timer" outside of events. */
OUTRIGGER_EXPORT const char *outrigger_phase(const struct outrigger_rq *rq);
/* The configuration that the event runs with, or that the instance is made of; NULL in init and configure.
 * A timer's is that of who started it. */
OUTRIGGER_EXPORT const struct outrigger_conf *outrigger_conf_of(const struct outrigger_rq *rq);
/* What instance_start left for this configuration; NULL without one. */
OUTRIGGER_EXPORT void *outrigger_instance_of(const struct outrigger_rq *rq);

#ifdef __cplusplus
}
#endif
#endif
