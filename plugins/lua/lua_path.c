/* lua_path.c - see lua_path.h. */
#include "plugins/lua/lua_path.h"
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/buf.h"
#include "protocol/err.h"

#define GATEWAY_PATH "./?.lua;./?/init.lua;"
#define PLUGINS_PREFIX "kong.plugins."

static const char system_path[] =
	"/usr/local/share/lua/5.1/?.lua;/usr/local/share/lua/5.1/?/init.lua;"
	"/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua";
static const char system_cpath[] = "/usr/local/lib/lua/5.1/?.so;/usr/lib/lua/5.1/?.so";

/* Writes `path` with each ";;", which stands for the default path, cut to one. */
static int append_path(struct buf *ret, const char *path)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && path[i]; i++)
		if (path[i] != ';' || (path[i + 1] != ';' && path[i + 1] != '\0'))
			rc = buf_append(ret, &path[i], 1);
	return rc ? rc : buf_append_str(ret, ";");
}

/* A gateway's nginx hands no HOME on to the servers that it starts. NULL when there is none. */
static const char *find_home(void)
{
	const char *home = getenv("HOME");
	const struct passwd *user = home == NULL ? getpwuid(getuid()) : NULL;

	return user != NULL ? user->pw_dir : home;
}

int lua_path_build(const struct plugin_paths *paths, struct buf *ret)
{
	const char *home = find_home(), *dir = paths->plugins_dir;
	const char *setting = paths->lua_package_path;
	int rc = 0;

	if (dir)
		rc = buf_printf(ret, "%s/?.lua;%s/?/init.lua;", dir, dir);
	if (rc == 0)
		rc = append_path(ret, setting && *setting ? setting : GATEWAY_PATH);
	if (rc == 0 && home)
		rc = buf_printf(ret,
				"%s/.luarocks/share/lua/5.1/?.lua;"
				"%s/.luarocks/share/lua/5.1/?/init.lua;",
				home, home);
	return rc ? rc : buf_append(ret, system_path, sizeof(system_path));
}

int lua_path_build_c(const struct plugin_paths *paths, const char *builtin, struct buf *ret)
{
	const char *home = find_home(), *setting = paths->lua_package_cpath;
	int rc = 0;

	if (setting && *setting)
		rc = append_path(ret, setting);
	if (rc == 0 && home)
		rc = buf_printf(ret, "%s/.luarocks/lib/lua/5.1/?.so;", home);
	if (rc == 0)
		rc = buf_printf(ret, "%s;", builtin);
	return rc ? rc : buf_append(ret, system_cpath, sizeof(system_cpath));
}

/* ---- finding a file ---- */

static int append_slashed(struct buf *ret, const char *module)
{
	int rc = 0;

	for (; rc == 0 && *module; module++)
		rc = buf_append(ret, *module == '.' ? "/" : module, 1);
	return rc;
}

static int check_file(struct buf *name)
{
	int rc = buf_append(name, "", 1);

	if (rc != 0)
		return rc;
	return access((const char *)buf_head(name), R_OK) == 0 ? 0 : -E_NOT_FOUND;
}

int lua_path_in_dir(const struct plugin_paths *paths, const char *module, const char *ending,
		    struct buf *ret)
{
	int rc;

	if (paths->plugins_dir == NULL ||
	    strncmp(module, PLUGINS_PREFIX, strlen(PLUGINS_PREFIX)) != 0)
		return -E_NOT_FOUND;
	rc = buf_printf(ret, "%s/", paths->plugins_dir);
	if (rc == 0)
		rc = append_slashed(ret, module + strlen(PLUGINS_PREFIX));
	if (rc == 0)
		rc = buf_append_str(ret, ending);
	return rc ? rc : check_file(ret);
}

/* One template of a package path, n bytes. */
static int try_template(const char *template, size_t n, const char *module, struct buf *ret)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i++) {
		if (template[i] == '?')
			rc = append_slashed(ret, module);
		else
			rc = buf_append(ret, &template[i], 1);
	}
	return rc ? rc : check_file(ret);
}

/* Notes the file that was not there, and empties the name for the next one. */
static void note_tried(struct buf *name, struct buf *tried)
{
	if (tried && buf_len(name) > 0)
		buf_printf(tried, "\n\tno file '%s'", (const char *)buf_head(name));
	buf_truncate(name, 0);
}

static int find_on_path(const char *path, const char *module, struct buf *ret, struct buf *tried)
{
	const char *end;
	int rc = -E_NOT_FOUND;

	for (; rc == -E_NOT_FOUND && *path; path = *end ? end + 1 : end) {
		end = path + strcspn(path, ";");
		if (end == path)
			continue;
		rc = try_template(path, (size_t)(end - path), module, ret);
		if (rc == -E_NOT_FOUND)
			note_tried(ret, tried);
	}
	return rc;
}

int lua_path_find(const struct plugin_paths *paths, const char *module, struct buf *ret,
		  struct buf *tried)
{
	static const char *const endings[] = {".lua", "/init.lua"};
	struct buf path = {0};
	int rc;

	for (size_t i = 0; i < 2; i++) {
		rc = lua_path_in_dir(paths, module, endings[i], ret);
		if (rc != -E_NOT_FOUND)
			return rc;
		note_tried(ret, i == 0 ? tried : NULL);
	}
	rc = lua_path_build(paths, &path);
	if (rc == 0)
		rc = find_on_path((const char *)buf_head(&path), module, ret, tried);
	buf_fini(&path);
	return rc;
}
