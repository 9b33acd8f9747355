/* ngx_until.h - looks for a pattern in a stream that comes in pieces, as receiveuntil does. */
#ifndef PLUGINS_LUA_NGX_NGX_UNTIL_H
#define PLUGINS_LUA_NGX_NGX_UNTIL_H
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

struct ngx_socket;
struct ngx_until;

/* Pushes one, for a pattern that is not empty. May raise. */
void ngx_until_new(lua_State *L, const char *pattern, size_t n, bool inclusive);
/* The pattern has been found, in sized reads; said once, then it is looked for anew. */
bool ngx_until_is_over(struct ngx_until *until);
/* A call begins; `pattern` is borrowed until it ends. */
void ngx_until_begin(struct ngx_until *until, const char *pattern, bool is_sized);
/* Moves from s->in to s->out what is before the pattern, and says whether the call is done: the pattern is found, or
 * *rest (at least 1 in sized reads) bytes are there. */
bool ngx_until_feed(struct ngx_until *until, struct ngx_socket *s, size_t *rest);

#endif
