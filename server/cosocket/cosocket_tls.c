#include "server/cosocket/cosocket_tls.h"
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/config/config_sockets.h"
#include "server/cosocket/cosocket.h"
#include "server/log.h"

static int fail(struct err *err, const char *text)
{
	ERR_clear_error();
	err_write(err, "%s", text);
	return COSOCKET_FAILED;
}

/* ---- what all share ---- */

/* A file that has gone since the start is one that nobody is trusted by. */
static void trust(SSL_CTX *tls, const struct config *config)
{
	struct err err;

	if (config_sockets_trust(config, tls, &err) != 0)
		log_line(LOG_LEVEL_ERR, "%s", err.text);
}

/* What is wrong with a chain is looked at later, as nginx does: the last thing that is. */
static int go_on(int is_good, X509_STORE_CTX *store)
{
	(void)is_good;
	(void)store;
	return 1;
}

static SSL_CTX *context_of(struct cosocket_home *home)
{
	const struct config *config = home->config;
	SSL_CTX *tls;
	int first, last;

	if (home->tls != NULL)
		return home->tls;
	tls = SSL_CTX_new(TLS_client_method());
	if (tls == NULL)
		return NULL;
	trust(tls, config);
	if (config_sockets_versions(config->lua_ssl_protocols, &first, &last, NULL) == 0) {
		SSL_CTX_set_min_proto_version(tls, first);
		SSL_CTX_set_max_proto_version(tls, last);
	}
	SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, go_on);
	SSL_CTX_set_verify_depth(tls, (int)config->lua_ssl_verify_depth);
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	/* A peer that just closes ends its stream, as without TLS. */
	SSL_CTX_set_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
	home->tls = tls;
	return tls;
}

void cosocket_tls_end_all(struct cosocket_home *home)
{
	SSL_CTX_free(home->tls);
	home->tls = NULL;
}

/* ---- the handshake ---- */

static int use_certificate(SSL *ssl, const struct cosocket_tls *tls, struct err *err)
{
	STACK_OF(X509) *chain = tls->chain;
	int n = sk_X509_num(chain);

	if (n < 1)
		return fail(err, "invalid client certificate chain");
	if (SSL_use_certificate(ssl, sk_X509_value(chain, 0)) == 0)
		return fail(err, "ssl set client certificate failed");
	for (int i = 1; i < n; i++)
		if (SSL_add1_chain_cert(ssl, sk_X509_value(chain, i)) == 0)
			return fail(err, "ssl set client intermediate certificate failed");
	if (SSL_use_PrivateKey(ssl, tls->key) == 0)
		return fail(err, "ssl set client private key failed");
	return COSOCKET_DONE;
}

static int prepare(SSL *ssl, const struct cosocket_tls *tls, struct err *err)
{
	if (tls->session != NULL && SSL_set_session(ssl, tls->session) == 0)
		return fail(err, "ssl set session failed");
	if (tls->chain != NULL && use_certificate(ssl, tls, err) != COSOCKET_DONE)
		return COSOCKET_FAILED;
	if (tls->server_name != NULL && SSL_set_tlsext_host_name(ssl, tls->server_name) == 0)
		return fail(err, "SSL_set_tlsext_host_name failed");
	if (tls->wants_status)
		SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
	return COSOCKET_DONE;
}

static int begin(struct cosocket *s, const struct cosocket_tls *tls, struct err *err)
{
	SSL_CTX *context = context_of(s->home);
	SSL *ssl = context != NULL ? SSL_new(context) : NULL;

	if (ssl == NULL || SSL_set_fd(ssl, s->fd) == 0) {
		SSL_free(ssl);
		return fail(err, "failed to create ssl connection");
	}
	SSL_set_connect_state(ssl);
	if (prepare(ssl, tls, err) != COSOCKET_DONE) {
		SSL_free(ssl);
		return COSOCKET_FAILED;
	}
	s->tls = ssl;
	return COSOCKET_DONE;
}

static bool is_for(const X509 *certificate, const char *name)
{
	return certificate != NULL &&
	       X509_check_host((X509 *)certificate, name, strlen(name), 0, NULL) == 1;
}

static int verify(const SSL *ssl, const struct cosocket_tls *tls, struct err *err)
{
	long result = SSL_get_verify_result(ssl);
	const char *name = tls->server_name;

	if (!tls->verify)
		return COSOCKET_DONE;
	if (result != X509_V_OK) {
		err_write(err, "%ld: %s", result, X509_verify_cert_error_string(result));
		return COSOCKET_FAILED;
	}
	if (name != NULL && *name != '\0' && !is_for(SSL_get0_peer_certificate(ssl), name))
		return fail(err, "certificate host mismatch");
	return COSOCKET_DONE;
}

/* What a call that has returned `rc` waits for; FAILED otherwise. */
static int wanted(const SSL *ssl, int rc)
{
	switch (SSL_get_error(ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return COSOCKET_READ;
	case SSL_ERROR_WANT_WRITE:
		return COSOCKET_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return COSOCKET_END;
	default:
		return COSOCKET_FAILED;
	}
}

int cosocket_tls_handshake(struct cosocket *s, const struct cosocket_tls *tls, struct err *err)
{
	int rc, status;

	if (s->tls == NULL && begin(s, tls, err) != COSOCKET_DONE)
		return COSOCKET_FAILED;
	ERR_clear_error();
	rc = SSL_do_handshake(s->tls);
	if (rc != 1) {
		status = wanted(s->tls, rc);
		return status < COSOCKET_END ? status : fail(err, "handshake failed");
	}
	s->is_secure = true;
	return verify(s->tls, tls, err);
}

bool cosocket_tls_is_done(const struct cosocket *s)
{
	return s->is_secure;
}

/* ---- bytes ---- */

static int room_of(size_t n)
{
	return n > INT_MAX ? INT_MAX : (int)n;
}

static int fail_bytes(int number, struct err *err)
{
	ERR_clear_error();
	if (number != 0)
		return cosocket_fail(number, err);
	err_write(err, "error");
	return COSOCKET_FAILED;
}

int cosocket_tls_read(struct cosocket *s, void *to, size_t room, size_t *ret_n, struct err *err)
{
	int n, status;

	ERR_clear_error();
	errno = 0;
	n = SSL_read(s->tls, to, room_of(room));
	if (n > 0) {
		*ret_n = (size_t)n;
		return COSOCKET_DONE;
	}
	status = wanted(s->tls, n);
	return status == COSOCKET_FAILED ? fail_bytes(errno, err) : status;
}

int cosocket_tls_write(struct cosocket *s, const void *bytes, size_t n, size_t *ret_n,
		       struct err *err)
{
	int sent, status;

	ERR_clear_error();
	errno = 0;
	sent = SSL_write(s->tls, bytes, room_of(n));
	if (sent > 0) {
		*ret_n = (size_t)sent;
		return COSOCKET_DONE;
	}
	status = wanted(s->tls, sent);
	return status >= COSOCKET_END ? fail_bytes(errno, err) : status;
}

/* ---- sessions ---- */

void *cosocket_tls_session(const struct cosocket *s)
{
	return s->tls != NULL ? SSL_get1_session(s->tls) : NULL;
}

void cosocket_tls_session_free(void *session)
{
	SSL_SESSION_free(session);
}

void cosocket_tls_end(struct cosocket *s)
{
	if (s->tls == NULL)
		return;
	/* As if both sides had said goodbye, or its session could not be used again. */
	if (s->is_secure)
		SSL_set_shutdown(s->tls, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(s->tls);
	s->tls = NULL;
}
