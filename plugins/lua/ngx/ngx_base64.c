/* ngx_base64.c - base64 as nginx has it: no white space, bytes after the first '=' are not looked at. */
#include <stdbool.h>
#include <stdint.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/ngx/ngx_core.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static const char plain[] = LETTERS "+/";
static const char url[] = LETTERS "-_";

static void add_group(luaL_Buffer *b, const unsigned char *in, size_t n, const char *alphabet)
{
	uint32_t bits = (uint32_t)in[0] << 16;

	if (n > 1)
		bits |= (uint32_t)in[1] << 8;
	if (n > 2)
		bits |= in[2];
	for (size_t i = 0; i <= n && i < 4; i++)
		luaL_addchar(b, alphabet[bits >> (18 - 6 * i) & 63]);
}

static int encode(lua_State *L, const char *alphabet, bool pad)
{
	size_t n, i;
	const unsigned char *in = (const unsigned char *)lua_tolstring(L, 1, &n);
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (i = 0; i < n; i += 3)
		add_group(&b, in + i, n - i < 3 ? n - i : 3, alphabet);
	for (; pad && i > n; i--)
		luaL_addchar(&b, '=');
	luaL_pushresult(&b);
	return 1;
}

/* encode(text, no_padding) */
static int base64_encode(lua_State *L)
{
	ngx_core_text(L, 1, NULL);
	if (lua_toboolean(L, 2) && !lua_isboolean(L, 2))
		return luaL_error(L, "bad no_padding: boolean expected, got %s",
				  luaL_typename(L, 2));
	return encode(L, plain, !lua_toboolean(L, 2));
}

static int base64_encode_url(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TSTRING);
	return encode(L, url, false);
}

/* The value of a digit, or -1. */
static int value_of(unsigned char c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (unsigned char)alphabet[62])
		return 62;
	return c == (unsigned char)alphabet[63] ? 63 : -1;
}

/* How many digits come before the first '='; -1 if something else is there, or it is no whole group. */
static int64_t count_digits(const unsigned char *in, size_t n, const char *alphabet)
{
	size_t i;

	for (i = 0; i < n && in[i] != '='; i++)
		if (value_of(in[i], alphabet) < 0)
			return -1;
	return i % 4 == 1 ? -1 : (int64_t)i;
}

/* decode(text): nil for what is no base64. */
static int decode(lua_State *L, const char *alphabet)
{
	size_t n;
	const unsigned char *in = (const unsigned char *)lua_tolstring(L, 1, &n);
	int64_t digits = count_digits(in, n, alphabet);
	uint32_t bits = 0;
	unsigned have = 0;
	luaL_Buffer b;

	if (digits < 0) {
		lua_pushnil(L);
		return 1;
	}
	luaL_buffinit(L, &b);
	for (int64_t i = 0; i < digits; i++) {
		bits = bits << 6 | (uint32_t)value_of(in[i], alphabet);
		have += 6;
		if (have >= 8) {
			have -= 8;
			luaL_addchar(&b, (char)(bits >> have & 255));
		}
	}
	luaL_pushresult(&b);
	return 1;
}

static int base64_decode(lua_State *L)
{
	if (lua_type(L, 1) != LUA_TSTRING)
		return luaL_error(L, "string argument only");
	return decode(L, plain);
}

static int base64_decode_url(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TSTRING);
	return decode(L, url);
}

int ngx_base64_open(lua_State *L)
{
	lua_createtable(L, 0, 4);
	lua_pushcfunction(L, base64_encode);
	lua_setfield(L, -2, "encode");
	lua_pushcfunction(L, base64_decode);
	lua_setfield(L, -2, "decode");
	lua_pushcfunction(L, base64_encode_url);
	lua_setfield(L, -2, "encode_url");
	lua_pushcfunction(L, base64_decode_url);
	lua_setfield(L, -2, "decode_url");
	return 1;
}
