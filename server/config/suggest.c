#include "server/config/suggest.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum {
	WORD_MAX = 96
};

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The rows of the table that the two words span, as far as they are still needed. */
struct rows {
	size_t before[WORD_MAX + 1];
	size_t last[WORD_MAX + 1];
	size_t now[WORD_MAX + 1];
};

static void rows_next(struct rows *rows)
{
	memcpy(rows->before, rows->last, sizeof(rows->last));
	memcpy(rows->last, rows->now, sizeof(rows->now));
}

static bool is_same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static void fill_row(struct rows *rows, const char *a, size_t i, const char *b)
{
	size_t n = strlen(b);

	rows->now[0] = i;
	for (size_t j = 1; j <= n; j++) {
		size_t change = rows->last[j - 1] + !is_same_letter(a[i - 1], b[j - 1]);
		size_t best = min_size(change, 1 + min_size(rows->last[j], rows->now[j - 1]));

		if (i > 1 && j > 1 && is_same_letter(a[i - 1], b[j - 2]) &&
		    is_same_letter(a[i - 2], b[j - 1]))
			best = min_size(best, rows->before[j - 2] + 1);
		rows->now[j] = best;
	}
}

int suggest_is_near(const char *a, const char *b, size_t limit, size_t *ret_distance)
{
	size_t m = strlen(a), n = strlen(b);
	struct rows rows;

	if (m > WORD_MAX || n > WORD_MAX)
		return 0;
	memset(&rows, 0, sizeof(rows));
	for (size_t j = 0; j <= n; j++)
		rows.now[j] = j;
	for (size_t i = 1; i <= m; i++) {
		rows_next(&rows);
		fill_row(&rows, a, i, b);
	}
	if (rows.now[n] >= limit)
		return 0;
	*ret_distance = rows.now[n];
	return 1;
}

/* A third of the letters may differ, but not more than three, and none of two: "no" is not "on". */
void suggest_init(struct suggest *s, const char *word)
{
	size_t n = strlen(word);

	s->word = word;
	s->best = NULL;
	s->distance = n < 3 ? 1 : min_size(3, (n + 2) / 3) + 1;
}

void suggest_offer(struct suggest *s, const char *candidate)
{
	size_t distance, n = strlen(s->word);

	/* A word that was cut short means the longer one. */
	if (n >= 3 && s->distance > 1 && strncasecmp(s->word, candidate, n) == 0) {
		s->best = candidate;
		s->distance = 1;
	} else if (suggest_is_near(s->word, candidate, s->distance, &distance)) {
		s->best = candidate;
		s->distance = distance;
	}
}
