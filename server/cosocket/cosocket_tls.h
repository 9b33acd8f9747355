/* cosocket_tls.h - TLS on a cosocket, by OpenSSL. As struct sockets has them. */
#ifndef SERVER_COSOCKET_COSOCKET_TLS_H
#define SERVER_COSOCKET_COSOCKET_TLS_H
#include "plugins/sockets.h"

int cosocket_tls_handshake(struct cosocket *s, const struct cosocket_tls *tls, struct err *err);
bool cosocket_tls_is_done(const struct cosocket *s);
int cosocket_tls_read(struct cosocket *s, void *to, size_t room, size_t *ret_n, struct err *err);
int cosocket_tls_write(struct cosocket *s, const void *bytes, size_t n, size_t *ret_n,
		       struct err *err);
void *cosocket_tls_session(const struct cosocket *s);
void cosocket_tls_session_free(void *session);
/* Nothing is said to the peer. */
void cosocket_tls_end(struct cosocket *s);
void cosocket_tls_end_all(struct cosocket_home *home);

#endif
