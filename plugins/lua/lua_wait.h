/* lua_wait.h - Lua code that waits by itself: until a time, or until other Lua code wakes it.
 *
 * A *wait* is one such moment. Who waits parks its fiber, event or task alike; it goes on in a later turn of the
 * loop, never inside of who wakes it. */
#ifndef PLUGINS_LUA_LUA_WAIT_H
#define PLUGINS_LUA_LUA_WAIT_H
#include <lua.h>
#include <stdbool.h>

struct loop;
struct lua_thread;
struct lua_vm;
struct reactor_timer;

enum lua_wait_state {
	LUA_WAIT_NEW,
	LUA_WAIT_PARKED,
	LUA_WAIT_WOKEN,
	LUA_WAIT_OVER,
};

/* A zeroed one is new. In a userdata that is on the Lua stack of who waits while it is parked. */
struct lua_wait {
	const struct loop *loop;   /* once it is parked */
	struct lua_thread *thread; /* who waits; NULL once nobody does */
	struct reactor_timer *timer;
	enum lua_wait_state state;
	/* Called once nobody will go on with it; may be NULL. */
	void (*on_cancel)(struct lua_wait *w);
};

/* The module outrigger.c.loop gets: new_wait() -> a wait; wait(w, seconds or nil) -> whether it was woken;
 * wake(w) -> whether it was waiting; is_waiting(w); sleep(seconds). Adds them to the table on top. May raise. */
void lua_wait_open(lua_State *L, struct lua_vm *vm);
/* Whether the code that runs may wait: who, or an error raised. */
struct lua_thread *lua_wait_check(lua_State *L);
/* Parks the fiber that runs. Whether it was woken; false when `seconds` are over. May raise, before it parks. */
bool lua_wait_park(lua_State *L, struct lua_wait *w, double seconds);
/* Lets who waits go on, at once; w may be gone when this returns. From the loop's stack. Nothing if nobody waits. */
void lua_wait_go_on(struct lua_wait *w);
/* The same in a later turn of the loop. False if nobody waits. */
bool lua_wait_wake(struct lua_wait *w);
/* The argument as a wait, or an error raised. */
struct lua_wait *lua_wait_to(lua_State *L, int arg);
/* Nobody will go on with what waits on that thread: its event or task has ended. */
void lua_wait_cancel(struct lua_thread *t);

#endif
