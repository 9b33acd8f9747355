/* ngx_hash.c - digests, HMAC and CRC-32 by libcrypto and zlib. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/ngx/ngx_core.h"

static const EVP_MD *check_digest(lua_State *L, int arg)
{
	const char *name = luaL_checkstring(L, arg);
	const EVP_MD *md = EVP_get_digestbyname(name);

	if (md == NULL)
		luaL_error(L, "no digest '%s'", name);
	return md;
}

/* digest(name, text): the bytes. */
static int hash_digest(lua_State *L)
{
	const EVP_MD *md = check_digest(L, 1);
	unsigned char out[EVP_MAX_MD_SIZE];
	unsigned n;
	size_t len;
	const char *text = ngx_core_text(L, 2, &len);

	if (EVP_Digest(text, len, out, &n, md, NULL) != 1)
		return luaL_error(L, "the digest can't be computed");
	lua_pushlstring(L, (const char *)out, n);
	return 1;
}

/* hmac(name, key, text): the bytes. */
static int hash_hmac(lua_State *L)
{
	const EVP_MD *md = check_digest(L, 1);
	unsigned char out[EVP_MAX_MD_SIZE];
	unsigned n;
	size_t key_len, len;
	const char *key = luaL_checklstring(L, 2, &key_len);
	const char *text = luaL_checklstring(L, 3, &len);

	if (HMAC(md, key, (int)key_len, (const unsigned char *)text, len, out, &n) == NULL)
		return luaL_error(L, "the HMAC can't be computed");
	lua_pushlstring(L, (const char *)out, n);
	return 1;
}

/* hex(bytes), in lower case */
static int hash_hex(lua_State *L)
{
	static const char digits[] = "0123456789abcdef";
	size_t n;
	const char *bytes = luaL_checklstring(L, 1, &n);
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (size_t i = 0; i < n; i++) {
		luaL_addchar(&b, digits[(unsigned char)bytes[i] >> 4]);
		luaL_addchar(&b, digits[bytes[i] & 15]);
	}
	luaL_pushresult(&b);
	return 1;
}

static int hash_crc32(lua_State *L)
{
	size_t n;
	const char *text = ngx_core_text(L, 1, &n);

	lua_pushnumber(L, (lua_Number)crc32_z(0, (const Bytef *)text, n));
	return 1;
}

int ngx_hash_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"digest", hash_digest}, {"hmac", hash_hmac}, {"hex", hash_hex},
		{"crc32", hash_crc32},   {NULL, NULL},
	};

	lua_newtable(L);
	luaL_register(L, NULL, functions);
	return 1;
}
