/* text.h - the parts of pages of at most 80 columns about JSON that may hold anything. */
#ifndef SERVER_ADMIN_TEXT_H
#define SERVER_ADMIN_TEXT_H
#include <jansson.h>

struct buf;

/* A member that is a number; 0 where there is none. */
long long text_count(const json_t *json, const char *key);
/* A member that is a text; "-" where there is none. Borrowed. */
const char *text_member(const json_t *json, const char *key);
/* "45s", "3m20s", "5h7m", "12d3h". */
void text_time(char *ret, size_t size, double seconds);
/* The same of a member; "-" where there is none. */
void text_time_of(char *ret, size_t size, const json_t *json, const char *key);
/* Appends the words of a text, in lines that begin at `indent`. What a terminal might obey is a '?'.
 * -E_NOMEM. */
int text_add_wrapped(struct buf *b, int indent, const char *text);
/* At most `width` bytes of a text that may hold anything; `ret` has room for one more. */
void text_cut(char *ret, size_t width, const char *text);

#endif
