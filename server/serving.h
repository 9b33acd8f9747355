/* serving.h - what every form of `serve` does at its beginning and its end. */
#ifndef SERVER_SERVING_H
#define SERVER_SERVING_H
#include <stdbool.h>
#include "server/config/config.h"

struct admin;
struct err;
struct ids_file;
struct plugin_settings;
struct reactor;
struct status_source;

/* Notes who our parent is, and opens standard descriptors and the log. As log_open. */
int serving_open(const struct config *config, struct err *err);
/* Closes the log. Where it isn't stderr, which the caller writes to, it says there what `rc` was. */
void serving_close(const struct config *config, int rc, const struct err *err);
/* As many descriptors as the system lets us have: each connection is one. */
void serving_raise_limit(const struct config *config);
/* Opens the file of ids where the first socket is: what is written there must be writable anyhow. As
 * ids_file_init. */
int serving_open_ids(const struct config *config, struct ids_file *ids, struct err *err);
/* Writes a plugin's dump beside its socket; a failure is said in the log. The gateway's query_cmd may be
 * `cat` of that file; to serve without it is better than not at all.*/
void serving_write_dump(const struct config *config, const struct plugin_settings *plugin,
			const char *text);
/* Whether it is not there, though its folder is. */
bool serving_lacks_dump(const struct config *config, const struct plugin_settings *plugin);
/* Writes it again where it is not there: who removes sockets may remove it too. `*lacks`, false at first, remembers
 * what the log was told. */
void serving_keep_dump(const struct config *config, const struct plugin_settings *plugin,
		       const char *text, bool *lacks);
/* Removes it again. */
void serving_forget(const struct config *config, const struct plugin_settings *plugin);
/* Whether a plugin of another configuration has its dump in the same file. */
bool serving_shares_dump(const struct config *config, const struct plugin_settings *plugin,
			 const struct config *other);
/* The admin socket and the status address that the configuration names. Owned in *ret_admin; where only that
 * fails it is logged, and serving goes on. -E_CONF for what is no address. */
int serving_create_admin(const struct config *config, struct reactor *reactor,
			 const struct status_source *source, struct admin **ret_admin,
			 struct err *err);
/* Says in the log which version is served where. */
void serving_tell(const struct config *config, const struct plugin_settings *plugin,
		  const char *version);

#endif
