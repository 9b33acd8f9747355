/* lua_pdk.c - the global `kong`: one closure for each row of the table. */
#include "pdk-bridge/lua_pdk.h"
#include <string.h>
#include "pdk-bridge/fiber.h"
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/pdk_log.h"
#include "protocol/err.h"

/* A closure's upvalues. */
enum upvalue {
	UP_ROW = 1, /* light userdata: struct pdk_fn */
	UP_ENV,     /* light userdata: what lua_pdk_open was given */
	UP_SELF,    /* true: called as __call of a table, which comes first */
};

static lua_State *volatile running;

lua_State *lua_pdk_running(void)
{
	return running;
}

void lua_pdk_set_running(lua_State *L)
{
	running = L;
}

struct pdk_rq *lua_pdk_request(void)
{
	struct fiber *fiber = fiber_current();

	return fiber ? fiber_arg(fiber) : NULL;
}

struct pdk_rq *lua_pdk_event(void)
{
	struct pdk_rq *rq = lua_pdk_request();

	if (rq == NULL || rq->phase == PHASE_TIMER || rq->phase == PHASE_INIT_WORKER)
		return NULL;
	return rq;
}

/* ---- one call ---- */

static bool takes_rest(const struct pdk_fn *fn)
{
	return fn->argc > 0 && fn->args[fn->argc - 1].type == PDK_REST;
}

/* How many of the Lua arguments count: the gateway ignores those that it doesn't know. */
static size_t count_args(lua_State *L, const struct pdk_fn *fn)
{
	size_t n = (size_t)lua_gettop(L);

	if (fn->flags & PDK_REFUSED) /* it fails whatever they are, and they may be functions */
		return 0;
	return n > fn->argc && !takes_rest(fn) ? fn->argc : n;
}

static void raise_argument(lua_State *L, const struct pdk_fn *fn, int arg, const char *text)
{
	lua_pushfstring(L, "bad argument #%d to '%s' (%s)", arg, fn->name, text);
	lua_compat_raise(L, lua_tostring(L, -1));
}

/* Reads the arguments 1..n into argv, or raises. */
static void read_args(lua_State *L, const struct pdk_fn *fn, struct pdk_rq *rq, struct value *argv,
		      size_t n)
{
	struct err err;
	size_t i;
	int rc;

	err_clear(&err);
	for (i = 0; i < n; i++) {
		rc = lua_value_read(L, (int)i + 1, &rq->arena, &argv[i], &err);
		if (rc != 0)
			raise_argument(L, fn, (int)i + 1, err_message(&err, rc));
	}
}

static int push_results(lua_State *L, const struct pdk_fn *fn, const struct pdk_ret *ret)
{
	enum lua_nil nil = fn->flags & PDK_NULLS ? LUA_NIL_NULL : LUA_NIL_ABSENT;
	size_t i;

	for (i = 0; i < ret->n; i++)
		lua_value_push(L, &ret->v[i], nil);
	return (int)ret->n;
}

/* The arguments live on the C stack, but for a call with more of them than any row names. */
static struct value *argument_space(lua_State *L, struct pdk_rq *rq, struct value *few, size_t n)
{
	struct value *many;

	if (n <= PDK_ARGS_MAX)
		return few;
	many = n < 8000 ? arena_alloc(&rq->arena, n * sizeof(*many)) : NULL;
	if (many == NULL)
		luaL_error(L, "too many arguments");
	return many;
}

void lua_pdk_on_end(lua_State *L)
{
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_SLOT_ON_END);
}

void lua_pdk_finish(lua_State *L)
{
	const struct pdk_rq *rq = lua_pdk_event();

	if (rq == NULL || !rq->has_end)
		return;
	luaL_checkstack(L, 1, NULL);
	lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_SLOT_ON_END);
	if (lua_isfunction(L, -1))
		lua_call(L, 0, 0);
	else
		lua_pop(L, 1);
}

static int call_row(lua_State *L, const struct pdk_fn *fn, struct pdk_rq *rq)
{
	struct value few[PDK_ARGS_MAX], *argv;
	struct pdk_ret ret = {0};
	struct err err;
	size_t n = count_args(L, fn);
	int rc;

	err_clear(&err);
	if (fn->flags & PDK_TERMINAL)
		lua_pdk_finish(L);
	argv = argument_space(L, rq, few, n);
	read_args(L, fn, rq, argv, n);
	running = NULL;
	rc = pdk_call(rq, fn->id, argv, n, &ret, &err);
	running = L;
	lua_compat_resumed(L);
	if (rc == 0 && (fn->flags & PDK_NOTED))
		rc = lua_noted_add(rq, fn, argv, n);
	if (rc != 0)
		return lua_compat_raise(L, err_message(&err, rc));
	return push_results(L, fn, &ret);
}

/* Functions that are computed here need no event. (Lack of memory for Lua leaks the arena.) */
static int call_local(lua_State *L, const struct pdk_fn *fn, const struct pdk_env *env)
{
	struct value few[PDK_ARGS_MAX];
	struct pdk_ret ret = {0};
	struct err err;
	struct pdk_rq rq = {0};
	size_t n = count_args(L, fn);
	int i, rc = 0;

	err_clear(&err);
	pdk_rq_init(&rq, env, 0, PHASE_INIT_WORKER);
	for (i = 0; rc == 0 && i < (int)n && i < PDK_ARGS_MAX; i++)
		rc = lua_value_read(L, i + 1, &rq.arena, &few[i], &err);
	if (rc == 0)
		rc = pdk_call(&rq, fn->id, few, n < PDK_ARGS_MAX ? n : PDK_ARGS_MAX, &ret, &err);
	if (rc == 0)
		push_results(L, fn, &ret);
	pdk_rq_fini(&rq);
	return rc == 0 ? (int)ret.n : lua_compat_raise(L, err_message(&err, rc));
}

