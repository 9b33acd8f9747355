/* object_mentions.h - which PDK functions a shared object speaks of.
 *
 * outrigger.h calls them by name, so each that is called stands in the object as a text of its own. A search
 * for such texts: one that is never used counts too, and what is put together at run time, or called by
 * another object, is not found. */
#ifndef SERVER_OBJECT_MENTIONS_H
#define SERVER_OBJECT_MENTIONS_H

struct err;
struct pdk_fn;

/* The first row that loses something over ProtoBuf:1 and is named in that file; NULL for none.
 * 0 or -E_IO. */
int object_mentions_find(const char *path, const struct pdk_fn **ret_fn, struct err *err);

#endif
