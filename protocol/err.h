/* err.h - error codes, and the sentence for a person that goes with one. */
#ifndef PROTOCOL_ERR_H
#define PROTOCOL_ERR_H

enum err_code {
	E_OK = 0,
#define E(name, text) E_##name,
#include "protocol/errors.def"
#undef E
	E_COUNT
};

/* Human detail of one failure. Caller's memory; a zeroed one is empty. */
struct err {
	char text[1024]; /* NUL-terminated, cut when too long */
};

/* Writes the detail and returns -code, so that a function can end with
 * `return err_set(err, E_CONF, "...")`. `err` may be NULL. `code` is positive. */
int err_set(struct err *err, enum err_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "format: " before what `err` already says (or before the code's text) and returns `rc`. */
int err_prefix(struct err *err, int rc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The fixed text of a code, given positive or negative. Never NULL. */
const char *err_text(int code);
/* What to show a person: the detail where there is one, else the text of `rc`. Borrows `err`. */
const char *err_message(const struct err *err, int rc);

#endif
