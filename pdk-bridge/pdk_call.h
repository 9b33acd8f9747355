/* pdk_call.h - one PDK call of a running event: check, cache, send, suspend, resume.
 *
 * Glossary: a *request* (struct pdk_rq) is what one running event is to the PDK, for Lua and C handlers
 * alike. It is part of the server's event record; the PDK reaches the gateway through its port alone.
 * Every function here that may suspend parks the current fiber and returns after the gateway's answer. */
#ifndef PDK_BRIDGE_PDK_CALL_H
#define PDK_BRIDGE_PDK_CALL_H
#include <stdbool.h>
#include <stdint.h>
#include "pdk-bridge/pdk.h"
#include "protocol/arena.h"
#include "protocol/value.h"

struct err;
struct fiber;
struct pdk_rq;
/* Log levels, nginx's numbers. */
enum log_level {
	LOG_LEVEL_EMERG = 1,
	LOG_LEVEL_ALERT,
	LOG_LEVEL_CRIT,
	LOG_LEVEL_ERR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* How the gateway is spoken with. */
enum pdk_wire {
	PDK_WIRE_MSGPACK,
	PDK_WIRE_PROTOBUF
};

/* A call was sent whose answer says nothing and needn't be waited for. */
#define PDK_SENT_ON 1

/* The one way out of pdk-bridge. The server fills it. */
struct pdk_port {
	/* Sends one call to the gateway that waits for this event. Over ProtoBuf:1 there is one argument,
	 * the message as a bin. 0; PDK_SENT_ON; -E_CLOSED when no gateway waits;
	 * -E_NOMEM, -E_TOO_DEEP, -E_UNSUPPORTED for what the wire can't carry. */
	int (*send)(struct pdk_rq *rq, const struct pdk_fn *fn, const struct value *argv,
		    size_t argc, struct err *err);
	/* Writes one line to our own log. rq may be NULL (outside of events). */
	void (*log)(struct pdk_rq *rq, enum log_level level, const char *text, size_t n);
};

/* What is the same for all events of a process, and for all of a plugin. Borrowed by each request. */
struct pdk_env {
	const struct pdk_port *port;
	enum log_level log_level;        /* log calls above it are never sent */
	unsigned kong_version;           /* major * 100 + minor: 309 */
	bool read_cache;                 /* false: the gateway is asked each time */
	bool raw_calls;                  /* true: calls go out exactly as the handler makes them */
	const char *plugin;              /* the plugin's served name */
	size_t max_body_size;            /* bytes of a body, either way; 0 = any number */
	uint64_t *counters;              /* as in pdk_counters.h; may be NULL */
	struct pdk_constants *constants; /* answers that hold for a gateway process; may be NULL */
};

/* Answers that hold as long as a gateway process lives, by process. */
struct pdk_constants *pdk_constants_create(void);
void pdk_constants_destroy(struct pdk_constants *constants);

enum pdk_rq_state {
	PDK_RQ_RUNNING, /* the handler has the turn */
	PDK_RQ_WAITING, /* the gateway has the turn */
	PDK_RQ_ENDED,   /* by a terminal call, or pdk_leave: the fiber is parked for ever */
};

struct pdk_rq { /* in the order in which calls need it */
	uint64_t event_id;
	enum phase phase;
	enum pdk_wire wire; /* set by the server after pdk_rq_init */
	enum pdk_rq_state state;
	int reply_rc; /* 0, or -E_CLOSED / -E_TIMEOUT / -E_HANDLER when no answer will come */
	const struct pdk_env *env;
	const struct pdk_fn *waiting_for; /* the row whose answer is awaited */
	void *server;                     /* the server's event */
	void *runtime;                    /* what the runtime keeps for the event */
	struct fiber *fiber;
	/* the answer; valid from resume to the next suspension (its texts borrow the receive buffer) */
	struct value reply;
	struct pdk_cache_entry *cache; /* pdk_cache.c's, in the arena */
	struct lua_note *notes;        /* lua_noted.c's, in the arena: the last one first */
	uint32_t calls, saved, kept; /* steps made; round trips that the cache saved; its entries */
	bool inspect_off, has_end, has_hooks; /* lua_pdk_finish; outrigger_on_end */
	struct arena arena;
	uint64_t gateway;       /* which gateway process asks (its pid, say); 0 = unknown */
	struct pdk_rq *root;    /* whose light thread it is; else NULL */
	void *sockets;          /* those of the runtime that end with the event */
	const char *log_source; /* "handler.lua:12", put before log texts made here; or NULL */
	const struct value *serialized; /* log phase: kong.log.serialize's answer, in the arena */
	char *trace;                    /* traceback of a failed handler, in the arena; NULL */
};

/* Up to three results, as Lua has them. */
struct pdk_ret {
	size_t n;
	struct value v[3];
};

/* Calls a PDK function. Checks phase and arguments (-E_PHASE, -E_ARGUMENT with the gateway's text in err),
 * answers from the cache or locally where the row allows it, else sends and suspends. Results live until the
 * next call, or for the event when they are the cache's. A terminal row that was sent is not returned from.
 * Others: -E_CLOSED, -E_TIMEOUT, -E_UNSUPPORTED, -E_NOMEM. Must run on rq's fiber. */
int pdk_call(struct pdk_rq *rq, enum pdk_id id, const struct value *argv, size_t argc,
	     struct pdk_ret *ret, struct err *err);
/* Leaves rq's fiber, on which it must run, for good. The event ends, well if no terminal row was sent. */
_Noreturn void pdk_leave(struct pdk_rq *rq);
/* Server side: begins and ends a request. `rq` is zeroed memory of the server's; it sets server, runtime,
 * fiber and gateway itself. The fiber's arg must be the rq. */
void pdk_rq_init(struct pdk_rq *rq, const struct pdk_env *env, uint64_t event_id, enum phase phase);
void pdk_rq_fini(struct pdk_rq *rq);
/* Server side: the gateway's answer to the pending call has come (or rc says why it never will); resumes
 * the fiber, which runs until it parks again, ends or is abandoned. Returns as fiber_resume. */
bool pdk_rq_deliver(struct pdk_rq *rq, const struct value *reply, int rc);

#endif
