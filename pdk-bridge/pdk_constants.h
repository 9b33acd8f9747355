/* pdk_constants.h - answers that hold as long as a gateway process lives. */
#ifndef PDK_BRIDGE_PDK_CONSTANTS_H
#define PDK_BRIDGE_PDK_CONSTANTS_H
#include "pdk-bridge/pdk_call.h"

/* Finds what was kept for that gateway process. `constants` may be NULL, `gateway` 0 (unknown): then there
 * is nothing. Results live until the process is forgotten: don't keep them over a suspension. */
bool pdk_constants_get(struct pdk_constants *constants, uint64_t gateway, enum pdk_id id,
		       struct pdk_ret *ret);
/* Keeps a copy of the first result. The process that was heard of longest ago makes room. */
void pdk_constants_put(struct pdk_constants *constants, uint64_t gateway, enum pdk_id id,
		       const struct pdk_ret *from);

#endif
