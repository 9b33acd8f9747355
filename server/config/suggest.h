/* suggest.h - the nearest known word to one that is not known, be its letters large or small. */
#ifndef SERVER_CONFIG_SUGGEST_H
#define SERVER_CONFIG_SUGGEST_H
#include <stddef.h>

/* A search for the nearest word. Borrows the words. */
struct suggest {
	const char *word;
	const char *best; /* NULL while none is near enough */
	size_t distance;  /* of `best`, or one beyond what counts as near */
};

void suggest_init(struct suggest *s, const char *word);
void suggest_offer(struct suggest *s, const char *candidate);
/* Whether `a` and `b` differ in fewer than `limit` letters; then *ret_distance says in how many
 * (changed, added, left out, or two neighbours swapped). */
int suggest_is_near(const char *a, const char *b, size_t limit, size_t *ret_distance);

#endif
