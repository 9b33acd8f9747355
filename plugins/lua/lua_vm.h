/* lua_vm.h - Lua states: each of one plugin, or of some that share it. */
#ifndef PLUGINS_LUA_LUA_VM_H
#define PLUGINS_LUA_LUA_VM_H
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

struct err;
struct luaL_Reg;
struct lua_plugin;
struct pdk_env;

/* A Lua state with our environment in it: of one plugin, or of some that share it. What belongs to a plugin is found by
 * lua_vm_plugin, never kept in the state. */
struct lua_vm {
	lua_State *L; /* the main thread */
	bool is_open; /* the environment is there */
	size_t plugins;
	struct lua_plugin *now;    /* whose code runs, where it has no request */
	const struct pdk_env *env; /* its plugin's */
	struct lua_vm **slot;      /* where others find it; NULL = it is not shared */
};

/* Gives p a state, that of the slot if there is one in it. -E_NOMEM. */
int lua_vm_join(struct lua_plugin *p, struct lua_vm **slot, struct err *err);
/* Closes the state with its last plugin. */
void lua_vm_leave(struct lua_plugin *p);
/* From now on p's code runs, if it has no request. */
void lua_vm_enter(struct lua_plugin *p);
/* The plugin whose code runs. */
struct lua_plugin *lua_vm_plugin(const struct lua_vm *vm);
/* Adds functions (luaL_Reg, to a NULL) to the table on top of L; each has the state as its upvalue. */
void lua_vm_register(struct lua_vm *vm, lua_State *L, const struct luaL_Reg *functions);
/* Makes a module known to require(); `open`, which makes its table, has the state as its upvalue. */
void lua_vm_preload(struct lua_vm *vm, const char *name, lua_CFunction open);

#endif
