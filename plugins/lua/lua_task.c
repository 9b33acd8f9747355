#include "plugins/lua/lua_task.h"
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "pdk-bridge/fiber.h"
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "plugins/loop.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/lua_wait.h"
#include "plugins/lua/ngx/ngx_socket.h"
#include "protocol/limits.h"

struct lua_task {
	struct pdk_rq rq; /* of no event; rq.runtime is the thread once it runs */
	struct lua_plugin *plugin;
	struct reactor_timer *timer; /* NULL once it runs */
	int function_ref;
	bool is_premature;
	bool is_light;            /* a light thread ... */
	struct lua_thread *root;  /* ... of this, while that lives */
	bool is_killed;           /* it goes when `timer` comes */
	struct lua_wait *starter; /* it waits until this has begun */
	double number;
	int rc;
	struct err err;
	struct lua_task *prev, *next;
};

static const struct loop *loop_of(const struct lua_plugin *p)
{
	return p->plugin->loop;
}

static void destroy(struct lua_task *task)
{
	struct lua_plugin *p = task->plugin;

	if (task->timer != NULL)
		loop_of(p)->timer_destroy(task->timer);
	if (task->root != NULL)
		task->root->children--;
	if (task->is_light)
		p->tasks.light--;
	else if (task->timer != NULL)
		p->tasks.pending--;
	luaL_unref(p->L, LUA_REGISTRYINDEX, task->function_ref);
	DL_DELETE(p->tasks.list, task);
	free(task);
}

/* ---- a run ---- */

static void report(const struct lua_task *task)
{
	const struct pdk_port *port = task->plugin->plugin->env.port;
	struct err err = task->err;

	err_prefix(&err, task->rc, "a timer failed");
	if (port != NULL && port->log != NULL)
		port->log((struct pdk_rq *)&task->rq, LOG_LEVEL_ERR, err.text, strlen(err.text));
}

static void end(struct lua_task *task)
{
	if (task->rc != 0)
		report(task);
	if (!task->is_light)
		task->plugin->tasks.running--;
	ngx_socket_end_all(&task->rq);
	loop_of(task->plugin)->task_end(&task->rq);
	lua_thread_give(task->rq.runtime);
	pdk_rq_fini(&task->rq);
	destroy(task);
}

/* On the task's fiber. */
static void run(void *arg)
{
	struct pdk_rq *rq = arg;
	struct lua_thread *t = rq->runtime;
	struct lua_task *task = t->task;

	lua_rawgeti(t->L, LUA_REGISTRYINDEX, task->function_ref);
	lua_pushboolean(t->L, task->is_premature);
	task->rc = lua_run_protected(t, 1, &task->err);
}

static void start(struct lua_task *task)
{
	struct lua_plugin *p = task->plugin;
	struct lua_thread *t = lua_thread_take(p);
	int rc = -E_NOMEM;

	p->tasks.running += !task->is_light;
	task->rq.runtime = t;
	if (!task->is_light && p->tasks.running > LIMIT_RUNNING_TIMERS) {
		rc = err_set(&task->err, E_LIMIT, "%d timers run already", LIMIT_RUNNING_TIMERS);
	} else if (t != NULL) {
		t->task = task;
		t->phase = PHASE_TIMER;
		rc = loop_of(p)->task_start(p->plugin, &task->rq, run, &task->err);
	}
	if (rc < 0)
		task->rc = rc;
	if (rc <= 0)
		end(task);
}

static void on_timer(void *user)
{
	struct lua_task *task = user;
	struct lua_wait *starter = task->starter;

	loop_of(task->plugin)->timer_destroy(task->timer);
	task->timer = NULL;
	if (task->is_killed) {
		end(task);
		return;
	}
	if (!task->is_light)
		task->plugin->tasks.pending--;
	start(task);
	if (starter != NULL)
		lua_wait_wake(starter);
}

void lua_task_resume(struct lua_thread *t)
{
	const struct loop *loop = loop_of(t->plugin);
	struct lua_task *task = t->task;

	if (task == NULL)
		loop->event_resume(t->rq);
	else if (!loop->task_resume(t->plugin->plugin, &task->rq))
		end(task);
}

/* ---- for Lua ---- */

static struct lua_plugin *plugin_of(lua_State *L)
{
	return lua_vm_plugin(lua_touserdata(L, lua_upvalueindex(1)));
}

static int push_refusal(lua_State *L, const char *text)
{
	lua_pushnil(L);
	lua_pushstring(L, text);
	return 2;
}

/* Why no further one can be made, or NULL. */
static const char *refusal(const struct lua_plugin *p, double seconds)
{
	if (p->tasks.pending >= LIMIT_TIMERS)
		return "too many pending timers";
	if (p->tasks.is_leaving && seconds > 0)
		return "process exiting";
	return NULL;
}

static struct lua_task *create(struct lua_plugin *p, double seconds)
{
	const struct loop *loop = loop_of(p);
	struct lua_task *task = calloc(1, sizeof(*task));

	if (task == NULL)
		return NULL;
	task->timer = loop->timer_create(loop->reactor, on_timer, task);
	if (task->timer == NULL) {
		free(task);
		return NULL;
	}
	task->plugin = p;
	task->is_premature = p->tasks.is_leaving;
	pdk_rq_init(&task->rq, &p->plugin->env, 0, PHASE_TIMER);
	DL_APPEND(p->tasks.list, task);
	loop->timer_start(task->timer, seconds, 0);
	return task;
}

