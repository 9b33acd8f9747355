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

/* Human detail of one failure. Caller's memory; one whose text is "" is empty. */
struct err {
	char text[1024]; /* NUL-terminated, cut when too long */
};

/* Makes it empty. Where every event comes by, instead of an initializer, which would write all of it. */
static inline void err_clear(struct err *err)
{
	err->text[0] = '\0';
}

/* Writes the detail and is -code, so that a function can end with
 * `return err_set(err, E_CONF, "...")`. `err` may be NULL. `code` is positive. A macro, so that
 * the analyzer knows that a constant code is a failure. */
#define err_set(err, code, ...) (err_write((err), __VA_ARGS__), err_failure(code))
static inline int err_failure(enum err_code code)
{
	return -(int)code;
}
void err_write(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "format: " before what `err` already says (or before the code's text) and returns `rc`. */
int err_prefix(struct err *err, int rc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The fixed text of a code, given positive or negative. Never NULL. */
const char *err_text(int code);
/* What to show a person: the detail where there is one, else the text of `rc`. Borrows `err`. */
const char *err_message(const struct err *err, int rc);

#endif
