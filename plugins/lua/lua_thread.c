/* lua_thread.c - Lua threads for events: taken, given back, interrupted. */
#include <stdlib.h>
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/lua_wait.h"

/* Threads kept for use again. More at once are made and collected as needed. */
#define IDLE_MAX 256

static int make_thread(lua_State *L)
{
	struct lua_thread *t = lua_touserdata(L, 1);

	t->L = lua_newthread(L);
	t->ref = luaL_ref(L, LUA_REGISTRYINDEX);
	return 0;
}

static struct lua_thread *create_thread(struct lua_plugin *p)
{
	struct lua_thread *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->plugin = p;
	t->event_ref = LUA_NOREF;
	if (lua_cpcall(p->L, make_thread, t) != LUA_OK) {
		lua_settop(p->L, 0);
		free(t);
		return NULL;
	}
	return t;
}

static void destroy_thread(struct lua_thread *t)
{
	luaL_unref(t->plugin->L, LUA_REGISTRYINDEX, t->ref);
	free(t);
}

struct lua_thread *lua_thread_take(struct lua_plugin *p)
{
	struct lua_thread *t = p->idle;

	if (t == NULL)
		return create_thread(p);
	p->idle = t->next;
	p->idle_count--;
	t->ended = false;
	return t;
}

void lua_thread_give(struct lua_thread *t)
{
	struct lua_plugin *p;

	if (t == NULL)
		return;
	p = t->plugin;
	lua_task_end_children(t);
	lua_wait_cancel(t);
	t->rq = NULL;
	t->task = NULL;
	if (t->interrupted)
		lua_sethook(t->L, NULL, 0, 0);
	t->interrupted = 0;
	luaL_unref(p->L, LUA_REGISTRYINDEX, t->event_ref);
	t->event_ref = LUA_NOREF;
	if (!t->ended || p->idle_count >= IDLE_MAX) {
		destroy_thread(t);
		return;
	}
	lua_settop(t->L, 0);
	t->next = p->idle;
	p->idle = t;
	p->idle_count++;
}

void lua_thread_free_idle(struct lua_plugin *p)
{
	struct lua_thread *t;

	while ((t = p->idle) != NULL) {
		p->idle = t->next;
		destroy_thread(t);
	}
	p->idle_count = 0;
}

/* Stays set until the event ends, and counts every instruction: a pcall that swallows the error
 * gets it again at once. LuaJIT has one hook for all threads of a state, so others pass by here
 * too. */
static void stop_handler(lua_State *L, lua_Debug *ar)
{
	struct pdk_rq *rq = lua_pdk_request();
	const struct lua_thread *t = rq ? rq->runtime : NULL;

	(void)ar;
	if (rq == NULL || (t && t->interrupted))
		luaL_error(L, "%s", err_text(E_TIMEOUT));
}

void lua_thread_interrupt(void)
{
	struct pdk_rq *rq = lua_pdk_request();
	struct lua_thread *t = rq ? rq->runtime : NULL;
	lua_State *L = lua_pdk_running();

	if (L == NULL)
		return;
	if (t)
		t->interrupted = 1;
	lua_sethook(L, stop_handler, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}
