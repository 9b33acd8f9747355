/* lua_noted.c - what an event has set of the response so far, as calls of the PDK.
 *
 * Few plugins read what they have set, so a call is kept here as it was, which costs a copy, and is made
 * sense of in Lua (outrigger.response) once somebody reads. */
#include <lauxlib.h>
#include <utlist.h>
#include "pdk-bridge/lua_pdk.h"
#include "protocol/err.h"

struct lua_note {
	struct lua_note *next;
	const struct pdk_fn *fn;
	struct value args; /* array */
};

int lua_noted_add(struct pdk_rq *rq, const struct pdk_fn *fn, const struct value *argv, size_t n)
{
	struct value args = {.type = VALUE_ARRAY,
			     .len = (uint32_t)n,
			     .items = (struct value *)argv}; /* only read */
	struct lua_note *note;

	if (rq->phase == PHASE_RESPONSE) /* it can be read there */
		return 0;
	note = arena_alloc(&rq->arena, sizeof(*note));
	if (note == NULL || value_copy(&rq->arena, &args, &note->args) != 0)
		return -E_NOMEM;
	note->fn = fn;
	LL_PREPEND(rq->notes, note);
	return 0;
}

static void push_note(lua_State *L, const struct lua_note *note)
{
	lua_createtable(L, (int)note->args.len + 1, 0);
	lua_pushstring(L, note->fn->name);
	lua_rawseti(L, -2, 1);
	for (uint32_t i = 0; i < note->args.len; i++) {
		lua_value_push(L, &note->args.items[i], LUA_NIL_ABSENT);
		lua_rawseti(L, -2, (int)i + 2);
	}
}

void lua_noted_push(lua_State *L, struct pdk_rq *rq)
{
	const struct lua_note *note;
	int n = 0;

	luaL_checkstack(L, 4, NULL);
	if (rq == NULL || rq->notes == NULL) {
		lua_pushnil(L);
		return;
	}
	LL_COUNT(rq->notes, note, n);
	lua_createtable(L, n, 0);
	for (note = rq->notes; note != NULL; note = note->next) {
		push_note(L, note);
		lua_rawseti(L, -2, n--);
	}
	rq->notes = NULL;
}
