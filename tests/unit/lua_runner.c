/* lua_runner.c - runs one Lua file with the Lua that outrigger is linked with. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

static int traceback(lua_State *L)
{
	lua_getglobal(L, "debug");
	lua_getfield(L, -1, "traceback");
	lua_pushvalue(L, 1);
	lua_pushinteger(L, 2);
	lua_call(L, 2, 1);
	return 1;
}

int main(int argc, char **argv)
{
	lua_State *L;
	int rc;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FILE.lua\n", argv[0]);
		return 2;
	}
	L = luaL_newstate();
	if (L == NULL)
		return 2;
	luaL_openlibs(L);
	lua_pushcfunction(L, traceback);
	rc = luaL_loadfile(L, argv[1]);
	if (rc == 0)
		rc = lua_pcall(L, 0, 0, 1);
	if (rc != 0)
		fprintf(stderr, "%s\n", lua_tostring(L, -1));
	lua_close(L);
	return rc != 0;
}
