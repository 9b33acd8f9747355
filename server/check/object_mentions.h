/* object_mentions.h - which PDK functions a shared object speaks of.
 *
 * outrigger.h calls them by name, so each that is called stands in the object as a text of its own. A search
 * for such texts: one that is never used counts too, and what is put together at run time, or called by
 * another object, is not found. */
#ifndef SERVER_CHECK_OBJECT_MENTIONS_H
#define SERVER_CHECK_OBJECT_MENTIONS_H
#include <stdbool.h>
#include "pdk-bridge/pdk.h"

struct err;

/* Marks the rows that are named in that file. 0 or -E_IO. */
int object_mentions_find(const char *path, bool found[PDK_ID_COUNT], struct err *err);

#endif
