/* pdk_pb.h - PDK calls over ProtoBuf:1: arguments to a message, a result's message to a value.
 *
 * A row names its messages (pb_in, pb_out); each message has one function here (pdk_pb_args.c,
 * pdk_pb_reply.c). What would arrive as something else in the gateway is refused, with a text that names
 * the protocol. Functions that need more than that: pdk_pb.def.
 * To add a message: write its function and name it in the table of its file. */
#ifndef PDK_BRIDGE_PDK_PB_H
#define PDK_BRIDGE_PDK_PB_H
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include "protocol/value.h"

struct arena;
struct err;
struct pdk_call;
struct pdk_fn;
struct Pb__Value;

/* The arguments of a call, of which argc are given, as a bin in the arena. -E_UNSUPPORTED for a row or a
 * value that ProtoBuf:1 lacks, -E_TOO_DEEP, -E_NOMEM. */
int pdk_pb_encode(struct arena *arena, const struct pdk_fn *fn, const struct value *argv,
		  size_t argc, struct value *ret, struct err *err);
/* The result in `bytes` (a bin). Containers lie in the arena, and their texts; a text that is all of the result
 * may borrow from `bytes`. An absent one is nil, and so are
 * an empty text and 0 where the row has nothing to tell them apart. -E_MALFORMED, -E_TOO_DEEP, -E_NOMEM. */
int pdk_pb_decode(struct arena *arena, const struct pdk_fn *fn, const struct value *bytes,
		  struct value *ret, struct err *err);
/* How a function is done over ProtoBuf:1; pdk_pb.def says. */
enum pdk_pb_way {
	PDK_PB_CARRIED,   /* its messages carry it */
	PDK_PB_BY_OTHERS, /* by other calls */
	PDK_PB_HERE,      /* as over any protocol: done here, or refused */
	PDK_PB_LACKING,   /* not at all: an error that names the protocol */
};
enum pdk_pb_way pdk_pb_way(const struct pdk_fn *fn);
/* What does it by other calls; NULL = nothing. */
typedef int (*pdk_pb_impl)(struct pdk_call *c);
pdk_pb_impl pdk_pb_emulation(const struct pdk_fn *fn);
/* What a handler misses that calls this function over ProtoBuf:1; NULL = nothing. */
const char *pdk_pb_loss(const struct pdk_fn *fn);
/* What else is to be known of it there; NULL = nothing. */
const char *pdk_pb_note(const struct pdk_fn *fn);

/* pdk_pb_value.c, for the others: */
/* Fills `ret` (initialised); nil leaves it empty. -E_UNSUPPORTED for what would be lost. */
int pdk_pb_write_value(struct arena *arena, const struct value *v, struct Pb__Value *ret,
		       struct err *err);
/* The Struct of a table whose keys are texts. */
int pdk_pb_write_struct(struct arena *arena, const struct value *v, ProtobufCBinaryData *ret,
			struct err *err);
int pdk_pb_read_value(struct arena *arena, const struct Pb__Value *v, struct value *ret,
		      struct err *err);
/* The table of a Struct's bytes. */
int pdk_pb_read_struct(struct arena *arena, const ProtobufCBinaryData *bytes, struct value *ret,
		       struct err *err);
/* The last words of errors: which protocol, and what to do. */
#define PDK_PB_HINT "over ProtoBuf:1; set plugin_NAME_protocol = msgpack for this plugin"

#endif
