/* config_listen.h - the addresses that HTTP is served at. */
#ifndef SERVER_CONFIG_CONFIG_LISTEN_H
#define SERVER_CONFIG_CONFIG_LISTEN_H
#include <sys/socket.h>

struct config;
struct err;

/* ADDRESS:PORT, with numbers, an address of IPv6 in brackets. -E_CONF with what is expected, -E_NOMEM. */
int config_listen_parse(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len,
			struct err *err);
/* status_listen and admin_listen. -E_CONF with the place that says them. */
int config_listen_check(const struct config *config, struct err *err);

#endif
