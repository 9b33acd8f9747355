/* config_sockets.h - settings of plugins' sockets that are more than a word. */
#ifndef SERVER_CONFIG_CONFIG_SOCKETS_H
#define SERVER_CONFIG_CONFIG_SOCKETS_H

struct config;
struct err;
struct ssl_ctx_st;

/* Whether lua_ssl_protocols and dns_resolver can be used: 0, -E_CONF with what is wrong and where it was set, -E_NOMEM. */
int config_sockets_check(const struct config *config, struct err *err);
/* The oldest and the newest version of TLS among `names`, as OpenSSL's numbers. -E_CONF with what is wrong. */
int config_sockets_versions(const char *names, int *ret_first, int *ret_last, struct err *err);
/* The addresses of a list as c-ares takes them, with commas and no blanks. Returns owned, or NULL on lack of memory. */
char *config_sockets_servers(const char *list);
/* Adds what lua_ssl_trusted_certificate names to those whom `tls` trusts. -E_CONF with the first file that can't be read
 * and where it was set, -E_NOMEM. */
int config_sockets_trust(const struct config *config, struct ssl_ctx_st *tls, struct err *err);
/* Whether that can be done: what is asked before plugins are served. */
int config_sockets_need_trust(const struct config *config, struct err *err);

#endif
