/* pdk_known.h - what an event's plugin has been told already. */
#ifndef PDK_BRIDGE_PDK_KNOWN_H
#define PDK_BRIDGE_PDK_KNOWN_H
#include "pdk-bridge/pdk_call.h"

/* The gateway's first result of that call with that argument (NULL = none), if the event has asked for it and
 * it still holds, else NULL. Borrowed until the event's next call. */
const struct value *pdk_rq_known(const struct pdk_rq *rq, enum pdk_id id, const struct value *arg);

#endif
