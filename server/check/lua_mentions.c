#include "server/check/lua_mentions.h"
#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "protocol/err.h"
#include "server/file.h"

#define DEPTH_MAX 16 /* folders in one another */
/* kong.ctx.shared.get and set are a table in Lua. */
#define SHARED "kong.ctx.shared"

/* What stands for the function in code. */
static const char *word_of(const struct pdk_fn *fn, size_t *ret_len)
{
	const char *last = strrchr(fn->name, '.'), *from = last;

	*ret_len = strlen(fn->name);
	if (strncmp(fn->name, SHARED, strlen(SHARED)) == 0) {
		*ret_len = strlen(SHARED);
		return fn->name;
	}
	if (strchr(last, '_') == NULL) {
		while (from > fn->name && from[-1] != '.')
			from--;
	}
	*ret_len -= (size_t)(from - fn->name);
	return from;
}

static bool is_word_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool mentions(const char *text, const struct pdk_fn *fn)
{
	size_t n;
	const char *word = word_of(fn, &n);
	const char *at = text;

	for (; (at = memmem(at, strlen(at), word, n)) != NULL; at += n) {
		bool begins = *word == '.' || at == text || !is_word_letter(at[-1]);

		if (begins && !is_word_letter(at[n]))
			return true;
	}
	return false;
}

static void find_in_text(const char *text, bool found[PDK_ID_COUNT])
{
	for (int i = 0; i < PDK_ID_COUNT; i++)
		found[i] = found[i] || mentions(text, &pdk_table[i]);
}

static int find_in_file(const char *path, bool found[PDK_ID_COUNT], struct err *err)
{
	char *text;
	size_t n;
	int rc = file_read(path, &text, &n, err);

	if (rc != 0)
		return rc;
	find_in_text(text, found);
	free(text);
	return 0;
}

static int find_in_folder(const char *folder, int depth, bool found[PDK_ID_COUNT], struct err *err);

static int find_in_entry(const char *path, int depth, bool found[PDK_ID_COUNT], struct err *err)
{
	size_t n = strlen(path);
	struct stat st;

	if (stat(path, &st) != 0)
		return 0;
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
		return find_in_folder(path, depth + 1, found, err);
	if (S_ISREG(st.st_mode) && n > 4 && strcmp(path + n - 4, ".lua") == 0)
		return find_in_file(path, found, err);
	return 0;
}

static int find_in_folder(const char *folder, int depth, bool found[PDK_ID_COUNT], struct err *err)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort), rc = 0;

	if (n < 0)
		return err_set(err, E_IO, "%s can't be listed", folder);
	for (int i = 0; i < n; i++) {
		if (rc == 0 && entries[i]->d_name[0] != '.') {
			char *path = file_printf("%s/%s", folder, entries[i]->d_name);

			rc = path != NULL ? find_in_entry(path, depth, found, err) : -E_NOMEM;
			free(path);
		}
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int lua_mentions_find(const char *folder, bool found[PDK_ID_COUNT], struct err *err)
{
	return find_in_folder(folder, 0, found, err);
}
