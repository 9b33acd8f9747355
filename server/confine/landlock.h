/* landlock.h - the kernel's binding of a process to folders and files (Landlock, Linux 5.13).
 *
 * Knows rights and rules. Which places they are for is the business of places.h. */
#ifndef SERVER_CONFINE_LANDLOCK_H
#define SERVER_CONFINE_LANDLOCK_H
#include <stdbool.h>
#include <stddef.h>

struct err;

/* A file, or a folder with all that is in it. */
struct place {
	const char *path;
	bool is_writable; /* else it may be read, and run */
};

/* The version of the kernel's interface; 0 where it has none, or where it is switched off. */
int landlock_version(void);
/* Leaves our process, and all that it starts, these n places, for good. What is open stays open. Places that are not
 * there, or that we can't look at, are passed over. Needs no_new_privs, or root. -E_UNSUPPORTED. */
int landlock_restrict(const struct place *places, size_t n, struct err *err);

#endif
