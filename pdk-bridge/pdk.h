/* pdk.h - the PDK as a table: one row per function, from pdk.def.
 *
 * To add a PDK function: add a row to pdk.def; that is all. Special cases are flags of a row, never
 * `if (id == ...)`. */
#ifndef PDK_BRIDGE_PDK_H
#define PDK_BRIDGE_PDK_H
#include <stdint.h>
#include "pdk-bridge/phase.h"

enum pdk_type {
	PDK_VOID, /* returns only */
	PDK_STR,
	PDK_INT, /* a number with integral value */
	PDK_NUM,
	PDK_BOOL,
	PDK_TABLE,          /* array or map */
	PDK_MMAP,           /* returns only: map name -> text or array of texts */
	PDK_BYTES,          /* a byte string that travels as such (bodies) */
	PDK_SCALAR_OR_LIST, /* header values: text, number, boolean or array of texts */
	PDK_ANY,
	PDK_REST, /* arguments only: any number of any values, last */
	PDK_FUNC, /* arguments only: a function, which can't cross */
};

struct pdk_arg {
	const char *name;
	enum pdk_type type;
	bool optional;
};

/* Flags of a row. */
enum pdk_flag {
	PDK_CACHE =
		1 << 0, /* same answer for the whole event until a setter of its group is called */
	PDK_TERMINAL = 1 << 1, /* never answered; ends the event */
	PDK_LOCAL = 1 << 2,    /* computed here, by a function of pdk_local.h */
	PDK_REFUSED = 1 << 3,  /* can't work from outside: raises a clear error */
	PDK_CONSTANT = 1 << 4, /* same answer for the life of the gateway process: asked once */
	PDK_LOG_OK = 1 << 5,   /* the gateway answers it in the log phase too */
	PDK_SLOW = 1 << 6,     /* waits for a client or a database: the long step timeout */
	PDK_LEVEL = 1 << 7,    /* a log call: filtered by level before it is sent */
	PDK_NULLS = 1 << 8,    /* nil inside of the result is JSON's null, not an absent value */
	PDK_PREREAD =
		1 << 9,      /* allowed in preread too, where the gateway doesn't check the phase */
	PDK_EMPTY = 1 << 10, /* an empty text is one, and never stands for nil (ProtoBuf:1) */
	PDK_BODY = 1 << 11,  /* an argument, or the result, is a body: bounded by max_body_size */
	PDK_IN_LUA = 1 << 12, /* of a refused row: Lua has a function of our own for it */
	PDK_NOTED = 1 << 13,  /* sets what Lua can read where the gateway can't */
};

/* Groups of values that a setter makes stale. A row with PDK_CACHE names its group in `group`, a setter
 * names what it clears there: all that the gateway's function changes, also beside its purpose (a body
 * has a Content-Length; who authenticates writes to ngx.ctx). */
enum pdk_group {
	PDK_G_NONE = 0,
	PDK_G_REQUEST_HEADERS = 1 << 0,
	PDK_G_QUERY = 1 << 1,
	PDK_G_METHOD = 1 << 2,
	PDK_G_BODY = 1 << 3,
	PDK_G_RESPONSE_HEADERS = 1 << 4,
	PDK_G_RESPONSE_STATUS = 1 << 5,
	PDK_G_CONSUMER = 1 << 6,
	PDK_G_CTX = 1 << 7,
	PDK_G_FIXED = 1 << 8, /* never stale within an event, but by kong.nginx.set_ctx */
	PDK_G_ALL = (1 << 9) - 1,
};

#define PDK_ARGS_MAX 5

enum pdk_id {
#define PDK(id, ...) PDK_ID_##id,
#include "pdk-bridge/pdk.def"
#undef PDK
	PDK_ID_COUNT
};

struct pdk_call;
struct err;

struct pdk_fn {
	const char *name; /* "kong.request.get_header": the wire's method name */
	struct pdk_arg args[PDK_ARGS_MAX];
	enum pdk_id id;
	enum pdk_type ret;
	uint32_t flags;
	uint32_t group;   /* enum pdk_group bits: cached under, or cleared by */
	phase_set phases; /* where the gateway allows it; 0 = no check */
	uint8_t argc;
	const char *mp_step; /* the method with which the gateway answers, "plugin.Step" */
	const char *pb_in;   /* protobuf messages, NULL where the contract lacks the rpc */
	const char *pb_out;
	const char *log_path; /* where kong.log.serialize holds the value in the log phase
				  ("request.uri|path": converted by pdk_logphase.c), or NULL */
	/* What the gateway checks beyond types, with its texts; or NULL. */
	int (*check)(const struct pdk_call *call, struct err *err);
	/* How it is done where that isn't just "ask the gateway"; or NULL. */
	int (*impl)(struct pdk_call *call);
	const char *doc; /* one sentence; of a refused row: why, and what to do */
};

extern const struct pdk_fn pdk_table[PDK_ID_COUNT]; /* sorted by name */

/* The row of that name (n bytes), or NULL. */
const struct pdk_fn *pdk_find(const char *name, size_t n);

#endif
