/* dict_set.h - the shared dictionaries of a process: their names and sizes, and the memory where all of them are.
 *
 * A *list* says which there are: "NAME SIZE, NAME SIZE". The same list lays them out in the same way, so that a file
 * that one process has made is of use to all that have the list. */
#ifndef PLUGINS_SHARED_DICT_SET_H
#define PLUGINS_SHARED_DICT_SET_H
#include <stdbool.h>
#include <stddef.h>

struct dict;
struct err;

#define DICT_SET_MAX 128 /* dictionaries */

struct dict_entry {
	char *name;        /* owned */
	size_t size;       /* bytes; a multiple of 4096 */
	struct dict *dict; /* NULL until dict_set_open */
};

struct dict_set {
	struct dict_entry entries[DICT_SET_MAX];
	size_t count;
	void *memory;
	size_t size;
};

/* No dictionary at all. */
void dict_set_init(struct dict_set *set);
/* Accepts a zeroed one. */
void dict_set_fini(struct dict_set *set);
/* Adds one, or gives that one another size. -E_CONF with what is wrong, -E_NOMEM. */
int dict_set_add(struct dict_set *set, const char *name, size_t size, struct err *err);
/* Whether the same ones are in both lists, at the same places. */
bool dict_set_equals(const struct dict_set *a, const struct dict_set *b);
/* Bytes of the memory in which they all are. */
size_t dict_set_size(const struct dict_set *set);
/* Makes a file with all of them, empty: a memfd of fixed size, *ret_fd, owned, close-on-exec. -E_IO. */
int dict_set_create_file(const struct dict_set *set, int *ret_fd, struct err *err);
/* Whether `fd` is a file that dict_set_create_file has made of the same list, in any process. Does not look into it. */
bool dict_set_fits(const struct dict_set *set, int fd);
/* Opens them: in that file (borrowed), or, with -1, in memory of this process alone. -E_IO; -E_MALFORMED where the file is
 * of another list; -E_NOMEM. */
int dict_set_open(struct dict_set *set, int fd, struct err *err);

#endif
