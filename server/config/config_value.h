/* config_value.h - the types of values in a configuration: text in, value out.
 *
 * Each returns 0, or -E_CONF with what is expected (never the key or the place). */
#ifndef SERVER_CONFIG_CONFIG_VALUE_H
#define SERVER_CONFIG_CONFIG_VALUE_H
#include <stdbool.h>
#include <stddef.h>

struct err;

/* A name and what it stands for. */
struct choice {
	const char *name; /* NULL ends a list */
	int value;
};

/* "250ms", "1.5s", "2m", "30" (seconds). Seconds. */
int value_parse_duration(const char *text, double *ret, struct err *err);
/* "512", "64k", "16m", "1g". Bytes. */
int value_parse_size(const char *text, size_t *ret, struct err *err);
int value_parse_count(const char *text, size_t *ret, struct err *err);
/* "0660", "660". */
int value_parse_mode(const char *text, unsigned *ret, struct err *err);
/* "on", "true", "off", "false". */
int value_parse_bool(const char *text, bool *ret, struct err *err);
/* "3.9", "3.9.1" -> 309. */
int value_parse_version(const char *text, unsigned *ret, struct err *err);
/* One of the names; err lists them, and names the nearest. */
int value_parse_choice(const char *text, const struct choice *choices, int *ret, struct err *err);

/* The items of a list with commas: sets *ret_item and *ret_len to the next one, stripped of blanks,
 * and moves *list behind it. Empty items are passed over. false at the end. */
bool value_next_item(const char **list, const char **ret_item, size_t *ret_len);
/* Whether an item of the list is `item`. `list` may be NULL. */
bool value_list_has(const char *list, const char *item);

#endif
