/* export_write.c - what was collected, written below a folder. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "protocol/err.h"
#include "server/command/export.h"
#include "server/file.h"

static bool is_same(const char *path, const char *text)
{
	char *there = NULL;
	size_t n;
	bool same = file_read(path, &there, &n, NULL) == 0 && strlen(text) == n &&
		    memcmp(there, text, n) == 0;

	free(there);
	return same;
}

/* Whether another file is in the place of one of ours. */
static int check_file(const struct export_file *file, const char *dir, struct err *err)
{
	char *path = file_printf("%s/%s", dir, file->path);
	int rc = path != NULL ? 0 : -E_NOMEM;

	if (rc == 0 && file_is_there(path) && !is_same(path, file->text))
		rc = err_set(err, E_EXISTS, "%s exists and is another file; --force replaces it",
			     path);
	free(path);
	return rc;
}

static int check_handler(const struct export *e, const char *dir, struct err *err)
{
	char *path = file_printf("%s/kong/plugins/%s/handler.lua", dir, e->plugin->name);
	int rc = path != NULL ? 0 : -E_NOMEM;

	if (rc == 0 && file_is_there(path))
		rc = err_set(err, E_EXISTS,
			     "%s is there: the gateway would run the plugin in its own "
			     "process; remove it",
			     path);
	free(path);
	return rc;
}

static int make_folders(char *path, struct err *err)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			return err_set(err, E_IO, "can't make the folder %s: %s", path,
				       strerror(errno));
		*slash = '/';
	}
	return 0;
}

static int write_file(const struct export_file *file, const char *dir, struct err *err)
{
	char *path = file_printf("%s/%s", dir, file->path);
	char *name = path != NULL ? strrchr(path, '/') : NULL;
	int rc = path != NULL ? make_folders(path, err) : -E_NOMEM;

	if (rc == 0) {
		*name = '\0';
		rc = file_write_atomic(path, name + 1, file->text, err);
	}
	free(path);
	return rc;
}

int export_write(const struct export *e, const char *dir, bool force, struct err *err)
{
	int rc = check_handler(e, dir, err);

	for (size_t i = 0; rc == 0 && !force && i < e->count; i++)
		rc = check_file(&e->files[i], dir, err);
	for (size_t i = 0; rc == 0 && i < e->count; i++)
		rc = write_file(&e->files[i], dir, err);
	return rc;
}
