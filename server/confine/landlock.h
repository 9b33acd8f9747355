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

/* The versions from which on the kernel knows moving files between folders (before, it refuses that to everybody who is
 * bound), truncating them, and keeping from abstract Unix sockets, which are no files (before, it lets both pass). */
enum {
	LANDLOCK_MOVES = 2,
	LANDLOCK_TRUNCATES = 3,
	LANDLOCK_SCOPES = 6
};

/* The version of the kernel's interface; 0 where it has none, or where it is switched off. */
int landlock_version(void);
struct bounds {
	const struct place *places;
	size_t count;
	bool has_abstract_sockets; /* else those of its own processes only, where the kernel can tell */
};

/* Leaves our process, and all that it starts, these places, for good. What is open stays open. Places that are not
 * there, or that we can't look at, are passed over. Needs no_new_privs, or root. -E_UNSUPPORTED. */
int landlock_restrict(const struct bounds *bounds, struct err *err);

#endif
