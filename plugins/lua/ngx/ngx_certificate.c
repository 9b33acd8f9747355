#include "plugins/lua/ngx/ngx_certificate.h"
#include <lauxlib.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
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

/* ---- texts ---- */

/* Each reader returns what it has read; or NULL and why, in words of lua-nginx-module's. */

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

/* Takes `one`. */
static bool push_to_chain(STACK_OF(X509) * chain, X509 *one)
{
	if (one != NULL && sk_X509_push(chain, one) > 0)
		return true;
	X509_free(one);
	return false;
}

static bool is_end_of_pem(void)
{
	const unsigned long error = ERR_peek_last_error();

	return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static bool read_pem_certs(BIO *bio, STACK_OF(X509) * chain, const char **ret_error)
{
	*ret_error = "PEM_read_bio_X509_AUX() failed";
	if (!push_to_chain(chain, PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL)))
		return false;
	*ret_error = "PEM_read_bio_X509() failed";
	while (push_to_chain(chain, PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		;
	return is_end_of_pem();
}

static bool read_der_certs(BIO *bio, STACK_OF(X509) * chain, const char **ret_error)
{
	*ret_error = BIO_eof(bio) ? "invalid argument" : "d2i_X509_bio() failed";
	if (!push_to_chain(chain, d2i_X509_bio(bio, NULL)))
		return false;
	*ret_error = "d2i_X509_bio() failed in rest of chain";
	while (!BIO_eof(bio))
		if (!push_to_chain(chain, d2i_X509_bio(bio, NULL)))
			return false;
	return true;
}

/* Without a password, OpenSSL would ask for it at the terminal. */
static EVP_PKEY *read_pem_key(BIO *bio, char *password, const char **ret_error)
{
	*ret_error = "PEM_read_bio_PrivateKey() failed";
	return PEM_read_bio_PrivateKey(bio, NULL, NULL, password);
}

static EVP_PKEY *read_der_key(BIO *bio, char *unused, const char **ret_error)
{
	(void)unused;
	*ret_error = BIO_eof(bio) ? "invalid argument" : "d2i_PrivateKey_bio() failed";
	return d2i_PrivateKey_bio(bio, NULL);
}

typedef bool (*read_certs)(BIO *bio, STACK_OF(X509) * chain, const char **ret_error);
typedef EVP_PKEY *(*read_key)(BIO *bio, char *password, const char **ret_error);

/* Pushes the chain that is the text at 1; or nil and why. Returns the chain, or NULL. */
static STACK_OF(X509) * push_chain(lua_State *L, read_certs read)
{
	const char *why;
	BIO *bio = open_text(L);
	STACK_OF(X509) **chain = (void *)push_pointer(L, CHAIN, chain_collect);
	bool is_read;

	*chain = sk_X509_new_null();
	is_read = *chain != NULL && read(bio, *chain, &why);
	BIO_free(bio);
	if (!is_read) {
		refuse(L, *chain != NULL ? why : "sk_X509_new_null() failed");
		return NULL;
	}
	ERR_clear_error();
	return *chain;
}

static EVP_PKEY *push_key(lua_State *L, read_key read, const char *password)
{
	const char *why;
	char text[PEM_BUFSIZE + 1] = "";
	BIO *bio = open_text(L);
	EVP_PKEY **key = (void *)push_pointer(L, KEY, key_collect);

	if (password != NULL)
		snprintf(text, sizeof(text), "%s", password);
	*key = read(bio, text, &why);
	OPENSSL_cleanse(text, sizeof(text));
	BIO_free(bio);
	if (*key == NULL)
		refuse(L, why);
	return *key;
}

/* parse_pem_cert(text), parse_der_cert(text): a chain; nil and why. */
static int parse_pem_cert(lua_State *L)
{
	return push_chain(L, read_pem_certs) != NULL ? 1 : 2;
}

static int parse_der_cert(lua_State *L)
{
	return push_chain(L, read_der_certs) != NULL ? 1 : 2;
}

/* parse_pem_priv_key(text), parse_der_priv_key(text): a key; nil and why. */
static int parse_pem_priv_key(lua_State *L)
{
	return push_key(L, read_pem_key, NULL) != NULL ? 1 : 2;
}

static int parse_der_priv_key(lua_State *L)
{
	return push_key(L, read_der_key, NULL) != NULL ? 1 : 2;
}

/* ---- from PEM to DER ---- */

/* Takes `der`, of `n` bytes. */
static void add_der(luaL_Buffer *buffer, unsigned char *der, int n)
{
	if (n > 0)
		luaL_addlstring(buffer, (const char *)der, (size_t)n);
	OPENSSL_free(der);
}

/* cert_pem_to_der(text): all certificates, one after the other; nil and why. */
static int cert_pem_to_der(lua_State *L)
{
	const STACK_OF(X509) *chain = push_chain(L, read_pem_certs);
	luaL_Buffer buffer;

	if (chain == NULL)
		return 2;
	luaL_buffinit(L, &buffer);
	for (int i = 0; i < sk_X509_num(chain); i++) {
		unsigned char *der = NULL;
		const int n = i2d_X509(sk_X509_value(chain, i), &der);

		add_der(&buffer, der, n);
	}
	luaL_pushresult(&buffer);
	return 1;
}

/* priv_key_pem_to_der(text[, passphrase]): the key; nil and why. */
static int priv_key_pem_to_der(lua_State *L)
{
	const EVP_PKEY *key = push_key(L, read_pem_key, luaL_optstring(L, 2, NULL));
	unsigned char *der = NULL;
	luaL_Buffer buffer;
	int n;

	if (key == NULL)
		return 2;
	n = i2d_PrivateKey(key, &der);
	if (n < 0)
		return refuse(L, "i2d_PrivateKey() failed");
	luaL_buffinit(L, &buffer);
	add_der(&buffer, der, n);
	luaL_pushresult(&buffer);
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
		{"parse_der_cert", parse_der_cert},
		{"parse_der_priv_key", parse_der_priv_key},
		{"cert_pem_to_der", cert_pem_to_der},
		{"priv_key_pem_to_der", priv_key_pem_to_der},
		{"is_cert", is_cert},
		{"is_key", is_key},
		{NULL, NULL},
	};

	lua_newtable(L);
	luaL_register(L, NULL, functions);
	return 1;
}
