/* pdk_render.h - the response that a terminal call would send, before it is sent. */
#ifndef PDK_BRIDGE_PDK_RENDER_H
#define PDK_BRIDGE_PDK_RENDER_H
#include "pdk-bridge/pdk_call.h"

/* argv is {status, body, headers} of kong.response.exit; afterwards the body is a text or nil. -E_ARGUMENT,
 * -E_PHASE as the call would give them, -E_UNSUPPORTED for a body without JSON, -E_NOMEM. */
int pdk_render_exit(struct pdk_rq *rq, struct value argv[3], struct err *err);
/* argv is {status, message, headers} of kong.response.error; afterwards exit's arguments. May suspend.
 * Errors as above, and those of any call. */
int pdk_render_error(struct pdk_rq *rq, struct value argv[3], struct err *err);

#endif
