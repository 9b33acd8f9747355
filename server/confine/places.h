/* places.h - the folders and files that plugin code is left with.
 *
 * To have it be left with another one that it can't do without, add it to places.c; what some plugins need is for
 * read_paths and write_paths. */
#ifndef SERVER_CONFINE_PLACES_H
#define SERVER_CONFINE_PLACES_H
#include <stdbool.h>

struct config;
struct err;

/* Binds our process to what the configuration says, and to plugins' code and what it requires. `output` is a folder that the process is to write itself (NULL = none). -E_CONF, -E_NOMEM, -E_UNSUPPORTED. */
int places_restrict(const struct config *config, const char *output, struct err *err);
/* Whether that file lies in a place that plugin code may write. */
bool places_may_write(const struct config *config, const char *file);

#endif
