/* lua_mentions.h - which PDK functions a plugin's Lua files speak of.
 *
 * A search for words, not a parser: a name counts in a comment too, and what is put together at run time
 * is not found. kong.a.b_c is found as ".b_c", kong.a.b as "a.b", so that local names for parts of `kong`
 * hide little. */
#ifndef SERVER_CHECK_LUA_MENTIONS_H
#define SERVER_CHECK_LUA_MENTIONS_H
#include <stdbool.h>
#include "pdk-bridge/pdk.h"

struct err;

/* Marks the rows that are mentioned in the *.lua files of that folder and those in it. 0, -E_IO, -E_NOMEM. */
int lua_mentions_find(const char *folder, bool found[PDK_ID_COUNT], struct err *err);

#endif
