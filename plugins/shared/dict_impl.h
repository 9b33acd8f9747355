/* dict_impl.h - the parts that operations on a shared dictionary are made of; all but the first with its lock. */
#ifndef PLUGINS_SHARED_DICT_IMPL_H
#define PLUGINS_SHARED_DICT_IMPL_H
#include "plugins/shared/dict_layout.h"

struct buf;

/* Bytes in a chain. */
struct dict_cursor {
	uint32_t block;
	size_t at; /* in the block */
};

/* dict_memory.c: the lock and blocks. */
/* Takes the lock. DICT_UNUSABLE. */
enum dict_result dict_enter(struct dict *d);
/* Gives it back; empties what was found damaged. */
void dict_leave(struct dict *d);
/* From here until dict_leave the dictionary may be half changed. */
void dict_change(struct dict *d);
/* 0 where there is no such block, which is noted. */
uint32_t dict_number(struct dict *d, uint32_t number);
struct dict_item *dict_item(struct dict *d, uint32_t number);
struct dict_element *dict_element(struct dict *d, uint32_t number);
/* How many blocks that many bytes need behind a header; more than there are for a length that can't be. */
size_t dict_blocks_for(const struct dict *d, size_t header, size_t len);
bool dict_has_room(const struct dict *d, size_t blocks);
/* A chain of n blocks, which must be there. */
uint32_t dict_take_blocks(struct dict *d, size_t n);
void dict_give_blocks(struct dict *d, uint32_t first, size_t n);
struct dict_cursor dict_bytes_of(uint32_t block, size_t header);
void dict_skip(struct dict *d, struct dict_cursor *c, size_t n);
void dict_read(struct dict *d, struct dict_cursor *c, void *to, size_t n);
void dict_write(struct dict *d, struct dict_cursor *c, const void *from, size_t n);
bool dict_matches(struct dict *d, struct dict_cursor *c, const void *bytes, size_t n);

/* dict_item.c: items found, linked, evicted. */
uint32_t dict_hash(const struct dict *d, struct dict_key key);
/* 0 where there is none. */
uint32_t dict_find(struct dict *d, struct dict_key key, uint32_t hash);
bool dict_is_stale(const struct dict *d, const struct dict_item *item);
/* The item was used now. */
void dict_touch(struct dict *d, uint32_t number);
/* A new item without a value, linked; its blocks, which must be there, have room for len bytes of it. */
uint32_t dict_insert(struct dict *d, struct dict_key key, size_t len);
void dict_remove(struct dict *d, uint32_t number);
/* Frees the least recently used one, if `by_force`, then one or two that are stale. How many. */
size_t dict_evict(struct dict *d, bool by_force);
/* Room for a new item with len bytes of value, by force if need be, which is told. */
bool dict_make_room(struct dict *d, struct dict_key key, size_t len, struct dict_store *store);
struct dict_cursor dict_value_of(struct dict *d, uint32_t number);
/* The length of its value, or what can be of it. */
size_t dict_value_len(struct dict *d, const struct dict_item *item);
/* Reads a value of that type. DICT_NO_MEMORY. */
enum dict_result dict_read_value(struct dict *d, struct dict_cursor c, struct buf *bytes,
				 struct dict_value *ret);
size_t dict_stored_len(const struct dict_value *value);
void dict_write_value(struct dict *d, struct dict_cursor c, const struct dict_value *value);
void dict_empty(struct dict *d);

/* dict_list.c */
void dict_free_elements(struct dict *d, struct dict_item *item);

/* dict_check.c: whether all is linked as it must be. With the lock. */
bool dict_is_sound(struct dict *d);

#endif
