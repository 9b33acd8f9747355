/* pdk.c - pdk.def as a table. */
#include "pdk-bridge/pdk.h"
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk_rows.h"

/* The words of pdk.def. */
#define NONE NULL

#define ARG_STR PDK_STR, false
#define ARG_OPT_STR PDK_STR, true
#define ARG_INT PDK_INT, false
#define ARG_NUM PDK_NUM, false
#define ARG_OPT_NUM PDK_NUM, true
#define ARG_BOOL PDK_BOOL, false
#define ARG_TABLE PDK_TABLE, false
#define ARG_OPT_TABLE PDK_TABLE, true
#define ARG_SCALAR_OR_LIST PDK_SCALAR_OR_LIST, false
#define ARG_ANY PDK_ANY, false
#define ARG_OPT_ANY PDK_ANY, true
#define ARG_REST PDK_REST, true
#define ARG_FUNC PDK_FUNC, false

/* clang-format off */
#define T0() {{NULL, PDK_VOID, false}}
#define T1(t1, n1) {{#n1, ARG_##t1}}
#define T2(t1, n1, t2, n2) {{#n1, ARG_##t1}, {#n2, ARG_##t2}}
#define T3(t1, n1, t2, n2, t3, n3) {{#n1, ARG_##t1}, {#n2, ARG_##t2}, {#n3, ARG_##t3}}
#define T5(t1, n1, t2, n2, t3, n3, t4, n4, t5, n5) \
	{{#n1, ARG_##t1}, {#n2, ARG_##t2}, {#n3, ARG_##t3}, {#n4, ARG_##t4}, {#n5, ARG_##t5}}
/* clang-format on */

#define CACHE PDK_CACHE
#define TERMINAL PDK_TERMINAL
#define LOCAL PDK_LOCAL
#define REFUSED PDK_REFUSED
#define CONSTANT PDK_CONSTANT
#define LOG_OK PDK_LOG_OK
#define SLOW PDK_SLOW
#define LEVEL PDK_LEVEL
#define NULLS PDK_NULLS
#define PREREAD PDK_PREREAD
#define EMPTY PDK_EMPTY
#define BODY PDK_BODY
#define IN_LUA PDK_IN_LUA
#define NOTED PDK_NOTED

#define G_REQUEST_HEADERS PDK_G_REQUEST_HEADERS
#define G_QUERY PDK_G_QUERY
#define G_METHOD PDK_G_METHOD
#define G_BODY PDK_G_BODY
#define G_RESPONSE_HEADERS PDK_G_RESPONSE_HEADERS
#define G_RESPONSE_STATUS PDK_G_RESPONSE_STATUS
#define G_CONSUMER PDK_G_CONSUMER
#define G_CTX PDK_G_CTX
#define G_FIXED PDK_G_FIXED
#define G_ALL PDK_G_ALL

/* Sets of phases, as the modules of kong/pdk have them. */
#define PH(name) PHASE_BIT(PHASE_##name)
#define PH_ANY 0
#define PH_NOT_INIT PHASES_NOT_INIT_WORKER
#define PH_CERT PH(CERTIFICATE)
#define PH_HELLO PHASE_BIT_CLIENT_HELLO
#define PH_ACCESS PH(ACCESS)
#define PH_LOG PH(LOG)
#define PH_BODY_FILTER PH(BODY_FILTER)
#define PH_RA (PH(REWRITE) | PH(ACCESS))
#define PH_RAB (PH_RA | PH(BALANCER))
#define PH_TARGET (PH_RAB | PH(PREREAD))
#define PH_PREREAD_BALANCER (PH(PREREAD) | PH(BALANCER))
#define PH_TLS_WRITE (PH_RAB | PH(RESPONSE))
#define PH_TLS (PH_TLS_WRITE | PH(LOG))
#define PH_SERVICE_RESPONSE (PH(RESPONSE) | PH(HEADER_FILTER) | PH(BODY_FILTER) | PH(LOG))
#define PH_AUTH (PH(ACCESS) | PH_SERVICE_RESPONSE)
#define PH_SERIALIZE (PH(REWRITE) | PH_AUTH)
#define PH_ADMIN (PHASE_BIT_ERROR | PHASE_BIT_ADMIN_API)
#define PH_RESPONSE_READ (PH_SERVICE_RESPONSE | PH_ADMIN)
#define PH_RESPONSE_WRITE (PH_TLS_WRITE | PH(HEADER_FILTER) | PH_ADMIN)
#define PH_BODY (PH_RA | PH(RESPONSE) | PH_ADMIN)
#define PH_REQUEST (PH_RAB | PH_SERVICE_RESPONSE | PH_ADMIN | PHASE_BIT_CLUSTER_LISTENER)

const struct pdk_fn pdk_table[PDK_ID_COUNT] = {
#define PDK(id_, name_, argc_, args_, ret_, flags_, group_, phases_, step_, in_, out_, log_, \
	    check_, impl_, doc_)                                                             \
	{.id = PDK_ID_##id_,                                                                 \
	 .name = name_,                                                                      \
	 .argc = argc_,                                                                      \
	 .args = T##argc_ args_,                                                             \
	 .ret = PDK_##ret_,                                                                  \
	 .flags = flags_,                                                                    \
	 .group = group_,                                                                    \
	 .phases = phases_,                                                                  \
	 .mp_step = step_,                                                                   \
	 .pb_in = in_,                                                                       \
	 .pb_out = out_,                                                                     \
	 .log_path = log_,                                                                   \
	 .check = check_,                                                                    \
	 .impl = impl_,                                                                      \
	 .doc = doc_},
#include "pdk-bridge/pdk.def"
#undef PDK
};

struct wanted {
	const char *name;
	size_t n;
};

static int compare(const void *key, const void *row)
{
	const struct wanted *wanted = key;
	const struct pdk_fn *fn = row;
	int order = strncmp(wanted->name, fn->name, wanted->n);

	if (order != 0)
		return order;
	return fn->name[wanted->n] == '\0' ? 0 : -1;
}

const struct pdk_fn *pdk_find(const char *name, size_t n)
{
	struct wanted wanted = {name, n};

	return bsearch(&wanted, pdk_table, PDK_ID_COUNT, sizeof(pdk_table[0]), compare);
}
