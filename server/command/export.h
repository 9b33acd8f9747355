/* export.h - the files of a plugin that belong on the gateway: its schema, daos, api and migrations, and
 * the modules of its own that these need. Never its handler: the gateway looks for handler and schema
 * separately, so that it validates confs itself, and still sends the events to us.
 *
 * export_init collects, export_write writes. */
#ifndef SERVER_COMMAND_EXPORT_H
#define SERVER_COMMAND_EXPORT_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include "plugins/plugin.h"

struct err;

struct export_file {
	char *path; /* below the folder: kong/plugins/NAME/schema.lua */
	char *from; /* the file that it is a copy of; NULL = it was made of the schema of a plugin in C */
	char *text;
};

struct export
{
	const struct plugin *plugin;
	struct plugin_paths paths;
	struct export_file *files;
	size_t count;
	json_t *notes; /* texts: what has to be there, and could not be copied */
};

/* Borrows both. -E_PLUGIN when a file needs the handler, -E_IO, -E_NOMEM. */
int export_init(struct export *e, const struct plugin *plugin, const struct plugin_paths *paths,
		struct err *err);
void export_fini(struct export *e);
/* Makes the files below `dir`. -E_EXISTS, with each of them, where another file is there (unless `force`) or
 * a handler; then nothing is written. -E_IO. */
int export_write(const struct export *e, const char *dir, bool force, struct err *err);

#endif
