/* pdk_path.h - paths of URLs, as the gateway normalises them. */
#ifndef PDK_BRIDGE_PDK_PATH_H
#define PDK_BRIDGE_PDK_PATH_H
#include "protocol/value.h"

struct arena;

/* The path with slashes merged, dot segments removed, and what needn't be escaped unescaped (RFC 3986,
 * section 6.2.2; kong.tools.uri, normalize). 0 or -E_NOMEM. */
int pdk_path_normalize(struct arena *arena, const struct value *path, struct value *ret);

#endif
