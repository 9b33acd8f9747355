/* pdk_inspect.h - values in readable form, as inspect.lua writes them. */
#ifndef PDK_BRIDGE_PDK_INSPECT_H
#define PDK_BRIDGE_PDK_INSPECT_H
#include <stddef.h>
#include "protocol/value.h"

struct arena;

/* n values, a blank between them, into the arena. 0 or -E_NOMEM. */
int pdk_inspect(struct arena *arena, const struct value *v, size_t n, struct value *ret);

#endif