static int raise_misplaced(lua_State *L, const struct pdk_fn *fn, const char *where)
{
	lua_pushfstring(L, "%s can't be called %s", fn->name, where);
	return lua_compat_raise(L, lua_tostring(L, -1));
}

/* That of the plugin whose code runs. */
static const struct pdk_env *find_env(lua_State *L)
{
	const struct pdk_env *const *outside = lua_touserdata(L, lua_upvalueindex(UP_ENV));
	const struct pdk_rq *rq = lua_pdk_request();

	return rq != NULL ? rq->env : *outside;
}

void lua_pdk_on_delegate(lua_State *L)
{
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_SLOT_DELEGATE);
}

/* Only an event itself calls the gateway, one call after the other: light threads have it do that. */
static int delegate(lua_State *L)
{
	lua_Debug ar;

	if (lua_toboolean(L, lua_upvalueindex(UP_SELF))) {
		lua_pushnil(L);
		lua_insert(L, 1);
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_SLOT_DELEGATE);
	if (!lua_isfunction(L, -1) || !lua_getstack(L, 0, &ar))
		return luaL_error(L, "nobody can call the gateway for a thread");
	lua_getinfo(L, "f", &ar);
	lua_insert(L, 1);
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

static bool is_delegated(const struct pdk_rq *rq)
{
	return rq != NULL && rq->root != NULL && rq->root->phase != PHASE_TIMER &&
	       rq->root->phase != PHASE_INIT_WORKER;
}

static int call_closure(lua_State *L)
{
	const struct pdk_fn *fn = lua_touserdata(L, lua_upvalueindex(UP_ROW));
	struct pdk_rq *rq = lua_pdk_event();

	if (lua_toboolean(L, lua_upvalueindex(UP_SELF)) && lua_gettop(L) > 0)
		lua_remove(L, 1);
	if (fn->flags & PDK_LEVEL) {
		lua_log_write(L, find_env(L), pdk_log_level(fn), 1);
		return 0;
	}
	if (fn->flags & PDK_LOCAL && (rq == NULL || !lua_compat_may_park(L)))
		return call_local(L, fn, find_env(L));
	if (rq == NULL && is_delegated(lua_pdk_request()))
		return delegate(L);
	if (rq == NULL)
		return raise_misplaced(L, fn, "outside of a request");
	if (!lua_compat_may_park(L))
		return raise_misplaced(L, fn, "from a finalizer (__gc) or a debug hook");
	return call_row(L, fn, rq);
}

/* ---- the tables ---- */

/* Whether names of other rows go on from this one: "kong.log" and "kong.log.err". */
static bool is_also_table(const struct pdk_fn *fn)
{
	size_t i, n = strlen(fn->name);

	for (i = 0; i < PDK_ID_COUNT; i++)
		if (strncmp(pdk_table[i].name, fn->name, n) == 0 && pdk_table[i].name[n] == '.')
			return true;
	return false;
}

/* Replaces the table on top by its field `name` (n bytes), made if it is absent. */
static void descend(lua_State *L, const char *name, size_t n)
{
	lua_pushlstring(L, name, n);
	lua_pushvalue(L, -1);
	lua_rawget(L, -3);
	if (!lua_istable(L, -1)) {
		lua_pop(L, 1);
		lua_newtable(L);
		lua_pushvalue(L, -2);
		lua_pushvalue(L, -2);
		lua_rawset(L, -5);
	}
	lua_replace(L, -3);
	lua_pop(L, 1);
}

static void push_closure(lua_State *L, const struct pdk_fn *fn, const struct pdk_env *const *env,
			 bool self)
{
	lua_pushlightuserdata(L, (void *)fn);
	lua_pushlightuserdata(L, (void *)env);
	lua_pushboolean(L, self);
	lua_pushcclosure(L, call_closure, 3);
}

/* Makes the table under `name` of the table on top callable. */
static void set_callable(lua_State *L, const char *name, const struct pdk_fn *fn,
			 const struct pdk_env *const *env)
{
	lua_pushvalue(L, -1);
	descend(L, name, strlen(name));
	lua_newtable(L);
	push_closure(L, fn, env, true);
	lua_setfield(L, -2, "__call");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}

/* Puts the row's function where its name says. The table of globals-to-be is on top. */
static void set_row(lua_State *L, const struct pdk_fn *fn, const struct pdk_env *const *env)
{
	const char *part = fn->name, *dot;

	lua_pushvalue(L, -1);
	for (; (dot = strchr(part, '.')) != NULL; part = dot + 1)
		descend(L, part, (size_t)(dot - part));
	if (is_also_table(fn)) {
		set_callable(L, part, fn, env);
	} else {
		push_closure(L, fn, env, false);
		lua_setfield(L, -2, part);
	}
	lua_pop(L, 1);
}

void lua_pdk_open(lua_State *L, const struct pdk_env *const *env)
{
	size_t i;

	lua_compat_open(L);
	lua_newtable(L);
	for (i = 0; i < PDK_ID_COUNT; i++)
		set_row(L, &pdk_table[i], env);
	lua_getfield(L, -1, "kong");
	lua_setglobal(L, "kong");
	lua_pop(L, 1);
}
