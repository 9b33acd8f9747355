#include "plugins/late.h"
#include <dlfcn.h>
#include <string.h>
#include "protocol/err.h"

static int fail(const struct late_library *library, struct err *err)
{
	const char *why = dlerror();

	return err_set(err, E_IO, "the library %s can't be used: %s", library->file,
		       why != NULL ? why : "it is incomplete");
}

int late_load(const struct late_library *library, struct err *err)
{
	void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
	char *at = library->functions;

	if (handle == NULL)
		return fail(library, err);
	for (size_t i = 0; library->names[i] != NULL; i++, at += sizeof(void *)) {
		void *function = dlsym(handle, library->names[i]);

		if (function == NULL)
			return fail(library, err);
		memcpy(at, &function, sizeof(function)); /* a pointer to a function is as wide */
	}
	return 0;
}
