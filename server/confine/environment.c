#include "server/confine/environment.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "server/config/config_value.h"
#include "server/custody/fault.h"

/* Where programs, libraries, people's language, time and certificates are; and the sanitizers' options. None of
 * them is where secrets are put. */
static const char always[] = "PATH,HOME,USER,LOGNAME,LANG,LANGUAGE,LC_*,TZ,TZDIR,TMPDIR,"
			     "LD_LIBRARY_PATH,LD_PRELOAD,MALLOC_*,GLIBC_TUNABLES,"
			     "SSL_CERT_FILE,SSL_CERT_DIR,RES_OPTIONS,LOCALDOMAIN,"
			     "ASAN_OPTIONS,LSAN_OPTIONS,UBSAN_OPTIONS,TSAN_OPTIONS,GCOV_PREFIX*"
#ifdef FAULT_VARIABLE
			     "," FAULT_VARIABLE
#endif
	;

static bool matches(const char *variable, const char *name, size_t n)
{
	if (name[n - 1] == '*')
		return strncmp(variable, name, n - 1) == 0;
	return strncmp(variable, name, n) == 0 && variable[n] == '=';
}

static bool is_named(const char *variable, const char *names)
{
	const char *name;
	size_t n;

	while (names != NULL && value_next_item(&names, &name, &n))
		if (matches(variable, name, n))
			return true;
	return false;
}

char **environment_keep(char *const *environment, const char *names)
{
	size_t count = 0, kept = 0;
	char **keep;

	while (environment[count] != NULL)
		count++;
	keep = calloc(count + 1, sizeof(*keep));
	for (size_t i = 0; keep != NULL && i < count; i++)
		if (is_named(environment[i], always) || is_named(environment[i], names))
			keep[kept++] = environment[i];
	return keep;
}

/* What is kept has the same order. */
void environment_wipe(char *const *environment, char *const *keep)
{
	for (; *environment != NULL; environment++) {
		if (*environment == *keep)
			keep++;
		else
			explicit_bzero(*environment, strlen(*environment));
	}
}
