/* dict_value.h - what goes into a shared dictionary and comes out of it, and what may happen. */
#ifndef PLUGINS_SHARED_DICT_VALUE_H
#define PLUGINS_SHARED_DICT_VALUE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DICT_SIZE_MIN ((size_t)8192)
#define DICT_SIZE_MAX ((size_t)64 << 30)
#define DICT_KEY_MAX ((size_t)65535)
#define DICT_NO_LIMIT SIZE_MAX

enum dict_type {
	DICT_NIL,
	DICT_BOOLEAN,
	DICT_NUMBER,
	DICT_STRING,
	DICT_LIST,
};

enum dict_result {
	DICT_OK,
	DICT_ABSENT, /* no such key, or a stale one */
	DICT_EXISTS,
	DICT_FULL,
	DICT_FULL_FOR_KEY, /* dict_push: nothing is free for the list itself */
	DICT_NOT_NUMBER,
	DICT_IS_LIST,
	DICT_NOT_LIST,
	DICT_UNUSABLE,  /* the lock can't be had */
	DICT_NO_MEMORY, /* of this process */
};

/* At least one byte, at most DICT_KEY_MAX. Borrowed. */
struct dict_key {
	const char *bytes;
	size_t len;
};

struct dict_value {
	enum dict_type type;
	double number;     /* of a boolean, 0 or 1 */
	const char *bytes; /* of a string; borrowed */
	size_t len;
	uint32_t flags; /* the user's */
	bool is_stale;  /* only what dict_get_stale finds */
};

#endif
