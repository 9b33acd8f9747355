#include "plugins/shared/dict_set.h"
#define XXH_INLINE_ALL
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include "plugins/shared/dict.h"
#include "protocol/err.h"

#define PAGE ((size_t)4096)
#define NAME_LONGEST 128
#define LAYOUT 1 /* to be counted up when dict.h's bytes change */
#define FILE_NAME_SIZE 64
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

void dict_set_init(struct dict_set *set)
{
	*set = (struct dict_set){0};
}

void dict_set_fini(struct dict_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		dict_destroy(set->entries[i].dict);
		free(set->entries[i].name);
	}
	if (set->memory != NULL)
		munmap(set->memory, set->size);
	dict_set_init(set);
}

/* ---- the list ---- */

static struct dict_entry *find(struct dict_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->entries[i].name, name) == 0)
			return &set->entries[i];
	return NULL;
}

static int check(const char *name, size_t size, struct err *err)
{
	size_t len = strlen(name);

	if (len == 0 || len > NAME_LONGEST)
		return err_set(err, E_CONF, "a shared dictionary needs a name of 1 to %d bytes",
			       NAME_LONGEST);
	if (size < DICT_SIZE_MIN || size > DICT_SIZE_MAX)
		return err_set(err, E_CONF,
			       "%zu bytes are no size for the shared dictionary '%s': 8k to 64g",
			       size, name);
	return 0;
}

int dict_set_add(struct dict_set *set, const char *name, size_t size, struct err *err)
{
	int rc = check(name, size, err);
	struct dict_entry *entry;

	if (rc != 0)
		return rc;
	entry = find(set, name);
	if (entry == NULL && set->count == DICT_SET_MAX)
		return err_set(err, E_CONF, "there are more than %d shared dictionaries",
			       DICT_SET_MAX);
	if (entry == NULL) {
		entry = &set->entries[set->count];
		entry->name = strdup(name);
		if (entry->name == NULL)
			return -E_NOMEM;
		set->count++;
	}
	entry->size = (size + PAGE - 1) / PAGE * PAGE;
	return 0;
}

bool dict_set_equals(const struct dict_set *a, const struct dict_set *b)
{
	bool is_equal = a->count == b->count;

	for (size_t i = 0; is_equal && i < a->count; i++)
		is_equal = a->entries[i].size == b->entries[i].size &&
			   strcmp(a->entries[i].name, b->entries[i].name) == 0;
	return is_equal;
}

size_t dict_set_size(const struct dict_set *set)
{
	size_t size = 0;

	for (size_t i = 0; i < set->count; i++)
		size += set->entries[i].size;
	return size > 0 ? size : PAGE;
}

/* ---- memory ---- */

static int format(const struct dict_set *set, void *memory)
{
	unsigned char *at = memory;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < set->count; i++) {
		rc = dict_format(at, set->entries[i].size);
		at += set->entries[i].size;
	}
	return rc;
}

static int map(int fd, size_t size, void **ret)
{
	int flags = fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, fd, 0);

	if (memory == MAP_FAILED)
		return -E_IO;
	*ret = memory;
	return 0;
}

static int fill(int fd, const struct dict_set *set)
{
	size_t size = dict_set_size(set);
	void *memory;
	int rc;

	if (ftruncate(fd, (off_t)size) != 0 || fcntl(fd, F_ADD_SEALS, SEALS) != 0)
		return -E_IO;
	rc = map(fd, size, &memory);
	if (rc != 0)
		return rc;
	rc = format(set, memory);
	munmap(memory, size);
	return rc;
}

/* The file's name, which nobody can change, says how it is laid out. */
static void name_file(const struct dict_set *set, char name[static FILE_NAME_SIZE])
{
	XXH64_hash_t hash = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct dict_entry *entry = &set->entries[i];

		hash = XXH3_64bits_withSeed(entry->name, strlen(entry->name), hash);
		hash = XXH3_64bits_withSeed(&entry->size, sizeof(entry->size), hash);
	}
	snprintf(name, FILE_NAME_SIZE, "outrigger-shared-%d-%016llx", LAYOUT,
		 (unsigned long long)hash);
}

bool dict_set_fits(const struct dict_set *set, int fd)
{
	char name[FILE_NAME_SIZE], wanted[FILE_NAME_SIZE + 32], link[64], found[sizeof(wanted)];
	struct stat st;
	ssize_t n;

	name_file(set, name);
	snprintf(wanted, sizeof(wanted), "/memfd:%s (deleted)", name);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, found, sizeof(found));
	return n == (ssize_t)strlen(wanted) && memcmp(found, wanted, (size_t)n) == 0 &&
	       fstat(fd, &st) == 0 && (size_t)st.st_size == dict_set_size(set) &&
	       fcntl(fd, F_GET_SEALS) == SEALS;
}

int dict_set_create_file(const struct dict_set *set, int *ret_fd, struct err *err)
{
	char name[FILE_NAME_SIZE];
	int fd;

	name_file(set, name);
	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && fill(fd, set) == 0) {
		*ret_fd = fd;
		return 0;
	}
	err_set(err, E_IO, "no memory for shared dictionaries: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -E_IO;
}

static int open_each(struct dict_set *set)
{
	unsigned char *at = set->memory;

	for (size_t i = 0; i < set->count; i++) {
		set->entries[i].dict = dict_create(at, set->entries[i].size);
		if (set->entries[i].dict == NULL)
			return -E_NOMEM;
		at += set->entries[i].size;
	}
	return 0;
}

int dict_set_open(struct dict_set *set, int fd, struct err *err)
{
	struct stat st;
	int rc;

	set->size = dict_set_size(set);
	if (fd >= 0 && (fstat(fd, &st) != 0 || (size_t)st.st_size != set->size))
		return err_set(err, E_MALFORMED, "the shared dictionaries are of other sizes");
	rc = map(fd, set->size, &set->memory);
	if (rc == 0 && fd < 0)
		rc = format(set, set->memory);
	if (rc == 0)
		rc = open_each(set);
	return rc == 0 ? 0
		       : err_set(err, (enum err_code) - rc, "no memory for shared dictionaries");
}
