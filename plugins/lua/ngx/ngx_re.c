/* ngx_re.c - PCRE2 for ngx.re: compile, find, match. What is built of these is in lualib/outrigger/ngx/re.lua.
 *
 * Positions are offsets from 0 here. Nothing is kept between two calls but the compiled expression, so one
 * expression may be in use by many events. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/ngx/ngx_core.h"

#define REGEX "outrigger.regex"
#define DFA_WORKSPACE 1000
#define JIT_STACK_START ((size_t)32 << 10)
#define JIT_STACK_MAX ((size_t)1 << 20)

struct regex {
	pcre2_code *code;
	pcre2_match_data *found;
	uint32_t captures; /* that are given, without the whole match */
	uint32_t names, name_size;
	/* in `code`: entries of name_size, the number in two bytes, then the name */
	PCRE2_SPTR name_table;
	uint32_t exec_options;
	bool is_dfa, has_duplicates;
};

/* Of the process, made at the first use and kept. */
static pcre2_match_context *context;

static pcre2_match_context *get_context(void)
{
	pcre2_jit_stack *stack;

	if (context != NULL)
		return context;
	context = pcre2_match_context_create(NULL);
	stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
	if (context != NULL && stack != NULL)
		pcre2_jit_stack_assign(context, NULL, stack);
	return context;
}

/* ---- compile ---- */

static uint32_t option_of(char letter)
{
	switch (letter) {
	case 'i':
		return PCRE2_CASELESS;
	case 's':
		return PCRE2_DOTALL;
	case 'm':
		return PCRE2_MULTILINE;
	case 'u':
	case 'U':
		return PCRE2_UTF;
	case 'x':
		return PCRE2_EXTENDED;
	case 'a':
		return PCRE2_ANCHORED;
	case 'D':
		return PCRE2_DUPNAMES;
	case 'J':
		return PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF;
	default: /* 'o' and 'j' are done anyhow */
		return 0;
	}
}

/* The letters of lua-nginx-module as PCRE2's options. Raises for a letter that isn't one. */
static uint32_t read_options(lua_State *L, const char *letters, struct regex *re)
{
	uint32_t options = 0;
	const char *at;

	for (at = letters; *at != '\0'; at++) {
		if (strchr("ojismuUxdaDJ", *at) == NULL)
			luaL_error(L, "unknown flag \"%c\" (flags \"%s\")", *at, letters);
		options |= option_of(*at);
		re->is_dfa |= *at == 'd';
		re->has_duplicates |= *at == 'D';
		re->exec_options |= *at == 'U' ? PCRE2_NO_UTF_CHECK : 0;
	}
	return options;
}

static int push_compile_error(lua_State *L, const char *pattern, int code, size_t offset)
{
	char text[256] = "unknown error";

	pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text));
	lua_pushnil(L);
	if (offset < strlen(pattern))
		lua_pushfstring(L, "pcre2_compile() failed: %s in \"%s\" at \"%s\"", text, pattern,
				pattern + offset);
	else
		lua_pushfstring(L, "pcre2_compile() failed: %s in \"%s\"", text, pattern);
	return 2;
}

static int collect_regex(lua_State *L)
{
	struct regex *re = luaL_checkudata(L, 1, REGEX);

	pcre2_match_data_free(re->found);
	pcre2_code_free(re->code);
	re->found = NULL;
	re->code = NULL;
	return 0;
}

/* compile(pattern, letters): an expression, or nil and an error. */
static int re_compile(lua_State *L)
{
	size_t n, offset;
	const char *pattern = luaL_checklstring(L, 1, &n);
	const char *letters = luaL_optstring(L, 2, "");
	struct regex *re = lua_newuserdata(L, sizeof(*re));
	uint32_t options;
	int code;

	memset(re, 0, sizeof(*re));
	luaL_getmetatable(L, REGEX);
	lua_setmetatable(L, -2);
	options = read_options(L, letters, re);
	re->code = pcre2_compile((PCRE2_SPTR)pattern, n, options, &code, &offset, NULL);
	if (re->code == NULL)
		return push_compile_error(L, pattern, code, offset);
	if (!re->is_dfa)
		pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE); /* slower if it can't */
	re->found = pcre2_match_data_create_from_pattern(re->code, NULL);
	if (re->found == NULL || get_context() == NULL)
		return luaL_error(L, "out of memory");
	if (!re->is_dfa)
		pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &re->captures);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &re->names);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &re->name_size);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &re->name_table);
	return 1;
}

/* ---- use ---- */

struct subject {
	const char *text;
	size_t len;
	size_t from;
};

static struct subject read_subject(lua_State *L)
{
	struct subject s;
	lua_Number from = luaL_optnumber(L, 3, 0);

	s.text = luaL_checklstring(L, 2, &s.len);
	s.from = from > 0 ? (size_t)from : 0;
	return s;
}

