#include "plugins/lua/ngx/ngx_certificate.h"
#include <lauxlib.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include "plugins/lua/ngx/ngx_core.h"
#include "plugins/lua/ngx/ngx_socket.h"

#define CHAIN "outrigger.x509_chain"
#define KEY "outrigger.evp_pkey"
#define TYPE_CDATA 10 /* LuaJIT's, beyond those of lua.h */

/* ---- userdata ---- */

static int chain_collect(lua_State *L)
{
	STACK_OF(X509) **chain = lua_touserdata(L, 1);

	sk_X509_pop_free(*chain, X509_free);
	*chain = NULL;
	return 0;
}

static int key_collect(lua_State *L)
{
	EVP_PKEY **key = lua_touserdata(L, 1);

	EVP_PKEY_free(*key);
	*key = NULL;
	return 0;
}

/* Pushes a userdata with an empty pointer. */
static void **push_pointer(lua_State *L, const char *metatable, lua_CFunction collect)
{
	void **pointer = lua_newuserdata(L, sizeof(*pointer));

	*pointer = NULL;
	if (luaL_newmetatable(L, metatable)) {
		lua_pushcfunction(L, collect);
		lua_setfield(L, -2, "__gc");
	}
	lua_setmetatable(L, -2);
	return pointer;
}

static int refuse(lua_State *L, const char *text)
{
	ERR_clear_error();
	return ngx_socket_refuse(L, text);
}

/* ---- PEM ---- */

static BIO *open_text(lua_State *L)
{
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);
	BIO *bio;

	if (n > INT_MAX)
		luaL_error(L, "no memory");
	ERR_clear_error();
	bio = BIO_new_mem_buf(text, (int)n);
	if (bio == NULL)
		luaL_error(L, "no memory");
	return bio;
}

static STACK_OF(X509) * read_chain(BIO *bio)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *one = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);

	while (chain != NULL && one != NULL && sk_X509_push(chain, one) > 0)
		one = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	return chain;
}

/* parse_pem_cert(text): a chain; nil and why. */
static int parse_pem_cert(lua_State *L)
{
	BIO *bio = open_text(L);
	STACK_OF(X509) **chain = (void *)push_pointer(L, CHAIN, chain_collect);

	*chain = read_chain(bio);
	BIO_free(bio);
	if (sk_X509_num(*chain) < 1)
		return refuse(L, "PEM_read_bio_X509_AUX() failed");
	ERR_clear_error();
	return 1;
}

/* parse_pem_priv_key(text): a key; nil and why. */
static int parse_pem_priv_key(lua_State *L)
{
	char no_password[] = ""; /* without one, OpenSSL would ask for it at the terminal */
	BIO *bio = open_text(L);
	EVP_PKEY **key = (void *)push_pointer(L, KEY, key_collect);

	*key = PEM_read_bio_PrivateKey(bio, NULL, NULL, no_password);
	BIO_free(bio);
	if (*key == NULL)
		return refuse(L, "PEM_read_bio_PrivateKey() failed");
	return 1;
}

/* ---- for handshakes ---- */

/* is_cert(value), is_key(value): whether setclientcert takes it. */
static bool is_pointer(lua_State *L, const char *metatable)
{
	return ngx_core_userdata(L, 1, metatable) != NULL || lua_type(L, 1) == TYPE_CDATA;
}

static int is_cert(lua_State *L)
{
	lua_pushboolean(L, is_pointer(L, CHAIN));
	return 1;
}

static int is_key(lua_State *L)
{
	lua_pushboolean(L, is_pointer(L, KEY));
	return 1;
}

/* What the socket's table has at `index`, either way. */
static void *read_pointer(lua_State *L, int index)
{
	const void *at;

	lua_rawgeti(L, 1, index);
	at = lua_type(L, -1) == TYPE_CDATA ? lua_topointer(L, -1) : lua_touserdata(L, -1);
	lua_pop(L, 1);
	return at != NULL ? *(void *const *)at : NULL;
}

void ngx_certificate_read(lua_State *L, struct cosocket_tls *tls)
{
	tls->chain = read_pointer(L, NGX_SOCKET_CERT);
	tls->key = read_pointer(L, NGX_SOCKET_PKEY);
}

int ngx_certificate_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"parse_pem_cert", parse_pem_cert},
		{"parse_pem_priv_key", parse_pem_priv_key},
		{"is_cert", is_cert},
		{"is_key", is_key},
	};

	lua_createtable(L, 0, 4);
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		lua_pushcfunction(L, functions[i].func);
		lua_setfield(L, -2, functions[i].name);
	}
	return 1;
}
