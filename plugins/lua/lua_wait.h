/* lua_wait.h - Lua code that waits by itself: until a time, or until other Lua code wakes it.
 *
 * A *wait* is one such moment. Who waits parks its fiber, event or task alike; it goes on in a later turn of the
 * loop, never inside of who wakes it. */
#ifndef PLUGINS_LUA_LUA_WAIT_H
#define PLUGINS_LUA_LUA_WAIT_H
#include <lua.h>
#include <stdbool.h>

struct lua_thread;
struct lua_vm;
struct lua_wait;

/* The module outrigger.c.loop gets: new_wait() -> a wait; wait(w, seconds or nil) -> whether it was woken;
 * wake(w) -> whether it was waiting; is_waiting(w); sleep(seconds). Adds them to the table on top. May raise. */
void lua_wait_open(lua_State *L, struct lua_vm *vm);
/* Lets who waits go on, in a later turn of the loop. False if nobody waits. */
bool lua_wait_wake(struct lua_wait *w);
/* The argument as a wait, or an error raised. */
struct lua_wait *lua_wait_to(lua_State *L, int arg);
/* Nobody will go on with what waits on that thread: its event or task has ended. */
void lua_wait_cancel(struct lua_thread *t);

#endif
