#include "server/file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "protocol/buf.h"
#include "protocol/err.h"

static int io_error(struct err *err, const char *verb, const char *path)
{
	return err_set(err, E_IO, "can't %s %s: %s", verb, path, strerror(errno));
}

char *file_printf(const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	return n < 0 ? NULL : text;
}

static int read_into(int fd, const char *path, struct buf *buf, struct err *err)
{
	ssize_t n;

	do {
		if (buf_len(buf) > FILE_SIZE_MAX)
			return err_set(err, E_IO, "can't read %s: it is too large", path);
		if (buf_reserve(buf, 65536) != 0)
			return -E_NOMEM;
		n = read(fd, buf_tail(buf), 65536);
		if (n > 0)
			buf_commit(buf, (size_t)n);
		else if (n < 0 && errno != EINTR)
			return io_error(err, "read", path);
	} while (n != 0);
	return 0;
}

static void copy_text(char *to, const struct buf *buf)
{
	size_t n = buf_len(buf);

	if (n > 0)
		memcpy(to, buf_head(buf), n);
	to[n] = '\0';
}

int file_read(const char *path, char **ret_text, size_t *ret_len, struct err *err)
{
	struct buf buf = {0};
	int rc, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return io_error(err, "read", path);
	rc = read_into(fd, path, &buf, err);
	close(fd);
	if (rc == 0) {
		*ret_len = buf_len(&buf);
		*ret_text = malloc(*ret_len + 1);
		if (*ret_text == NULL)
			rc = -E_NOMEM;
		else
			copy_text(*ret_text, &buf);
	}
	buf_fini(&buf);
	return rc;
}

int file_write_all(int fd, const char *text, size_t n, const char *what, struct err *err)
{
	while (n > 0) {
		ssize_t done = write(fd, text, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return io_error(err, "write", what);
		text += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Everybody may read it, whatever our umask: plugin code's filter, which may be on, would not let us say so later. */
static int make_readable(const char *path)
{
	mode_t mask = umask(022);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	umask(mask);
	return fd;
}

int file_new_init(struct file_new *f, const char *dir, const char *name, struct err *err)
{
	unsigned long long random = 0;
	int rc = -E_NOMEM;

	(void)!getrandom(&random, sizeof(random), 0);
	*f = (struct file_new){-1, file_printf("%s/%s", dir, name),
			       file_printf("%s/.%s.%016llx", dir, name, random)};
	if (f->path != NULL && f->temporary != NULL) {
		f->fd = make_readable(f->temporary);
		rc = f->fd >= 0 ? 0 : io_error(err, "make", f->path);
	}
	if (rc != 0) {
		free(f->temporary);
		free(f->path);
		*f = (struct file_new){.fd = -1};
	}
	return rc;
}

int file_new_end(struct file_new *f, int rc, struct err *err)
{
	if (rc == 0 && fsync(f->fd) != 0)
		rc = io_error(err, "write", f->path);
	if (close(f->fd) != 0 && rc == 0)
		rc = io_error(err, "write", f->path);
	if (rc == 0 && rename(f->temporary, f->path) != 0)
		rc = io_error(err, "replace", f->path);
	if (rc != 0)
		unlink(f->temporary);
	free(f->temporary);
	free(f->path);
	*f = (struct file_new){.fd = -1};
	return rc;
}

int file_write_atomic(const char *dir, const char *name, const char *text, struct err *err)
{
	struct file_new new;
	int rc = file_new_init(&new, dir, name, err);

	if (rc != 0)
		return rc;
	rc = file_write_all(new.fd, text, strlen(text), new.path, err);
	return file_new_end(&new, rc, err);
}

/* Copies the path's parts, each behind one '/'. */
static void normalise_path(char *to, const char *path)
{
	char *begin = to;

	while (*path != '\0') {
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n > 0 && !(n == 1 && path[0] == '.')) {
			*to++ = '/';
			memcpy(to, path, n);
			to += n;
		}
		path += n;
	}
	if (to == begin)
		*to++ = '/';
	*to = '\0';
}

char *file_absolute(const char *path)
{
	char *from, *to, cwd[PATH_MAX];

	if (path[0] == '/' || getcwd(cwd, sizeof(cwd)) == NULL)
		cwd[0] = '\0';
	from = file_printf("%s/%s", cwd, path);
	if (from == NULL)
		return NULL;
	to = malloc(strlen(from) + 2);
	if (to != NULL)
		normalise_path(to, from);
	free(from);
	return to;
}

static char *read_link(const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return NULL;
	target[n] = '\0';
	return strdup(target);
}

char *file_own_program(void)
{
	return read_link("/proc/self/exe");
}

const char *file_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

bool file_is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool file_is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

bool file_is_writable(const char *path)
{
	size_t n = (size_t)(file_basename(path) - path);
	char *dir = n > 0 ? strndup(path, n) : strdup(".");
	bool may = access(path, W_OK) == 0 ||
		   (errno == ENOENT && dir != NULL && access(dir, W_OK | X_OK) == 0);

	free(dir);
	return may;
}

bool file_is_link_to_us(const char *path)
{
	char *target = read_link(path);
	bool ours = target != NULL && strcmp(file_basename(target), "outrigger") == 0;

	free(target);
	return ours;
}

int file_make_link(const char *target, const char *path, struct err *err)
{
	char *temporary = file_printf("%s.%ld", path, (long)getpid());
	int rc = 0;

	if (temporary == NULL)
		return -E_NOMEM;
	if (symlink(target, temporary) != 0) {
		rc = io_error(err, "make", path);
	} else if (rename(temporary, path) != 0) {
		rc = io_error(err, "make", path);
		unlink(temporary);
	}
	free(temporary);
	return rc;
}

int file_open_standard(struct err *err)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return io_error(err, "open", "/dev/null");
	} while (fd <= STDERR_FILENO);
	close(fd);
	return 0;
}
