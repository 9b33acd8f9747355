/* late.h - libraries that are loaded where they are needed, not by each process that starts.
 *
 * Loading a library and all that it needs costs each start some milliseconds (docs/adr/0020-hot-path.md). One that
 * few processes need is named in cmake/OutriggerDependencies.cmake as outrigger_dependency_late, and used by one file, or a few:
 *
 *	#define FUNCTIONS(F) F(curl_easy_init) F(curl_easy_cleanup)
 *	LATE_LIBRARY(curl, CURL_LIBRARY, FUNCTIONS)
 *
 * then calls late_load(&curl_library, err), and curl.curl_easy_init() and so on where that returned 0. */
#ifndef PLUGINS_LATE_H
#define PLUGINS_LATE_H
#include <stddef.h>

struct err;

struct late_library {
	const char *file;         /* by which the system finds it, "libcurl.so.4" */
	const char *const *names; /* of functions, up to a NULL */
	void *functions;          /* a struct of pointers to them, in that order */
};

#define LATE_POINTER(function) __typeof__(function) *function;
#define LATE_NAME(function) #function,
#define LATE_STRUCT(name, functions_of)    \
	struct name##_functions {          \
		functions_of(LATE_POINTER) \
	}
#define LATE_TABLE(name, library_file, functions_of)                              \
	static const char *const name##_names[] = {functions_of(LATE_NAME) NULL}; \
	static const struct late_library name##_library = {library_file, name##_names, &name};
#define LATE_LIBRARY(name, library_file, functions_of) \
	static LATE_STRUCT(name, functions_of) name;   \
	LATE_TABLE(name, library_file, functions_of)

/* The same for several files: one in their header, the other in one of them. */
#define LATE_DECLARE(name, functions_of) \
	LATE_STRUCT(name, functions_of); \
	extern struct name##_functions name;
#define LATE_DEFINE(name, library_file, functions_of) \
	struct name##_functions name;                 \
	LATE_TABLE(name, library_file, functions_of)

/* Loads it, for the rest of the process's life; again without effect. 0, or -E_IO with what is missing. */
int late_load(const struct late_library *library, struct err *err);

#endif
