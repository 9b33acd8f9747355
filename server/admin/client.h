/* client.h - asks a server on its admin socket (admin.h). */
#ifndef SERVER_ADMIN_CLIENT_H
#define SERVER_ADMIN_CLIENT_H
#include <jansson.h>

struct err;

struct client_call {
	const char *socket; /* its path */
	const char *method; /* "GET", "POST" */
	const char *url;    /* "/status" */
	double patience;    /* seconds */
};

/* Returns the answer's JSON, owned, in *ret_json. -E_NOT_FOUND when nobody serves there, -E_TIMEOUT, -E_IO;
 * -E_HANDLER with the server's words when it refuses. */
int client_call(const struct client_call *call, json_t **ret_json, struct err *err);

#endif
