/* file.h - whole files: read, written at once, copied to; and what the path of one looks like.
 *
 * Errors are sentences with the path and the system's reason. */
#ifndef SERVER_FILE_H
#define SERVER_FILE_H
#include <stdbool.h>
#include <stddef.h>

struct err;

/* Reads a file of at most FILE_SIZE_MAX bytes; owned, with a NUL behind it. -E_IO, -E_NOMEM. */
#define FILE_SIZE_MAX ((size_t)16 << 20)
int file_read(const char *path, char **ret_text, size_t *ret_len, struct err *err);
/* Makes DIR/NAME with that content, readable by all, whole or not at all: written beside it, synced,
 * then renamed. A machine that stops at once may have the one that was there before. -E_IO, -E_NOMEM. */
int file_write_atomic(const char *dir, const char *name, const char *text, struct err *err);
/* The same for who writes by itself: a new file beside the place, ... */
struct file_new {
	int fd;
	char *path, *temporary;
};
/* -E_IO, -E_NOMEM; the struct is then empty. */
int file_new_init(struct file_new *f, const char *dir, const char *name, struct err *err);
/* ... which `rc` 0 puts there; with any other it goes again. Returns `rc`, or -E_IO. */
int file_new_end(struct file_new *f, int rc, struct err *err);
/* Writes it all to a descriptor. -E_IO. `what` names the descriptor in the error. */
int file_write_all(int fd, const char *text, size_t n, const char *what, struct err *err);

/* Printed into owned memory; NULL without memory. */
char *file_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The path from the root, without "//", "/./" and a '/' at the end; ".." stays. Owned; NULL without
 * memory. */
char *file_absolute(const char *path);
/* The path of our own program; owned. NULL when it is not known. */
char *file_own_program(void);
/* The path's last part. Borrows `path`. */
const char *file_basename(const char *path);
bool file_exists(const char *path);
/* As file_exists, but a symbolic link counts by itself, wherever it points. */
bool file_is_there(const char *path);
bool file_is_executable(const char *path);
/* Whether we may write to the file, or make it where it is not there. */
bool file_is_writable(const char *path);
/* Whether it is our own symbolic link: one to a program that is called outrigger. */
bool file_is_link_to_us(const char *path);
/* Makes the symbolic link `path`, in place of one that is there. -E_IO. */
int file_make_link(const char *target, const char *path, struct err *err);
/* Opens /dev/null for each of stdin, stdout and stderr that is closed: else a socket or a file of ours
 * becomes stderr, and gets what the log says. */
int file_open_standard(struct err *err);

#endif
