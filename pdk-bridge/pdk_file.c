/* pdk_file.c - files that the gateway names: bodies that it has spooled to disk. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "pdk-bridge/pdk_internal.h"

static int read_all(int fd, char *to, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, to + at, n - at);

		if (got <= 0)
			return -E_IO;
		at += (size_t)got;
	}
	return 0;
}

static int read_open(struct arena *arena, int fd, size_t max, struct value *ret, size_t *ret_size)
{
	struct stat st;
	char *content;
	int rc;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -E_IO;
	*ret_size = (size_t)st.st_size;
	if (*ret_size > UINT32_MAX || (max > 0 && *ret_size > max))
		return -E_TOO_LARGE;
	content = arena_alloc(arena, *ret_size + 1);
	if (content == NULL)
		return -E_NOMEM;
	rc = read_all(fd, content, *ret_size);
	if (rc == 0)
		*ret = value_strn(content, *ret_size);
	return rc;
}

int pdk_read_file(struct arena *arena, const struct value *path, size_t max, struct value *ret,
		  size_t *ret_size)
{
	const char *name = arena_strndup(arena, path->s, path->len);
	int fd = name != NULL ? open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	int rc;

	if (fd < 0)
		return name != NULL ? -E_IO : -E_NOMEM;
	rc = read_open(arena, fd, max, ret, ret_size);
	close(fd);
	return rc;
}
