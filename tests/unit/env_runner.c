/* env_runner.c - runs one Lua file as a plugin's handler, in the environment that plugins have.
 *
 * usage: env_runner FILE.lua PATH, where PATH is put before the plugin's Lua path. The file returns the handler;
 * its field EVENTS lists the phases that are run, one after the other (default: access). Three globals script the gateway:
 *   answer(method, value)  what a PDK call is answered from now on (else with nil)
 *   asked()                the calls since the last asked(), a list of "method argument argument"
 *   logged()               what was written to Outrigger's log since the last logged() */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "plugins/lua/lua_impl.h"
#include "protocol/arena.h"
#include "tests/lib/lua_host.h"

#define ANSWERS_MAX 64
#define ASKED_SIZE ((size_t)1 << 20)

static struct {
	char method[64];
	struct value value;
} answers[ANSWERS_MAX];
static size_t answer_count;
static char asked[ASKED_SIZE];
static struct arena arena;
static struct lua_host host;

static _Noreturn void fail(const char *text)
{
	fprintf(stderr, "%s\n", text);
	exit(1);
}

/* ---- the gateway ---- */

static void note(const char *text, size_t n)
{
	size_t used = strlen(asked);

	snprintf(asked + used, ASKED_SIZE - used, "%.*s", (int)n, text);
}

static void note_value(lua_State *L, const struct value *v)
{
	size_t n;
	const char *text;

	if (value_is_table(v)) {
		note("{}", 2);
		return;
	}
	lua_value_push(L, v, LUA_NIL_ABSENT);
	text = lua_compat_tolstring(L, -1, &n);
	note(text, n);
	lua_pop(L, 2);
}

static struct value gateway(struct lua_event *ev, const char *method, const struct value *argv,
			    size_t argc)
{
	struct lua_plugin *p = ev->host->plugin->impl;

	note(method, strlen(method));
	for (size_t i = 0; i < argc; i++) {
		note(" ", 1);
		note_value(p->L, &argv[i]);
	}
	note("\n", 1);
	for (size_t i = 0; i < answer_count; i++)
		if (strcmp(answers[i].method, method) == 0)
			return answers[i].value;
	return value_nil();
}

static int lua_answer(lua_State *L)
{
	const char *method = luaL_checkstring(L, 1);
	struct value value;
	size_t i;

	if (lua_value_read(L, 2, &arena, &value, NULL) != 0)
		return luaL_error(L, "this can't be an answer");
	for (i = 0; i < answer_count && strcmp(answers[i].method, method) != 0; i++)
		;
	if (i == ANSWERS_MAX || value_copy(&arena, &value, &answers[i].value) != 0)
		return luaL_error(L, "too many answers");
	snprintf(answers[i].method, sizeof(answers[i].method), "%s", method);
	answer_count = i == answer_count ? i + 1 : answer_count;
	return 0;
}

static int push_lines(lua_State *L, char *text)
{
	char *line, *rest = text;
	int n = 0;

	lua_newtable(L);
	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		lua_pushstring(L, line);
		lua_rawseti(L, -2, ++n);
	}
	text[0] = '\0';
	return 1;
}

static int lua_asked(lua_State *L)
{
	return push_lines(L, asked);
}

static int lua_logged(lua_State *L)
{
	return push_lines(L, host.log);
}

static void add_globals(lua_State *L)
{
	lua_register(L, "answer", lua_answer);
	lua_register(L, "asked", lua_asked);
	lua_register(L, "logged", lua_logged);
}

/* ---- the file ---- */

static void load_plugin(const char *file, const char *path)
{
	struct err err = {""};
	char text[4096];

	lua_host_init(&host);
	host.answer = gateway;
	host.paths.lua_package_path = path;
	snprintf(text, sizeof(text), "TEST = assert(loadfile(%c%s%c))() return TEST\n", '"', file,
		 '"');
	lua_host_write(&host, "p/handler.lua", text);
	lua_host_write(&host, "p/schema.lua",
		       "return { name = \"p\", fields = { { config = { type = \"record\", "
		       "fields = {} } } } }\n");
	if (lua_host_load_as(&host, "p", NULL, NULL, &err) != 0)
		fail(err.text);
}

static void run_event(const char *name)
{
	int phase = phase_find(name, strlen(name));
	struct lua_event ev;

	if (phase < 0)
		fail("EVENTS has no phase");
	if (lua_event_run(&ev, &host, (enum phase)phase) == 0)
		return;
	fail(ev.err.text);
}

static void run_events(lua_State *L)
{
	lua_getglobal(L, "TEST");
	lua_getfield(L, -1, "EVENTS");
	if (!lua_istable(L, -1)) {
		run_event("access");
		return;
	}
	for (int i = 1; i <= (int)lua_objlen(L, -1); i++) {
		lua_rawgeti(L, -1, i);
		run_event(lua_tostring(L, -1));
		lua_pop(L, 1);
	}
}

int main(int argc, char **argv)
{
	struct lua_plugin *p;

	if (argc != 3)
		fail("usage: env_runner FILE.lua PATH");
	arena_init(&arena, (size_t)1 << 24);
	load_plugin(argv[1], argv[2]);
	p = host.plugin->impl;
	add_globals(p->L);
	run_events(p->L);
	lua_settop(p->L, 0);
	lua_host_close(&host);
	arena_fini(&arena);
	return 0;
}
