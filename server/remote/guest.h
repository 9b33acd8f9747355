/* guest.h - the socket at which a program comes that we don't start: plugin_NAME_listen.
 *
 * A worker lets one in and turns others away, which try again: so they find the next worker, when that waits for a
 * program (ADR 19). */
#ifndef SERVER_REMOTE_GUEST_H
#define SERVER_REMOTE_GUEST_H

struct config;
struct err;
struct plugin_settings;
struct remote_program;

/* Reads the keys and listens. -E_CONF for what is no endpoint, or no file of keys; -E_ABSENT where another
 * process waits there for too long; -E_IO, -E_NOMEM. Fills what belongs to guests. */
int guest_await(const struct config *config, const struct plugin_settings *settings,
		struct remote_program *ret, struct err *err);
/* Frees that, and closes. */
void guest_fini(struct remote_program *program);

#endif
