/* pdk_internal.h - what the files pdk_*.c share: one call on its way, and the steps that it takes.
 *
 * pdk_call: check (pdk_check.c) -> impl of the row, or pdk_ask: log phase (pdk_logphase.c) -> cache
 * (pdk_cache.c) -> send, park -> normalise the reply (pdk_reply.c).
 * To add a special case: write an impl or a check, declare it here, and name it in the row. */
#ifndef PDK_BRIDGE_PDK_INTERNAL_H
#define PDK_BRIDGE_PDK_INTERNAL_H
#include "pdk-bridge/pdk_call.h"
#include "protocol/err.h"

struct pdk_call {
	struct pdk_rq *rq;
	const struct pdk_fn *fn;
	const struct value *argv; /* at least fn->argc values: what wasn't given is nil */
	size_t argc;              /* how many to send: no nil at the end */
	struct pdk_ret *ret;
	struct err *err;
};

/* pdk_call.c */
/* Whether calls are to go out exactly as the handler made them. */
bool pdk_is_raw(const struct pdk_rq *rq);
/* The same for this call, which can't go out as it is where the protocol lacks the function. */
bool pdk_is_plain(const struct pdk_call *c);
/* Asks the gateway, or the cache, about a checked call; in the log phase, the serialized request. */
int pdk_ask(struct pdk_call *c);
/* Asks the gateway alone. */
int pdk_fetch(struct pdk_call *c);
/* The same for a setter, after what it makes stale was forgotten. */
int pdk_set(struct pdk_call *c, uint32_t groups);
/* Another row on behalf of `c`, without checks, its impl left out: the plain question. */
int pdk_ask_other(const struct pdk_call *c, enum pdk_id id, const struct value *argv, size_t argc,
		  struct pdk_ret *ret);
/* The same of a row that takes a name: kong.nginx.get_ctx, get_var. */
int pdk_ask_text(const struct pdk_call *c, enum pdk_id id, const char *name, struct value *ret);
/* Another row on behalf of `c`, as the handler would call it. */
int pdk_call_other(const struct pdk_call *c, enum pdk_id id, const struct value *argv, size_t argc,
		   struct pdk_ret *ret);
/* Sends and suspends. A terminal row doesn't return. */
int pdk_send(const struct pdk_call *c, struct value *ret_reply);

/* results */
int pdk_return(struct pdk_call *c, struct value v);
/* nil and an error text, as Lua functions report failures that they expect. */
int pdk_return_nil(struct pdk_call *c, const char *text);
int pdk_out_of_memory(struct pdk_call *c);

/* pdk_check.c */
int pdk_check(const struct pdk_call *c);
/* Whether an optional argument isn't given: nil, or false, which is as good for the gateway. */
bool pdk_is_left_out(const struct pdk_arg *arg, const struct value *v);
/* pdk_check_tables.c: whether the gateway can encode it as JSON; as a body of that content type. */
int pdk_check_json(const struct value *v, struct err *err);
int pdk_check_body(const struct value *args, const struct value *mime, struct err *err);

/* pdk_terminal.c */
/* kong.response.exit's arguments with a body that is a table as its JSON, the header with it. -E_NOMEM,
 * -E_UNSUPPORTED for one that has no JSON. */
int pdk_exit_as_text(struct arena *arena, struct value argv[3], struct err *err);
/* The message of kong.response.error where none is given; nil on lack of memory. */
struct value pdk_error_message(struct arena *arena, double status);

/* pdk_limit.c */
/* -E_TOO_LARGE with the setting's name in err, where a body is larger than max_body_size; else 0. */
int pdk_limit_body(const struct pdk_call *c, size_t size);
/* The same for the body among the arguments, and for the one in c->ret, of rows that have one. */
int pdk_limit_sent(const struct pdk_call *c);
int pdk_limit_received(const struct pdk_call *c);

/* pdk_file.c */
/* The content of a file, into the arena. *ret_size is written in any case that the file is there; with
 * more than `max` bytes (if not 0) it is not read. 0, -E_TOO_LARGE, -E_IO, -E_NOMEM. */
int pdk_read_file(struct arena *arena, const struct value *path, size_t max, struct value *ret,
		  size_t *ret_size);

/* pdk_reply.c */
int pdk_reply(struct pdk_call *c, const struct value *reply);
/* How many texts a map of texts and arrays of texts holds: lines of headers, arguments of a query. */
size_t pdk_count_lines(const struct value *map);

/* pdk_cache.c */
/* Finds what was kept of this row with these arguments; pdk_cache_get counts it as a saved round trip. */
bool pdk_cache_find(struct pdk_call *c);
bool pdk_cache_get(struct pdk_call *c);
/* Counts a round trip that wasn't needed. Returns 0. */
int pdk_saved(const struct pdk_call *c);
/* Keeps c->ret. Lack of memory only means that it isn't kept. */
void pdk_cache_put(struct pdk_call *c);
/* What was kept of another row. */
bool pdk_cache_find_other(const struct pdk_call *c, enum pdk_id id, const struct value *arg,
			  struct pdk_ret *ret);
void pdk_cache_drop(struct pdk_rq *rq, uint32_t groups);

/* pdk_logphase.c */
int pdk_logphase(struct pdk_call *c);
/* The error of a function that the log phase can't have. */
int pdk_refuse_log(const struct pdk_call *c);

/* pdk_request.c */
/* The header of that name, whatever its case, '-' or '_'; NULL if there is none. */
const struct value *pdk_header_at(const struct value *headers, const struct value *name,
				  size_t *ret_found);

/* pdk_body.c */
/* Decodes a body by its content type as get_body does: a table, nil, the type; or nil, an error, the type. */
int pdk_return_body(struct pdk_call *c, const struct value *type, const struct value *body);

/* pdk_json.c */
/* Parses JSON into the arena. 0, -E_MALFORMED, -E_NOMEM. */
int pdk_json_read(struct arena *arena, const char *text, size_t n, struct value *ret);
/* Writes a table as JSON into the arena; nil is null. -E_MALFORMED for texts that are no UTF-8. */
int pdk_json_write(struct arena *arena, const struct value *v, struct value *ret);
/* Whether there is a nil somewhere in the table. */
bool pdk_has_null(const struct value *table);

#endif
