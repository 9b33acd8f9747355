/* lua_pem.c - see lua_pem.h.
 *
 * What is read, in which order it is tried, and how an error of OpenSSL becomes a text is as in the library
 * that the gateway's schemas use, so that the texts are the same. */
#include "plugins/lua/lua_pem.h"
#include <lauxlib.h>
#include <lualib.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

/* ---- errors ---- */

/* Pushes "CONTEXTerror:CODE:library:function:reason:file:line:" of the last error. */
static int push_error(lua_State *L, const char *context)
{
	const char *file, *function, *slash, *library, *reason;
	unsigned long code;
	int line;

	code = ERR_peek_last_error_all(&file, &line, &function, NULL, NULL);
	if (code == 0) {
		lua_pushfstring(L, "%sfailed", context);
		return 1;
	}
	slash = strchr(file, '/');
	library = ERR_lib_error_string(code);
	reason = ERR_reason_error_string(code);
	lua_getglobal(L, "string");
	lua_getfield(L, -1, "format");
	lua_pushliteral(L, "%serror:%X:%s:%s:%s:%s:%d:");
	lua_pushstring(L, context);
	lua_pushnumber(L, (lua_Number)code);
	lua_pushstring(L, library != NULL ? library : "unknown library");
	lua_pushstring(L, function);
	lua_pushstring(L, reason != NULL ? reason : "");
	lua_pushstring(L, slash != NULL ? slash + 1 : file);
	lua_pushinteger(L, line);
	ERR_clear_error();
	lua_call(L, 8, 1);
	return 1;
}

static BIO *open_text(lua_State *L, int arg)
{
	size_t n;
	const char *text = luaL_checklstring(L, arg, &n);

	ERR_clear_error();
	return BIO_new_mem_buf(text, (int)n);
}

/* ---- certificates ---- */

static X509 *read_certificate(BIO *bio)
{
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	if (certificate != NULL || BIO_reset(bio) != 1)
		return certificate;
	return d2i_X509_bio(bio, NULL);
}

/* certificate_error(text): nil, or why it is no certificate. */
static int certificate_error(lua_State *L)
{
	BIO *bio = open_text(L, 1);
	X509 *certificate = bio != NULL ? read_certificate(bio) : NULL;

	BIO_free(bio);
	if (certificate == NULL)
		return push_error(L, "x509.new: ");
	X509_free(certificate);
	ERR_clear_error();
	return 0;
}

/* ---- keys ---- */

typedef EVP_PKEY *(*key_reader)(BIO *bio);

/* Nobody is there to be asked for a pass phrase. */
static int no_password(char *buf, int size, int rwflag, void *user)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)user;
	return -1;
}

static EVP_PKEY *read_private(BIO *bio)
{
	return PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
}

static EVP_PKEY *read_public(BIO *bio)
{
	return PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
}

static EVP_PKEY *read_private_der(BIO *bio)
{
	return d2i_PrivateKey_bio(bio, NULL);
}

static EVP_PKEY *read_public_der(BIO *bio)
{
	return d2i_PUBKEY_bio(bio, NULL);
}

static const key_reader readers[] = {read_private, read_public, read_private_der, read_public_der};

/* The kind is "private" or "public" (PEM) or none (PEM or DER). */
static EVP_PKEY *read_key(BIO *bio, const char *kind)
{
	size_t first = kind != NULL && strcmp(kind, "public") == 0 ? 1 : 0;
	size_t last = kind != NULL ? first : 3;
	EVP_PKEY *key = NULL;

	for (size_t i = first; key == NULL && i <= last; i++) {
		if (BIO_reset(bio) == 1)
			key = readers[i](bio);
	}
	return key;
}

static EVP_PKEY *check_key(lua_State *L, int arg, const char *kind)
{
	BIO *bio = open_text(L, arg);
	EVP_PKEY *key = bio != NULL ? read_key(bio, kind) : NULL;

	BIO_free(bio);
	return key;
}

/* key_error(text, kind): nil, or why it is no key of that kind. */
static int key_error(lua_State *L)
{
	EVP_PKEY *key = check_key(L, 1, luaL_optstring(L, 2, NULL));

	if (key == NULL)
		return push_error(L, "pkey.new:load_key: ");
	EVP_PKEY_free(key);
	ERR_clear_error();
	return 0;
}

/* is_pair(public, private): whether both are parts of one key. */
static int is_pair(lua_State *L)
{
	EVP_PKEY *public_key = check_key(L, 1, "public"), *private_key = check_key(L, 2, "private");

	lua_pushboolean(L, public_key != NULL && private_key != NULL &&
				   EVP_PKEY_eq(public_key, private_key) == 1);
	EVP_PKEY_free(public_key);
	EVP_PKEY_free(private_key);
	ERR_clear_error();
	return 1;
}

static int open_module(lua_State *L)
{
	static const luaL_Reg functions[] = {{"certificate_error", certificate_error},
					     {"key_error", key_error},
					     {"is_pair", is_pair},
					     {NULL, NULL}};

	lua_newtable(L);
	luaL_register(L, NULL, functions);
	return 1;
}

void lua_pem_open(lua_State *L)
{
	lua_getglobal(L, LUA_LOADLIBNAME);
	lua_getfield(L, -1, "preload");
	lua_pushcfunction(L, open_module);
	lua_setfield(L, -2, "outrigger.pem");
	lua_pop(L, 2);
}
