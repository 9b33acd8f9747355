/* admin.h - the socket for people: HTTP for `outrigger status`, `outrigger reload` and whatever else can.
 *
 *   GET /status   200 and JSON (status.h); /health, /ready, /metrics as in view.h
 *   POST /reload  begins a reload, and answers when it has ended: 200, or an error with its reason
 * Errors are {"error": TEXT}. Beside it the address for probes (probe.h). Whoever may open the socket may ask (its mode is 0600), but for workers: plugin
 * code has no business here. All of it runs on the loop, a little at a time; slow and hostile clients get at
 * most a few connections, for at most seconds. */
#ifndef SERVER_ADMIN_ADMIN_H
#define SERVER_ADMIN_ADMIN_H
#include "server/admin/status.h"

struct admin; /* opaque */
struct err;
struct reactor;

struct admin_options {
	struct reactor *reactor;   /* borrowed */
	const char *path;          /* copied; NULL = none */
	const char *status_listen; /* as probe.h has it, borrowed; NULL = none */
	struct status_source source;
};

/* Listens there, or will once nobody else does (that is logged). Returns owned in *ret_admin. -E_IO,
 * -E_NOMEM, -E_CONF. */
int admin_create(const struct admin_options *options, struct admin **ret_admin, struct err *err);
/* To be called about once a second: listens where nobody does. Accepts NULL. */
void admin_check(struct admin *admin);
/* The reload has ended: rc 0, or why it failed. Accepts NULL. */
void admin_reload_ended(struct admin *admin, int rc, const struct err *err);
/* Accepts NULL. Who waits is told that we leave. */
void admin_destroy(struct admin *admin);

#endif
