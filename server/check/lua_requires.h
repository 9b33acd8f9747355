/* lua_requires.h - which modules a Lua text asks for: require "name", require("name").
 *
 * A search for words, not a parser: comments count, and names that are put together don't. */
#ifndef SERVER_CHECK_LUA_REQUIRES_H
#define SERVER_CHECK_LUA_REQUIRES_H
#include <stdbool.h>
#include <stddef.h>

struct lua_require {
	const char *name; /* n bytes, borrowed from the text */
	size_t n;
	bool is_part; /* more is put to the name when the code runs: name .. */
};

/* The next one at or after `text`; returns where to look further, or NULL when there is none. */
const char *lua_requires_next(const char *text, struct lua_require *ret);
/* Whether the gateway has a module of that name of n bytes itself: Kong's own, but for plugins that are not
 * bundled, OpenResty's, and those of the rocks that Kong is made of. */
bool lua_requires_is_gateways(const char *name, size_t n);

#endif
