/* config_text.h - the settings of one group, as text, for the worker that is to read nothing else.
 *
 * In the form of kong.conf: what was set, by whomever, and what was found out (the prefix, the log), with
 * paths from the root. */
#ifndef SERVER_SUPERVISOR_CONFIG_TEXT_H
#define SERVER_SUPERVISOR_CONFIG_TEXT_H
#include <stddef.h>

struct buf;
struct config;
struct err;

/* Appends it, for n of the configuration's plugins, given by index. -E_CONF where a value can't be written
 * (it has a line's end), -E_NOMEM. */
int config_text_write(const struct config *config, const size_t *plugins, size_t n, struct buf *out,
		      struct err *err);

#endif
