#include "server/supervisor/sealed_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/file.h"

int sealed_file_open(const char *name, int *ret_fd, struct err *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return err_set(err, E_IO, "can't make a file in memory: %s", strerror(errno));
	*ret_fd = fd;
	return 0;
}

int sealed_file_fill(int fd, const char *name, const void *bytes, size_t n, struct err *err)
{
	int rc = file_write_all(fd, bytes, n, name, err);

	if (rc == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
		rc = err_set(err, E_IO, "can't seal a file in memory: %s", strerror(errno));
	return rc;
}

int sealed_file_create(const char *name, const void *bytes, size_t n, int *ret_fd, struct err *err)
{
	int fd, rc = sealed_file_open(name, &fd, err);

	if (rc != 0)
		return rc;
	rc = sealed_file_fill(fd, name, bytes, n, err);
	if (rc == 0)
		*ret_fd = fd;
	else
		close(fd);
	return rc;
}

static int read_all(int fd, char *text, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = pread(fd, text + have, n - have, (off_t)have);

		if (got <= 0)
			return -E_IO;
		have += (size_t)got;
	}
	text[n] = '\0';
	return 0;
}

int sealed_file_read(int fd, size_t max, char **ret_text)
{
	struct stat st;
	char *text;
	int rc;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -E_IO;
	if (st.st_size < 0 || (size_t)st.st_size > max)
		return -E_TOO_LARGE;
	text = malloc((size_t)st.st_size + 1);
	rc = text != NULL ? read_all(fd, text, (size_t)st.st_size) : -E_NOMEM;
	if (rc == 0)
		*ret_text = text;
	else
		free(text);
	return rc;
}
