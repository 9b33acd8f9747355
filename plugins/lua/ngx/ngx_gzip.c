/* ngx_gzip.c - gzip by zlib. */
#include <stdbool.h>
#include <string.h>
#include <zlib.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/ngx/ngx_core.h"
#include "protocol/limits.h"

#define WINDOW_GZIP (15 + 16) /* zlib's way to ask for gzip's header */

typedef int (*gzip_step)(z_stream *z, int flush);

static int push_error(lua_State *L, const z_stream *z, const char *otherwise)
{
	lua_pushnil(L);
	lua_pushstring(L, z->msg != NULL ? z->msg : otherwise);
	return 2;
}

/* All of the input through `step` into a text, which is pushed; nil and an error. */
static int run(lua_State *L, z_stream *z, gzip_step step)
{
	char out[16384];
	size_t total = 0;
	luaL_Buffer b;
	int rc;

	luaL_buffinit(L, &b);
	do {
		z->next_out = (Bytef *)out;
		z->avail_out = sizeof(out);
		rc = step(z, Z_FINISH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return push_error(L, z, "bad gzip data");
		if (rc == Z_BUF_ERROR && z->avail_out == sizeof(out))
			return push_error(L, z, "gzip data ends too early");
		total += sizeof(out) - z->avail_out;
		if (total > LIMIT_EVENT_MEMORY)
			return push_error(L, z, "gzip data is too large");
		luaL_addlstring(&b, out, sizeof(out) - z->avail_out);
	} while (rc != Z_STREAM_END);
	luaL_pushresult(&b);
	return 1;
}

static void read_input(lua_State *L, z_stream *z)
{
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);

	luaL_argcheck(L, n <= LIMIT_EVENT_MEMORY, 1, "too large");
	memset(z, 0, sizeof(*z));
	z->next_in = (Bytef *)text; /* only read */
	z->avail_in = (uInt)n;
}

/* inflate(text): nil and an error */
static int gzip_inflate(lua_State *L)
{
	z_stream z;
	int results;

	read_input(L, &z);
	if (inflateInit2(&z, WINDOW_GZIP) != Z_OK)
		return luaL_error(L, "out of memory");
	results = run(L, &z, inflate);
	inflateEnd(&z);
	return results;
}

/* deflate(text) */
static int gzip_deflate(lua_State *L)
{
	z_stream z;
	int results;

	read_input(L, &z);
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_GZIP, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return luaL_error(L, "out of memory");
	results = run(L, &z, deflate);
	deflateEnd(&z);
	return results;
}

int ngx_gzip_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"inflate", gzip_inflate},
		{"deflate", gzip_deflate},
		{NULL, NULL},
	};

	lua_newtable(L);
	luaL_register(L, NULL, functions);
	return 1;
}
