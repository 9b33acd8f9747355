/* config_file.h - the grammar of kong.conf, for our own file and for the gateway's.
 *
 * A line is `key = value`. Lines that begin with # or ; and blank ones are passed over. A # ends the
 * value unless it is written \#. A line that ends with \ goes on in the next one. In keys, all but
 * letters and digits counts as '_'. Quotes have no meaning. A key that comes twice: the last wins.
 * (kong/conf_loader, which reads by Penlight's pl.config.) */
#ifndef SERVER_CONFIG_CONFIG_FILE_H
#define SERVER_CONFIG_CONFIG_FILE_H
#include <stddef.h>

struct err;

/* One line of a file. */
struct config_line {
	const char *key;   /* NULL for a line that is no setting; the gateway passes over it */
	const char *value; /* without its comment; the line as it is where key is NULL */
	unsigned number;   /* from 1; of the last part where it was continued */
};

/* Gets each line, in order; borrowed. Returns 0 to go on, else the error that ends the reading. */
typedef int (*config_line_fn)(void *user, const struct config_line *line, struct err *err);

/* Parses n bytes of text. 0, -E_NOMEM, or what `fn` returned. */
int config_file_parse(const char *text, size_t n, config_line_fn fn, void *user, struct err *err);
/* The same for a file. -E_IO with the reason when it can't be read. */
int config_file_read(const char *path, config_line_fn fn, void *user, struct err *err);

#endif
