/* probe.h - the address for probes and scrapers: the public views (view.h) for whoever can reach it. */
#ifndef SERVER_ADMIN_PROBE_H
#define SERVER_ADMIN_PROBE_H
#include "server/admin/status.h"

struct err;
struct probe; /* opaque */
struct reactor;

/* Listens at "ADDRESS:PORT" ("127.0.0.1:9107", "[::]:9107"), or will once nobody else does (that is logged).
 * `address` is borrowed, `source` is copied. Returns owned in *ret_probe. -E_CONF for what is no address,
 * -E_NOMEM. */
int probe_create(struct reactor *reactor, const char *address, const struct status_source *source,
		 struct probe **ret_probe, struct err *err);
/* To be called about once a second: listens where that failed. Accepts NULL. */
void probe_check(struct probe *probe);
/* Accepts NULL. */
void probe_destroy(struct probe *probe);

#endif
