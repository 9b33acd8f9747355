/* ngx_uri.c - percent-encoding as nginx has it. Arguments are built of it in lualib/outrigger/ngx/uri.lua. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/ngx/ngx_core.h"

/* What is escaped, by nginx's number of the kind; 2 is the default. */
static const struct {
	const char *printable; /* of these */
	bool others;           /* DEL and all bytes above it */
} kinds[] = {
	{" #%?", true},   {" #%?+", true}, {" \"#$%&+,/:;<=>?@[\\]^`{|}", true},
	{" \"#%'", true}, {" \"'", true},  {" %", false},
	{" %", false},
};

static bool is_escaped(unsigned char c, int kind)
{
	if (c < ' ')
		return true;
	if (c >= 127)
		return kinds[kind].others;
	return strchr(kinds[kind].printable, c) != NULL;
}

/* escape(text, kind) */
static int uri_escape(lua_State *L)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n;
	const char *text = ngx_core_text(L, 1, &n);
	int kind = (int)luaL_optinteger(L, 2, 2);
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (!is_escaped(c, kind)) {
			luaL_addchar(&b, text[i]);
			continue;
		}
		luaL_addchar(&b, '%');
		luaL_addchar(&b, digits[c >> 4]);
		luaL_addchar(&b, digits[c & 15]);
	}
	luaL_pushresult(&b);
	return 1;
}

static unsigned hex_value(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 32) - 'a' + 10);
}

/* unescape(text): a '%' that two hex digits don't follow stays, and '+' is a space. */
static int uri_unescape(lua_State *L)
{
	size_t n;
	const char *text = ngx_core_text(L, 1, &n);
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '%' && n - i > 2 && isxdigit((unsigned char)text[i + 1]) &&
		    isxdigit((unsigned char)text[i + 2])) {
			luaL_addchar(&b,
				     (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2])));
			i += 2;
		} else {
			luaL_addchar(&b, text[i] == '+' ? ' ' : text[i]);
		}
	}
	luaL_pushresult(&b);
	return 1;
}

int ngx_uri_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"escape", uri_escape},
		{"unescape", uri_unescape},
		{NULL, NULL},
	};

	lua_newtable(L);
	luaL_register(L, NULL, functions);
	return 1;
}