/* The number of captures that are set, or PCRE2's negative code. */
static int execute(struct regex *re, const struct subject *s)
{
	int workspace[DFA_WORKSPACE];
	int rc;

	if (!re->is_dfa)
		return pcre2_match(re->code, (PCRE2_SPTR)s->text, s->len, s->from, re->exec_options,
				   re->found, context);
	rc = pcre2_dfa_match(re->code, (PCRE2_SPTR)s->text, s->len, s->from, re->exec_options,
			     re->found, context, workspace, DFA_WORKSPACE);
	return rc >= 0 ? 1 : rc; /* it has the whole match alone */
}

/* Pushes nothing more than nil for what doesn't match. */
static int push_no_match(lua_State *L, int rc)
{
	lua_pushnil(L);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 1;
	lua_pushfstring(L, "pcre_exec() failed: %d", rc);
	return 2;
}

/* find(regex, subject, offset, nth): the end of the whole match, and where the nth capture begins and ends
 * (nil if it is not part of the match, false if there is no such one); nil[, error]. */
static int re_find(lua_State *L)
{
	struct regex *re = luaL_checkudata(L, 1, REGEX);
	struct subject s = read_subject(L);
	lua_Integer nth = luaL_optinteger(L, 4, 0);
	int rc = execute(re, &s);
	const PCRE2_SIZE *found = pcre2_get_ovector_pointer(re->found);

	if (rc < 0)
		return push_no_match(L, rc);
	if (nth < 0)
		nth = 0;
	lua_pushinteger(L, (lua_Integer)found[1]);
	if (nth > (lua_Integer)re->captures) {
		lua_pushboolean(L, false);
		return 2;
	}
	if (nth >= rc || found[nth * 2] == PCRE2_UNSET)
		return 1;
	lua_pushinteger(L, (lua_Integer)found[nth * 2]);
	lua_pushinteger(L, (lua_Integer)found[nth * 2 + 1]);
	return 3;
}

static void push_capture(lua_State *L, const struct regex *re, const struct subject *s, uint32_t i,
			 int rc)
{
	const PCRE2_SIZE *found = pcre2_get_ovector_pointer(re->found);

	/* \K in a lookahead can set the start behind the end */
	if ((int)i < rc && found[(size_t)i * 2] != PCRE2_UNSET &&
	    found[(size_t)i * 2] <= found[(size_t)i * 2 + 1])
		lua_pushlstring(L, s->text + found[(size_t)i * 2],
				found[(size_t)i * 2 + 1] - found[(size_t)i * 2]);
	else
		lua_pushboolean(L, false);
}

/* With duplicate names each has a list of the captures that matched. The capture is on top, popped. */
static void add_to_list(lua_State *L, int table, const char *name)
{
	if (!lua_toboolean(L, -1)) {
		lua_pop(L, 1);
		return;
	}
	lua_getfield(L, table, name);
	if (!lua_istable(L, -1)) {
		lua_pop(L, 1);
		lua_newtable(L);
		lua_pushvalue(L, -1);
		lua_setfield(L, table, name);
	}
	lua_insert(L, -2);
	lua_rawseti(L, -2, (int)lua_objlen(L, -2) + 1);
	lua_pop(L, 1);
}

static void set_names(lua_State *L, const struct regex *re, int table)
{
	for (uint32_t i = 0; i < re->names; i++) {
		PCRE2_SPTR entry = re->name_table + (size_t)i * re->name_size;
		const char *name = (const char *)entry + 2;

		lua_rawgeti(L, table, entry[0] << 8 | entry[1]);
		if (re->has_duplicates)
			add_to_list(L, table, name);
		else
			lua_setfield(L, table, name);
	}
}

/* match(regex, subject, offset, table or nil): the captures, and where the whole match begins and ends;
 * nil[, error]. */
static int re_match(lua_State *L)
{
	struct regex *re = luaL_checkudata(L, 1, REGEX);
	struct subject s = read_subject(L);
	int rc = execute(re, &s);
	const PCRE2_SIZE *found = pcre2_get_ovector_pointer(re->found);
	size_t from, to;

	if (rc < 0)
		return push_no_match(L, rc);
	from = found[0];
	to = found[1];
	lua_settop(L, 4);
	if (!lua_istable(L, 4)) {
		lua_createtable(L, (int)re->captures, (int)re->names + 1);
		lua_replace(L, 4);
	}
	for (uint32_t i = 0; i <= re->captures; i++) {
		push_capture(L, re, &s, i, rc);
		lua_rawseti(L, 4, (int)i);
	}
	set_names(L, re, 4);
	lua_pushinteger(L, (lua_Integer)from);
	lua_pushinteger(L, (lua_Integer)to);
	return 3;
}

int ngx_re_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"compile", re_compile},
		{"find", re_find},
		{"match", re_match},
		{NULL, NULL},
	};

	luaL_newmetatable(L, REGEX);
	lua_pushcfunction(L, collect_regex);
	lua_setfield(L, -2, "__gc");
	lua_pop(L, 1);
	lua_newtable(L);
	luaL_register(L, NULL, functions);
	return 1;
}
