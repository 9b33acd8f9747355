#include "plugins/lua/lua_wait.h"
#include <math.h>
#include "pdk-bridge/fiber.h"
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "plugins/loop.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/lua_task.h"

#define WAIT "outrigger.wait"
#define LONGEST 1e9 /* seconds */

static void end_wait(struct lua_wait *w)
{
	if (w->timer != NULL)
		w->loop->timer_destroy(w->timer);
	if (w->thread != NULL)
		w->thread->wait = NULL;
	w->timer = NULL;
	w->thread = NULL;
}

void lua_wait_cancel(struct lua_thread *t)
{
	struct lua_wait *w = t->wait;

	if (w == NULL)
		return;
	end_wait(w);
	w->state = LUA_WAIT_OVER;
	if (w->on_cancel != NULL)
		w->on_cancel(w);
}

/* On the loop's stack: the time is over, or somebody has woken it. */
static void on_timer(void *user)
{
	struct lua_wait *w = user;
	struct lua_thread *t = w->thread;

	end_wait(w);
	lua_task_resume(t);
}

struct lua_thread *lua_wait_check(lua_State *L)
{
	const struct pdk_rq *rq = lua_pdk_request();
	struct lua_thread *t = rq != NULL ? rq->runtime : NULL;

	if (t == NULL || t->plugin->plugin->loop == NULL || !lua_compat_may_park(L)) {
		luaL_error(L, "API disabled in the current context");
		return NULL; /* unreached */
	}
	if (t->wait != NULL)
		luaL_error(L, "this request waits already");
	return t;
}

static void park(lua_State *L)
{
	lua_pdk_set_running(NULL);
	fiber_park();
	lua_pdk_set_running(L);
	lua_compat_resumed(L);
}

bool lua_wait_park(lua_State *L, struct lua_wait *w, double seconds)
{
	struct lua_thread *t = lua_wait_check(L);
	const struct loop *loop = t->plugin->plugin->loop;
	bool woken;

	w->timer = loop->timer_create(loop->reactor, on_timer, w);
	if (w->timer == NULL)
		luaL_error(L, "no memory for a timer");
	w->loop = loop;
	w->thread = t;
	t->wait = w;
	w->state = LUA_WAIT_PARKED;
	if (seconds <= LONGEST)
		loop->timer_start(w->timer, seconds > 0 ? seconds : 0, 0);
	park(L);
	woken = w->state == LUA_WAIT_WOKEN;
	w->state = LUA_WAIT_OVER;
	return woken;
}

void lua_wait_go_on(struct lua_wait *w)
{
	if (w->state != LUA_WAIT_PARKED)
		return;
	w->state = LUA_WAIT_WOKEN;
	on_timer(w);
}

bool lua_wait_wake(struct lua_wait *w)
{
	bool waits = w->state == LUA_WAIT_PARKED;

	if (waits) {
		w->state = LUA_WAIT_WOKEN;
		w->loop->timer_start(w->timer, 0, 0);
	}
	return waits;
}

/* ---- for Lua ---- */

/* new_wait() */
static int wait_new(lua_State *L)
{
	struct lua_wait *w = lua_newuserdata(L, sizeof(*w));

	*w = (struct lua_wait){.state = LUA_WAIT_NEW};
	luaL_getmetatable(L, WAIT);
	lua_setmetatable(L, -2);
	return 1;
}

static struct lua_wait *check_wait(lua_State *L)
{
	return luaL_checkudata(L, 1, WAIT);
}

static int wait_on(lua_State *L, struct lua_wait *w, double seconds)
{
	luaL_argcheck(L, w->state == LUA_WAIT_NEW, 1, "this wait is over");
	lua_pushboolean(L, lua_wait_park(L, w, seconds));
	return 1;
}

/* wait(w, seconds): whether it was woken; false when the time is over. Without seconds, as long as it takes. */
static int wait_wait(lua_State *L)
{
	return wait_on(L, check_wait(L), luaL_optnumber(L, 2, HUGE_VAL));
}

struct lua_wait *lua_wait_to(lua_State *L, int arg)
{
	return luaL_checkudata(L, arg, WAIT);
}

/* wake(w): lets who waits go on. False if nobody does. */
static int wait_wake(lua_State *L)
{
	lua_pushboolean(L, lua_wait_wake(check_wait(L)));
	return 1;
}

/* is_waiting(w) */
static int wait_is_waiting(lua_State *L)
{
	lua_pushboolean(L, check_wait(L)->state == LUA_WAIT_PARKED);
	return 1;
}

/* sleep(seconds) */
static int wait_sleep(lua_State *L)
{
	double seconds = luaL_checknumber(L, 1);

	luaL_argcheck(L, seconds >= 0 && seconds <= LONGEST, 1, "bad time");
	wait_new(L);
	wait_on(L, lua_touserdata(L, -1), seconds);
	return 0;
}

void lua_wait_open(lua_State *L, struct lua_vm *vm)
{
	static const luaL_Reg functions[] = {
		{"new_wait", wait_new},          {"wait", wait_wait},   {"wake", wait_wake},
		{"is_waiting", wait_is_waiting}, {"sleep", wait_sleep}, {NULL, NULL},
	};

	luaL_newmetatable(L, WAIT);
	lua_pop(L, 1);
	lua_vm_register(vm, L, functions);
}
