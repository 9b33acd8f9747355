/* lua_literal.h - JSON as a Lua expression. */
#ifndef SERVER_COMMAND_LUA_LITERAL_H
#define SERVER_COMMAND_LUA_LITERAL_H
#include <jansson.h>

struct buf;

/* Appends the value: members of objects by name, null as ngx.null, a line each, indented. -E_NOMEM. */
int lua_literal_append(struct buf *ret, const json_t *value);

#endif
