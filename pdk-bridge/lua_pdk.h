/* lua_pdk.h - the PDK as Lua plugins see it: the global `kong`.
 *
 * Works on any lua_State of Lua 5.1's API. Which event a call belongs to is known from the fiber
 * that runs, never from the Lua thread, so that calls from coroutines, pcall or callbacks need
 * nothing. */
#ifndef PDK_BRIDGE_LUA_PDK_H
#define PDK_BRIDGE_LUA_PDK_H
#include <lua.h>
#include <stdbool.h>
#include "pdk-bridge/pdk_call.h"

/* Makes the global `kong` (tables from pdk_table's names, each function a closure over its row).
 * `env` is borrowed for the life of L: what it points at when a function is called serves it where
 * there is no request. Embedded Lua
 * (package.preload) that completes the tables (kong.ctx, kong.log, kong.table, ...) is run by the
 * Lua runtime after this. */
void lua_pdk_open(lua_State *L, const struct pdk_env *const *env);
/* The request of the fiber that runs (its fiber_arg), or NULL. */
struct pdk_rq *lua_pdk_request(void);
/* The same where it is one of an event; NULL in a timer's function and in init_worker. */
struct pdk_rq *lua_pdk_event(void);

/* The Lua thread whose code runs at this moment; NULL while none does. Async-signal-safe. A
 * coroutine that has not called the PDK yet is not seen: its parent is given. */
lua_State *lua_pdk_running(void);
/* Told by the runtime: L's code runs from now on; NULL: it has ended. */
void lua_pdk_set_running(lua_State *L);

/* Keeps the function on top (popped): it is called, before its last call to the gateway, in an event that has
 * `has_end`, and may call the PDK. */
void lua_pdk_on_end(lua_State *L);
/* What is called with a PDK function and its arguments by a light thread of an event, and gives its results. Pops the function
 * on top. */
void lua_pdk_on_delegate(lua_State *L);
/* Calls it. For the runtime, after a handler has returned. May suspend and raise. */
void lua_pdk_finish(lua_State *L);

/* lua_noted.c: what an event sets of the response before there is one (PDK_NOTED), for which the
 * gateway can't be asked. */
/* Keeps the call and copies of its n arguments for lua_noted_push, in the event's arena. Nothing in
 * the phase `response`. 0 or -E_NOMEM. */
int lua_noted_add(struct pdk_rq *rq, const struct pdk_fn *fn, const struct value *argv, size_t n);
/* Pushes what was kept since the last time, in its order, as a sequence of {name of the PDK
 * function, arguments...}; nil where there is nothing, or no request. */
void lua_noted_push(lua_State *L, struct pdk_rq *rq);

/* lua_log.c: */
/* Writes a line as kong.log does: the arguments from `first` on joined, with the source line of
 * the plugin's code; to the gateway within an event, else to our own log. Costs nothing for a
 * level that is filtered out. May suspend. Pushes nothing. */
void lua_log_write(lua_State *L, const struct pdk_env *env, enum log_level level, int first);

/* lua_value.c: values and Lua, both ways. */
/* What a nil inside of a table becomes. */
enum lua_nil {
	LUA_NIL_ABSENT,
	LUA_NIL_NULL /* ngx.null, as JSON decoders give it */
};
/* Pushes v, which needs a free slot of the stack: arrays become sequences, maps tables, bin and str
 * strings, integers beyond 2^53 doubles. */
void lua_value_push(lua_State *L, const struct value *v, enum lua_nil nil);
/* Reads the Lua value at idx into the arena. A text is borrowed from Lua (its place on the stack keeps it),
 * those in tables are copied. An empty table is an array unless its metatable says otherwise
 * (__jsontype). -E_ARGUMENT for functions, threads, userdata other than null, tables nested too
 * deeply or cyclic; -E_NOMEM. */
int lua_value_read(lua_State *L, int idx, struct arena *arena, struct value *ret, struct err *err);

#endif
