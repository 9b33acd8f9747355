/* lua_log.c - kong.log.* as Lua calls it: any values, joined into one text, with the source line. */
#include <stdio.h>
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "protocol/err.h"

static const struct {
	const char *word;
	enum log_level level;
} levels[] = {
	{"emerg", LOG_LEVEL_EMERG},   {"alert", LOG_LEVEL_ALERT}, {"crit", LOG_LEVEL_CRIT},
	{"err", LOG_LEVEL_ERR},       {"warn", LOG_LEVEL_WARN},   {"deprecation", LOG_LEVEL_WARN},
	{"notice", LOG_LEVEL_NOTICE}, {"info", LOG_LEVEL_INFO},   {"debug", LOG_LEVEL_DEBUG},
};

enum log_level lua_log_level(const struct pdk_fn *fn)
{
	const char *dot = strrchr(fn->name, '.');
	size_t i;

	for (i = 0; dot && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(dot + 1, levels[i].word) == 0)
			return levels[i].level;
	return LOG_LEVEL_NOTICE;
}

static const struct pdk_fn *row_of(enum log_level level)
{
	char name[32];
	size_t i = 0;

	while (i + 1 < sizeof(levels) / sizeof(levels[0]) && levels[i].level != level)
		i++;
	snprintf(name, sizeof(name), "kong.log.%s", levels[i].word);
	return pdk_find(name, strlen(name));
}

/* "handler.lua:12 ", as the gateway writes it; nothing where it isn't known. */
static void add_source(lua_State *L, luaL_Buffer *b, int caller)
{
	lua_Debug ar;
	const char *slash;

	if (!lua_getstack(L, caller, &ar) || !lua_getinfo(L, "Sl", &ar) || ar.currentline < 0)
		return;
	slash = strrchr(ar.short_src, '/');
	luaL_addstring(b, slash ? slash + 1 : ar.short_src);
	lua_pushfstring(L, ":%d ", ar.currentline);
	luaL_addvalue(b);
}

/* Pushes the text of one line. */
static const char *push_text(lua_State *L, int caller, int first, size_t *ret_n)
{
	luaL_Buffer b;
	int i, top = lua_gettop(L);

	luaL_checkstack(L, LUA_MINSTACK, NULL);
	luaL_buffinit(L, &b);
	add_source(L, &b, caller);
	for (i = first; i <= top; i++) {
		lua_compat_tolstring(L, i, NULL);
		luaL_addvalue(&b);
	}
	luaL_pushresult(&b);
	return lua_tolstring(L, -1, ret_n);
}

static void send_text(lua_State *L, struct pdk_rq *rq, enum log_level level, struct value text)
{
	const struct pdk_fn *row = row_of(level);
	struct pdk_ret ret;
	struct err err = {0};
	int rc;

	if (row == NULL)
		return;
	lua_pdk_set_running(NULL);
	rc = pdk_call(rq, row->id, &text, 1, &ret, &err);
	lua_pdk_set_running(L);
	lua_compat_resumed(L);
	if (rc != 0)
		luaL_error(L, "%s", err_message(&err, rc));
}

void lua_log_write(lua_State *L, const struct pdk_env *env, enum log_level level, int caller,
		   int first)
{
	struct pdk_rq *rq = lua_pdk_request();
	const char *text;
	size_t n;

	if (level > env->log_level)
		return;
	text = push_text(L, caller, first, &n);
	if (rq && lua_compat_may_park(L))
		send_text(L, rq, level, value_strn(text, n));
	else if (env->port && env->port->log)
		env->port->log(rq, level, text, n);
	lua_pop(L, 1);
}
