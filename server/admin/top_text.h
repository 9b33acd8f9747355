/* top_text.h - what has happened between two statuses, as a page of at most 80 columns. */
#ifndef SERVER_ADMIN_TOP_TEXT_H
#define SERVER_ADMIN_TOP_TEXT_H
#include <jansson.h>

/* `before` may be NULL: rates are those since the start then. Plugins are in the order of what they have done.
 * Returns owned text, or NULL where `now` is no status, or without memory. */
char *top_to_text(const json_t *before, const json_t *now);

#endif
