#include "plugins/lua/ngx/ngx_core.h"
#include <stdbool.h>
#include "pdk-bridge/lua_compat.h"

static const luaL_Reg modules[] = {
	{"outrigger.c.base64", ngx_base64_open}, {"outrigger.c.gzip", ngx_gzip_open},
	{"outrigger.c.hash", ngx_hash_open},     {"outrigger.c.re", ngx_re_open},
	{"outrigger.c.time", ngx_time_open},     {"outrigger.c.uri", ngx_uri_open},
	{"outrigger.c.socket", ngx_socket_open}, {"outrigger.c.certificate", ngx_certificate_open},
};

void ngx_core_open(lua_State *L)
{
	lua_getglobal(L, LUA_LOADLIBNAME);
	lua_getfield(L, -1, "preload");
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		lua_pushcfunction(L, modules[i].func);
		lua_setfield(L, -2, modules[i].name);
	}
	lua_pop(L, 2);
}

const char *ngx_core_text(lua_State *L, int arg, size_t *ret_len)
{
	if (lua_type(L, arg) != LUA_TSTRING) {
		if (lua_toboolean(L, arg))
			lua_compat_tolstring(L, arg, NULL);
		else
			lua_pushliteral(L, "");
		lua_replace(L, arg);
	}
	return lua_tolstring(L, arg, ret_len);
}

void *ngx_core_userdata(lua_State *L, int idx, const char *metatable)
{
	void *userdata = lua_touserdata(L, idx);
	bool is_one;

	if (userdata == NULL || !lua_getmetatable(L, idx))
		return NULL;
	luaL_getmetatable(L, metatable);
	is_one = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return is_one ? userdata : NULL;
}