/* task(seconds, fn): true; nil and an error. */
static int task_new(lua_State *L)
{
	struct lua_plugin *p = plugin_of(L);
	double seconds = luaL_checknumber(L, 1);
	struct lua_task *task;
	const char *text;
	int ref;

	luaL_argcheck(L, seconds >= 0 && seconds < 1e9, 1, "bad time");
	luaL_checktype(L, 2, LUA_TFUNCTION);
	if (loop_of(p) == NULL)
		return luaL_error(L, "API disabled in the current context");
	text = refusal(p, seconds);
	if (text != NULL)
		return push_refusal(L, text);
	lua_settop(L, 2);
	ref = luaL_ref(L, LUA_REGISTRYINDEX);
	task = create(p, seconds);
	if (task == NULL) {
		luaL_unref(L, LUA_REGISTRYINDEX, ref);
		return push_refusal(L, "no memory");
	}
	p->tasks.pending++;
	task->function_ref = ref;
	lua_pushboolean(L, true);
	return 1;
}

/* ---- light threads ---- */

/* Of the event or task whose code runs, which is also that of its light threads; NULL outside of them. */
static struct pdk_rq *find_root(void)
{
	struct pdk_rq *rq = lua_pdk_request();

	return rq != NULL && rq->root != NULL ? rq->root : rq;
}

/* light(fn, w) */
static int task_light(lua_State *L)
{
	struct lua_plugin *p = plugin_of(L);
	struct lua_wait *starter = lua_wait_to(L, 2);
	struct pdk_rq *rq = find_root();
	struct lua_thread *root = rq != NULL ? rq->runtime : NULL;
	struct lua_task *task;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	if (loop_of(p) == NULL || root == NULL)
		return luaL_error(L, "API disabled in the current context");
	if (p->tasks.light >= LIMIT_LIGHT_THREADS)
		return push_refusal(L, "too many threads");
	task = create(p, 0);
	if (task == NULL)
		return push_refusal(L, "no memory");
	task->is_light = true;
	task->root = root;
	task->rq.root = rq;
	task->starter = starter;
	task->number = ++p->tasks.last_number;
	p->tasks.light++;
	root->children++;
	lua_pushvalue(L, 1);
	task->function_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_pushnumber(L, task->number);
	return 1;
}

/* From the loop's stack. */
static void drop(struct lua_task *task)
{
	task->rc = 0;
	if (task->timer != NULL && task->is_killed) {
		loop_of(task->plugin)->timer_destroy(task->timer);
		task->timer = NULL;
	}
	if (task->timer != NULL)
		destroy(task);
	else
		end(task);
}

/* From a fiber, where no other one can be let go of: it never goes on, and goes in a later turn of the loop. */
static void drop_later(struct lua_task *task)
{
	const struct loop *loop = loop_of(task->plugin);

	if (task->timer == NULL) {
		lua_wait_cancel(task->rq.runtime);
		task->timer = loop->timer_create(loop->reactor, on_timer, task);
		task->is_killed = true;
	}
	if (task->timer != NULL && !task->is_killed)
		destroy(task);
	else if (task->timer != NULL)
		loop->timer_start(task->timer, 0, 0);
}

void lua_task_end_children(struct lua_thread *root)
{
	struct lua_task *task, *next;

	if (root->children == 0)
		return;
	DL_FOREACH_SAFE (root->plugin->tasks.list, task, next) {
		if (task->root != root)
			continue;
		if (fiber_current() == NULL) {
			drop(task);
			continue;
		}
		task->root = NULL;
		root->children--;
		drop_later(task);
	}
}

/* kill(number) */
static int task_kill(lua_State *L)
{
	struct lua_plugin *p = plugin_of(L);
	double number = luaL_checknumber(L, 1);
	struct lua_task *task;
	bool is_there = false;

	DL_FOREACH (p->tasks.list, task) {
		is_there = task->is_light && !(task->number < number) && !(task->number > number) &&
			   &task->rq != lua_pdk_request();
		if (is_there)
			break;
	}
	if (is_there)
		drop_later(task);
	lua_pushboolean(L, is_there);
	return 1;
}

/* counts(): how many are pending, how many run. */
static int task_counts(lua_State *L)
{
	const struct lua_plugin *p = plugin_of(L);

	lua_pushinteger(L, (lua_Integer)p->tasks.pending);
	lua_pushinteger(L, (lua_Integer)p->tasks.running);
	return 2;
}

static int task_is_leaving(lua_State *L)
{
	const struct lua_plugin *p = plugin_of(L);

	lua_pushboolean(L, p->tasks.is_leaving);
	return 1;
}

static int open_loop(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"task", task_new},    {"counts", task_counts}, {"is_leaving", task_is_leaving},
		{"light", task_light}, {"kill", task_kill},     {NULL, NULL},
	};
	struct lua_vm *vm = lua_touserdata(L, lua_upvalueindex(1));

	lua_newtable(L);
	lua_vm_register(vm, L, functions);
	lua_wait_open(L, vm);
	return 1;
}

void lua_task_open(struct lua_vm *vm)
{
	lua_vm_preload(vm, "outrigger.c.loop", open_loop);
}

/* ---- the end ---- */

void lua_task_leave(struct lua_plugin *p)
{
	struct lua_task *task;

	p->tasks.is_leaving = true;
	DL_FOREACH (p->tasks.list, task) {
		if (task->timer == NULL || task->is_light)
			continue;
		task->is_premature = true;
		loop_of(p)->timer_start(task->timer, 0, 0);
	}
}

bool lua_task_is_busy(const struct lua_plugin *p)
{
	return p->tasks.pending > 0 || p->tasks.running > 0;
}

void lua_task_drop_all(struct lua_plugin *p)
{
	struct lua_task *task, *next;

	DL_FOREACH_SAFE (p->tasks.list, task, next)
		if (task->is_light)
			drop(task);
	DL_FOREACH_SAFE (p->tasks.list, task, next)
		drop(task);
}
