/* outrigger.h - all that a plugin in C or C++ includes.
 *
 * A plugin is a shared object, NAME.so, that exports one struct:
 *
 *	#include <outrigger.h>
 *
 *	static int on_access(struct outrigger_rq *rq)
 *	{
 *		const char *agent;
 *		int rc = kong_request_get_header(rq, "User-Agent", &agent);
 *
 *		if (rc == 0 && agent == NULL)
 *			rc = kong_response_exit(rq, 403, outrigger_text("who are you?"), outrigger_nil());
 *		return rc;
 *	}
 *
 *	const struct outrigger_plugin outrigger_plugin = {
 *		.abi = OUTRIGGER_ABI,
 *		.size = sizeof(struct outrigger_plugin),
 *		.name = "no-robots",
 *		.version = "1.0.0",
 *		.priority = 1000,
 *		.schema = OUTRIGGER_NO_CONF("no-robots"),
 *		.access = on_access,
 *	};
 *
 * Handlers are straight-line code on a stack of their own (2 MiB with a guard page below): a PDK call
 * suspends its event and nothing else. Code that blocks (a socket, a lock, a long loop) stops all events of
 * the process; what runs for longer than stall_timeout in one stretch is ended with the process. */
#ifndef OUTRIGGER_H
#define OUTRIGGER_H
#include "outrigger_conf.h"
#include "outrigger_cxx.h"
#include "outrigger_event.h"
#include "outrigger_make.h"
#include "outrigger_pdk.h"
#include "outrigger_read.h"
#include "outrigger_timer.h"
#include "outrigger_value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface. A plugin that was built with another one is refused. What only adds
 * members at the end of struct outrigger_plugin, functions, or rows of the PDK, doesn't change it. */
#define OUTRIGGER_ABI 1

/* What a member is that was left out. C++11 has no word for it: all are to be named there. */
#if defined(__cplusplus) && __cplusplus >= 201402L
#define OUTRIGGER_NULL = nullptr
#else
#define OUTRIGGER_NULL
#endif

/* Everything but the first six members may be left out (NULL). Functions return 0, or another number for
 * failure (see outrigger_fail; else the text is that of the last call that failed). */
struct outrigger_plugin {
	uint32_t abi;        /* OUTRIGGER_ABI */
	uint32_t size;       /* sizeof(struct outrigger_plugin), as the plugin was built */
	const char *name;    /* as in the schema */
	const char *version; /* "x.y.z" */
	int64_t priority;    /* the gateway runs plugins with a higher one first */
	/* Kong's schema as JSON: {"name":..., "fields":[{"config":{"type":"record","fields":[...]}}]}. It is
	 * checked when the plugin is loaded; the gateway checks configurations against it. */
	const char *schema;

	/* Once per process, when it begins to serve; its run lives until `exit`. Where it fails it is called
	 * again before an instance starts, which a failure then refuses. */
	int (*init)(struct outrigger_rq *rq) OUTRIGGER_NULL;
	void (*exit)(void) OUTRIGGER_NULL;

	/* Makes what handlers need of one configuration (outrigger_conf_of(rq)), such as compiled patterns.
	 * Memory of the run lives as long as the instance. May happen again for the same configuration.
	 * A failure refuses the configuration. */
	int (*instance_start)(struct outrigger_rq *rq, void **ret_instance) OUTRIGGER_NULL;
	/* Lets go of what is no memory of the run. No event of the instance runs then. */
	void (*instance_stop)(void *instance) OUTRIGGER_NULL;

	/* Handlers; only those that are set are advertised. A failure ends the request with status 500 (see
	 * on_error in the configuration), and in log does nothing but be logged. */
	int (*certificate)(struct outrigger_rq *rq) OUTRIGGER_NULL;
	int (*rewrite)(struct outrigger_rq *rq) OUTRIGGER_NULL;
	int (*access)(struct outrigger_rq *rq) OUTRIGGER_NULL;
	int (*preread)(struct outrigger_rq *rq) OUTRIGGER_NULL;
	int (*response)(struct outrigger_rq *rq) OUTRIGGER_NULL;
	int (*log)(struct outrigger_rq *rq) OUTRIGGER_NULL;

	/* Told of all configurations of the plugin (n of them; equal ones count once) whenever that set has
	 * changed: before the first event with a new one, and when the gateway has let go of one. For what
	 * belongs to no single one of them. They, and the memory of the run, live until the next call has
	 * succeeded. A failure is logged, and nothing else follows. */
	int (*configure)(struct outrigger_rq *rq, const struct outrigger_conf *const *confs,
			 size_t n) OUTRIGGER_NULL;
};

/* The plugin itself. Write: const struct outrigger_plugin outrigger_plugin = {...}; */
extern OUTRIGGER_EXPORT const struct outrigger_plugin outrigger_plugin;

/* JSON as it is written, as a text: OUTRIGGER_JSON({"name": "p", "fields": []}). */
#define OUTRIGGER_JSON(...) #__VA_ARGS__

/* The schema of a plugin that has nothing to configure. */
#define OUTRIGGER_NO_CONF(name) \
	"{\"name\":\"" name "\",\"fields\":[{\"config\":{\"type\":\"record\",\"fields\":[]}}]}"

#ifdef __cplusplus
}
#endif
#endif
