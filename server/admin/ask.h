/* ask.h - what commands ask the server of a configuration. */
#ifndef SERVER_ADMIN_ASK_H
#define SERVER_ADMIN_ASK_H
#include "server/admin/client.h"

struct config;

/* As client_call, but for asked->socket, which the configuration says. -E_CONF where it has none. */
int ask_server(const struct config *config, const struct client_call *asked, json_t **ret_json,
	       struct err *err);
/* Its status. */
int ask_status(const struct config *config, json_t **ret_status, struct err *err);

#endif
