#include "server/admin/ask.h"
#include <stdlib.h>
#include "protocol/err.h"
#include "server/config/config.h"

#define PATIENCE 10.0 /* seconds */

int ask_server(const struct config *config, const struct client_call *asked, json_t **ret_json,
	       struct err *err)
{
	char *path = config_admin_path(config);
	struct client_call call = *asked;
	int rc;

	if (path == NULL)
		return -E_NOMEM;
	call.socket = path;
	if (config_has_admin(config))
		rc = client_call(&call, ret_json, err);
	else
		rc = err_set(err, E_CONF, "admin_listen is off: there is no socket to ask on");
	if (rc == -E_NOT_FOUND)
		err_set(err, E_NOT_FOUND,
			"no server answers on %s: none runs, or it has another --prefix or "
			"--admin-listen",
			path);
	free(path);
	return rc;
}

int ask_status(const struct config *config, json_t **ret_status, struct err *err)
{
	const struct client_call call = {.method = "GET", .url = "/status", .patience = PATIENCE};

	return ask_server(config, &call, ret_status, err);
}
