/* pdk_lua.h - values seen as the gateway's Lua sees them: names of types, texts of numbers, lists. */
#ifndef PDK_BRIDGE_PDK_LUA_H
#define PDK_BRIDGE_PDK_LUA_H
#include "protocol/value.h"

struct arena;

/* "nil", "boolean", "number", "string" or "table". */
const char *pdk_type_name(const struct value *v);
/* The text of nil, a boolean or a number, as tostring() has it; "table" for a table; a text is written up
 * to the size. Always ends with NUL. Returns buf. */
const char *pdk_to_text(const struct value *v, char *buf, size_t size);
/* Joins n values as `..` would, into the arena. 0 or -E_NOMEM. */
int pdk_join(struct arena *arena, const struct value *v, size_t n, struct value *ret);
/* t[i] for i = 1, 2, ... (also of a map with such keys), or NULL where it is nil. */
const struct value *pdk_list_item(const struct value *t, size_t i);
/* t[key], or NULL where t is no map or the entry is nil. */
const struct value *pdk_field(const struct value *t, const char *key);
/* The same for any key that is no text with a NUL behind it. */
const struct value *pdk_field_at(const struct value *t, const struct value *key);
/* Whether v is a text that equals s but for the case of ASCII letters. */
bool pdk_text_is_nocase(const struct value *v, const char *s);
/* The text in lower case, in the arena; NULL on lack of memory. */
char *pdk_lower(struct arena *arena, const struct value *text);
/* nil and false. */
static inline bool pdk_is_falsy(const struct value *v)
{
	return v->type == VALUE_NIL || (v->type == VALUE_BOOL && !v->b);
}

#endif
