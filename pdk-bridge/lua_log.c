/* lua_log.c - kong.log.* as Lua calls it: any values, with the source line. */
#include <stdio.h>
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "pdk-bridge/pdk_counters.h"
#include "protocol/err.h"

/* The row by which lines of a level are sent. */
static enum pdk_id row_of(enum log_level level)
{
	static const enum pdk_id ids[] = {
		[LOG_LEVEL_EMERG] = PDK_ID_log_emerg, [LOG_LEVEL_ALERT] = PDK_ID_log_alert,
		[LOG_LEVEL_CRIT] = PDK_ID_log_crit,   [LOG_LEVEL_ERR] = PDK_ID_log_err,
		[LOG_LEVEL_WARN] = PDK_ID_log_warn,   [LOG_LEVEL_NOTICE] = PDK_ID_log_notice,
		[LOG_LEVEL_INFO] = PDK_ID_log_info,   [LOG_LEVEL_DEBUG] = PDK_ID_log_debug,
	};

	return ids[level];
}

/* ---- within an event ---- */

/* "handler.lua:12", as the gateway writes it; empty where it isn't known. */
static void find_source(lua_State *L, char *buf, size_t size)
{
	lua_Debug ar;
	const char *slash;

	*buf = '\0';
	if (!lua_compat_caller(L, &ar))
		return;
	slash = strrchr(ar.short_src, '/');
	snprintf(buf, size, "%s:%d", slash ? slash + 1 : ar.short_src, ar.currentline);
}

/* Texts, numbers and booleans stay; of anything else its text is left on the stack. */
static void read_texts(lua_State *L, struct value *argv, int first, int top)
{
	const char *text;
	size_t n;
	int i;

	for (i = first; i <= top; i++) {
		if (lua_type(L, i) == LUA_TNUMBER) {
			argv[i - first] = value_number(lua_tonumber(L, i));
			continue;
		}
		if (lua_type(L, i) == LUA_TBOOLEAN) {
			argv[i - first] = value_bool(lua_toboolean(L, i) != 0);
			continue;
		}
		if (lua_type(L, i) == LUA_TSTRING)
			text = lua_tolstring(L, i, &n);
		else
			text = lua_compat_tolstring(L, i, &n);
		argv[i - first] = value_strn(text, n);
	}
}

static void send_line(lua_State *L, enum pdk_id row, int first, const char *source)
{
	struct pdk_rq *rq = lua_pdk_request();
	int top = lua_gettop(L), count = top - first + 1;
	struct value *argv = lua_newuserdata(L, sizeof(*argv) * (size_t)(count + 1));
	struct pdk_ret ret = {0};
	struct err err;
	int rc;

	err_clear(&err);
	luaL_checkstack(L, count, "too many values to log");
	read_texts(L, argv, first, top);
	if (*source) /* in the arena: the event may end while it waits, and more be logged for it */
		rq->log_source = arena_strndup(&rq->arena, source, strlen(source));
	lua_pdk_set_running(NULL);
	rc = pdk_call(rq, row, argv, (size_t)count, &ret, &err);
	lua_pdk_set_running(L);
	rq->log_source = NULL;
	lua_compat_resumed(L);
	lua_settop(L, top);
	if (rc != 0)
		lua_compat_raise(L, err_message(&err, rc));
}

/* ---- outside of events ---- */

static const char *push_line(lua_State *L, int first, const char *source, size_t *ret_n)
{
	luaL_Buffer b;
	int i, top = lua_gettop(L);

	luaL_checkstack(L, LUA_MINSTACK, NULL);
	luaL_buffinit(L, &b);
	luaL_addstring(&b, source);
	luaL_addlstring(&b, " ", *source ? 1 : 0);
	for (i = first; i <= top; i++) {
		lua_compat_tolstring(L, i, NULL);
		luaL_addvalue(&b);
	}
	luaL_pushresult(&b);
	return lua_tolstring(L, -1, ret_n);
}

void lua_log_write(lua_State *L, const struct pdk_env *env, enum log_level level, int first)
{
	char source[LUA_IDSIZE + 16];
	const char *text;
	size_t n;

	if (level > env->log_level) {
		pdk_count(env->counters, row_of(level), PDK_COUNT_FILTERED);
		return;
	}
	find_source(L, source, sizeof(source));
	if (lua_pdk_request() && lua_compat_may_park(L)) {
		send_line(L, row_of(level), first, source);
	} else if (env->port && env->port->log) {
		text = push_line(L, first, source, &n);
		env->port->log(lua_pdk_request(), level, text, n);
		lua_pop(L, 1);
	}
}
