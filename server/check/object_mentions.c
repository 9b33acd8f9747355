#include "server/check/object_mentions.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "protocol/err.h"

#define PREFIX "kong."
#define NAME_MAX_LEN 128

/* The row whose name, with a NUL behind it, begins at `at`; or NULL. */
static const struct pdk_fn *row_at(const char *at, size_t left)
{
	size_t n = strnlen(at, left < NAME_MAX_LEN ? left : NAME_MAX_LEN);

	return n < left ? pdk_find(at, n) : NULL;
}

/* A linker may use a name as the end of another text, so anything but a letter may stand before it. */
static void find_in_bytes(const char *bytes, size_t n, bool found[PDK_ID_COUNT])
{
	const char *end = bytes + n, *at = bytes;

	while ((at = memmem(at, (size_t)(end - at), PREFIX, strlen(PREFIX))) != NULL) {
		bool begins = at == bytes || !isalnum((unsigned char)at[-1]);
		const struct pdk_fn *fn = begins ? row_at(at, (size_t)(end - at)) : NULL;

		if (fn != NULL)
			found[fn->id] = true;
		at += strlen(PREFIX);
	}
}

static int find_in_file(int fd, bool found[PDK_ID_COUNT])
{
	struct stat st;
	void *bytes;

	if (fstat(fd, &st) != 0)
		return -E_IO;
	if (st.st_size == 0)
		return 0;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -E_IO;
	find_in_bytes(bytes, (size_t)st.st_size, found);
	munmap(bytes, (size_t)st.st_size);
	return 0;
}

int object_mentions_find(const char *path, bool found[PDK_ID_COUNT], struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = -E_IO;

	if (fd >= 0)
		rc = find_in_file(fd, found);
	if (rc != 0)
		err_set(err, E_IO, "can't read %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}
