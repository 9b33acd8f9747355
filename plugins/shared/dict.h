/* dict.h - a dictionary in memory that several processes have: keys, values that expire, the least recently
 * used ones making room.
 *
 * Glossary: an *item* is a key with its value; a value may be a *list* of *elements*. Memory is *blocks* of one
 * size; an item or element is a *chain* of them (dict_layout.h). An item that has expired is *stale*: nobody finds
 * it, but it is there until its memory is needed.
 * Each call takes the dictionary's lock, which is robust: where a process has died with it, the next one looks
 * whether all is in order, and else empties the dictionary and counts that. What other processes write there can't
 * lead out of the memory or into a loop without end; the lock itself is the boundary: whoever can write to it can
 * harm whoever takes it. Nothing here suspends or calls back. */
#ifndef PLUGINS_SHARED_DICT_H
#define PLUGINS_SHARED_DICT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "plugins/shared/dict_value.h"

struct buf;
struct dict; /* opaque: one process's view */

enum dict_mode {
	DICT_SET,
	DICT_ADD,     /* only where there is none */
	DICT_REPLACE, /* only where there is one */
};

struct dict_store {
	enum dict_mode mode;
	bool is_safe;      /* nothing that is still valid makes room */
	uint64_t ttl;      /* milliseconds; 0 = for ever */
	bool was_forcible; /* result: valid items had to go */
};

struct dict_incr {
	double by;     /* result: the new value */
	bool has_init; /* what is absent begins with ... */
	double init;
	uint64_t init_ttl; /* milliseconds; 0 = for ever */
	bool was_forcible; /* result */
};

enum dict_end {
	DICT_FRONT,
	DICT_BACK,
};

/* Makes an empty dictionary of zeroed memory. 0, -E_IO where no lock can be made. */
int dict_format(void *memory, size_t size);
/* Memory that was formatted, of that size, aligned to a page; borrowed for its life. NULL without memory. */
struct dict *dict_create(void *memory, size_t size);
/* Accepts NULL. */
void dict_destroy(struct dict *d);

/* `bytes` (emptied before) gets a string, which *ret borrows. DICT_IS_LIST. */
enum dict_result dict_get(struct dict *d, struct dict_key key, struct buf *bytes,
			  struct dict_value *ret);
/* Finds stale ones too. */
enum dict_result dict_get_stale(struct dict *d, struct dict_key key, struct buf *bytes,
				struct dict_value *ret);
/* A value of DICT_NIL deletes. DICT_EXISTS, DICT_ABSENT, DICT_FULL. */
enum dict_result dict_store(struct dict *d, struct dict_key key, const struct dict_value *value,
			    struct dict_store *store);
/* DICT_ABSENT without init, DICT_NOT_NUMBER, DICT_FULL. */
enum dict_result dict_incr(struct dict *d, struct dict_key key, struct dict_incr *incr);
/* Milliseconds that it has left; 0 = for ever. */
enum dict_result dict_ttl(struct dict *d, struct dict_key key, int64_t *ret);
/* `ttl` as of struct dict_store. */
enum dict_result dict_expire(struct dict *d, struct dict_key key, uint64_t ttl);

/* Lists of strings and numbers; nothing valid makes room for them. *ret is the new length. DICT_NOT_LIST,
 * DICT_FULL, DICT_FULL_FOR_KEY. */
enum dict_result dict_push(struct dict *d, struct dict_key key, const struct dict_value *value,
			   enum dict_end end, size_t *ret);
/* As dict_get. A list without elements is none. DICT_ABSENT, DICT_NOT_LIST. */
enum dict_result dict_pop(struct dict *d, struct dict_key key, enum dict_end end, struct buf *bytes,
			  struct dict_value *ret);
/* 0 for a key that is absent. DICT_NOT_LIST. */
enum dict_result dict_len(struct dict *d, struct dict_key key, size_t *ret);

/* All items become stale. */
enum dict_result dict_flush(struct dict *d);
/* Frees stale ones, the longest unused first, at most `max`. */
enum dict_result dict_flush_stale(struct dict *d, size_t max, size_t *ret);
/* Appends the keys that are valid, the last used first, at most `max`: each a size_t and its bytes. */
enum dict_result dict_keys(struct dict *d, size_t max, struct buf *keys);
size_t dict_capacity(const struct dict *d);
enum dict_result dict_free_space(struct dict *d, size_t *ret);

/* How often this process has emptied it since the last call, as it was not in order. */
uint64_t dict_take_emptied(struct dict *d);
/* For tests: whether all of its memory is accounted for. DICT_UNUSABLE. */
enum dict_result dict_validate(struct dict *d, bool *ret);

#endif
