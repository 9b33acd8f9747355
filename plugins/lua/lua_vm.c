/* lua_vm.c - Lua states: made for the first plugin that needs one, closed with the last. */
#include <stdlib.h>
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "plugins/lua/lua_impl.h"

static struct lua_vm *create(struct lua_vm **slot)
{
	struct lua_vm *vm = calloc(1, sizeof(*vm));

	if (vm == NULL)
		return NULL;
	vm->L = luaL_newstate();
	if (vm->L == NULL) {
		free(vm);
		return NULL;
	}
	vm->slot = slot;
	if (slot != NULL)
		*slot = vm;
	return vm;
}

static void destroy(struct lua_vm *vm)
{
	lua_close(vm->L);
	if (vm->slot != NULL)
		*vm->slot = NULL;
	free(vm);
}

int lua_vm_join(struct lua_plugin *p, struct lua_vm **slot, struct err *err)
{
	struct lua_vm *vm = slot != NULL ? *slot : NULL;

	if (vm == NULL)
		vm = create(slot);
	if (vm == NULL)
		return err_set(err, E_NOMEM, "no memory for a Lua state");
	vm->plugins++;
	p->vm = vm;
	p->L = vm->L;
	lua_vm_enter(p);
	return 0;
}

void lua_vm_leave(struct lua_plugin *p)
{
	lua_vm_enter(p); /* for finalizers */
	if (--p->vm->plugins == 0)
		destroy(p->vm);
}

void lua_vm_enter(struct lua_plugin *p)
{
	p->vm->now = p;
	p->vm->env = &p->plugin->env;
}

struct lua_plugin *lua_vm_plugin(const struct lua_vm *vm)
{
	const struct pdk_rq *rq = lua_pdk_request();
	const struct lua_thread *t = rq != NULL ? rq->runtime : NULL;

	return t != NULL ? t->plugin : vm->now;
}

void lua_vm_register(struct lua_vm *vm, lua_State *L, const struct luaL_Reg *functions)
{
	for (; functions->name != NULL; functions++) {
		lua_pushlightuserdata(L, vm);
		lua_pushcclosure(L, functions->func, 1);
		lua_setfield(L, -2, functions->name);
	}
}

void lua_vm_preload(struct lua_vm *vm, const char *name, lua_CFunction open)
{
	lua_State *L = vm->L;

	lua_getglobal(L, LUA_LOADLIBNAME);
	lua_getfield(L, -1, "preload");
	lua_pushlightuserdata(L, vm);
	lua_pushcclosure(L, open, 1);
	lua_setfield(L, -2, name);
	lua_pop(L, 2);
}
