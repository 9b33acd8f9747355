/* log_json.h - a line of the log as a JSON object. */
#ifndef SERVER_LOG_JSON_H
#define SERVER_LOG_JSON_H
#include "server/log.h"

struct buf;

struct log_entry {
	const char *level;
	uint64_t event_id;  /* 0 = none */
	const char *plugin; /* NULL = none */
	const char *text;
	size_t n;
	struct log_context context;
};

/* Appends it, without newline; bytes that are no UTF-8 are written as \xNN. Where memory is short nothing is
 * appended. */
void log_json_append(struct buf *line, const struct log_entry *entry);

#endif
