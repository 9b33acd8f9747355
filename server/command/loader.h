/* loader.h - all plugins of a configuration, loaded outside of serve: for dump and check.
 *
 * There is no gateway: PDK calls fail with "connection lost", and kong.log goes to stderr. */
#ifndef SERVER_COMMAND_LOADER_H
#define SERVER_COMMAND_LOADER_H
#include "plugins/shared/dict_set.h"
#include "protocol/err.h"
#include "server/config/config.h"

/* How the loading of one plugin ended. */
struct loaded_plugin {
	const struct plugin_settings *settings; /* borrowed of the configuration */
	struct plugin *plugin;                  /* NULL where it failed */
	struct plugin_home home;                /* each has its own */
	struct dict_set dicts;
	int rc;
	struct err err;
};

/* One for each plugin of the configuration, in its order. The process is confined from then on, as a worker is
 * (confine.h), so that what plugin code may not see or change comes before or after in another process. `output` is
 * the folder that the command writes afterwards (NULL = none). NULL without memory. The caller has stdout
 * guarded (stdout_guard.h), for freeing too. */
struct loaded_plugin *loader_load(const struct config *config, const char *output);
void loader_free(struct loaded_plugin *loaded, const struct config *config);

#endif
