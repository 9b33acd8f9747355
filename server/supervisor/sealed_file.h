/* sealed_file.h - a text for another process, in memory, which nobody can change any more. */
#ifndef SERVER_SUPERVISOR_SEALED_FILE_H
#define SERVER_SUPERVISOR_SEALED_FILE_H
#include <stddef.h>

struct err;

/* Makes one; *ret_fd is owned, close-on-exec. -E_IO. */
int sealed_file_create(const char *name, const void *bytes, size_t n, int *ret_fd, struct err *err);
/* The same in two steps, for a process that may not make files in memory by the time it knows the text. -E_IO. */
int sealed_file_open(const char *name, int *ret_fd, struct err *err);
int sealed_file_fill(int fd, const char *name, const void *bytes, size_t n, struct err *err);
/* Reads one that somebody else has made, of at most `max` bytes: owned, with a NUL behind it. -E_IO,
 * -E_TOO_LARGE, -E_NOMEM. */
int sealed_file_read(int fd, size_t max, char **ret_text);

#endif
