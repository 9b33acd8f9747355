/* pdk_multi.h - names with one value or several, as forms have them: what comes twice becomes an array. */
#ifndef PDK_BRIDGE_PDK_MULTI_H
#define PDK_BRIDGE_PDK_MULTI_H
#include "protocol/value.h"

struct arena;
struct pdk_multi_entry;

/* Zeroed but for the arena = empty. */
struct pdk_multi {
	struct arena *arena;
	struct pdk_multi_entry *names; /* hash, in the order of first sight */
};

/* Adds a value under a name; both must live as long as the arena. 0 or -E_NOMEM. */
int pdk_multi_add(struct pdk_multi *multi, struct value name, struct value v);
/* The map, in the arena, and the end of `multi`. 0 or -E_NOMEM. */
int pdk_multi_finish(struct pdk_multi *multi, struct value *ret);
void pdk_multi_fini(struct pdk_multi *multi);

#endif
