/* log.h - our own log, in the form of the gateway's error.log.
 *
 * One log per process. Lines look like
 *   2024/05/01 12:00:00 [error] 123#0: *EVENT [PLUGIN] text
 * so that whatever reads the gateway's log reads ours too. What is known of the event stands at the end of the first line;
 * further lines of a text begin with a blank, so that none of them looks like one of ours. As JSON they are objects with time, level, pid,
 * message and, where they are known, event, plugin, phase, instance and request. Only server/ calls it. */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "pdk-bridge/pdk_call.h"

struct err;

/* Where to: "stderr", "syslog" or a file, which is made; and how much. Until then: stderr, notice.
 * -E_IO with what to do; the log then stays as it was. */
int log_open(const char *target, enum log_level level, struct err *err);
enum log_format {
	LOG_TEXT,
	LOG_JSON
};
/* The form of the lines; at the beginning LOG_TEXT. */
void log_set_format(enum log_format format);

/* What is known of an event. */
struct log_context {
	const char *phase; /* NULL = nothing is known */
	int64_t instance;
	const char *request; /* the gateway's id of it; not terminated; NULL = not known */
	size_t request_len;
};
/* Who knows it. */
void log_set_lookup(void (*lookup)(void *user, uint64_t event_id, struct log_context *ret),
		    void *user);
/* Opens the file anew (somebody has moved it away). A failure is said in the old file. */
void log_reopen(void);
/* Its descriptor; -1 where it is no file. Borrowed. */
int log_file(void);
/* Where lines are written, stderr where that is nowhere else. Borrowed. */
int log_descriptor(void);
/* Goes on in what another process has opened as `target`; takes `fd`. -E_NOMEM. */
int log_inherit(const char *target, enum log_level level, int fd, struct err *err);
/* Goes on in that file, where it was one before; takes `fd`. */
void log_continue(int fd);
/* Back to stderr. */
void log_close(void);

/* One line; levels beyond the set one are dropped. Control characters but for newline and tab are written
 * as \xNN. `event_id` 0 and `plugin` NULL are left out. */
void log_text(enum log_level level, uint64_t event_id, const char *plugin, const char *text,
	      size_t n);
void log_event(enum log_level level, uint64_t event_id, const char *plugin, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* One line without time and level, from a signal's handler. Not to syslog. */
void log_urgent(const char *plugin, const char *text);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For what a peer can cause as often as it likes: so that it can't fill the disk, nor keep us busy with it.
 * One for each place that says such a thing; zeroed at first. */
struct log_limit {
	double since; /* the second that is counted, monotonic */
	unsigned said;
	uint64_t dropped;
};
/* Whether one more line of the kind may be said now. Where some were not, it says how many, with the next. */
bool log_is_due(struct log_limit *limit);

#endif
