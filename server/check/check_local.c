#include <stdlib.h>
#include <string.h>
#include "server/check/check_gateway.h"
#include "server/config/kong_names.h"
#include "server/file.h"

/* The ';;' that kong's nginx.conf puts behind lua_package_path: OpenResty's own path. */
#define OPENRESTY "/usr/local/openresty"
#define OPENRESTY_PATH                                                                   \
	OPENRESTY "/site/lualib/?.ljbc;" OPENRESTY "/site/lualib/?/init.ljbc;" OPENRESTY \
		  "/lualib/?.ljbc;" OPENRESTY "/lualib/?/init.ljbc;" OPENRESTY           \
		  "/site/lualib/?.lua;" OPENRESTY "/site/lualib/?/init.lua;" OPENRESTY   \
		  "/lualib/?.lua;" OPENRESTY "/lualib/?/init.lua;./?.lua;" OPENRESTY     \
		  "/luajit/share/luajit-2.1/?.lua;/usr/local/share/lua/5.1/?.lua;"       \
		  "/usr/local/share/lua/5.1/?/init.lua;" OPENRESTY                       \
		  "/luajit/share/lua/5.1/?.lua;" OPENRESTY "/luajit/share/lua/5.1/?/init.lua"

#define KONG_PATH_DEFAULT "./?.lua;./?/init.lua;"

/* One pattern (n bytes) with the module's path for each '?'. Owned; NULL without memory. */
static char *fill(const char *pattern, size_t n, const char *module)
{
	char *path = malloc(n * (strlen(module) + 1) + 1);
	char *to = path;

	if (path == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (pattern[i] == '?')
			to = stpcpy(to, module);
		else
			*to++ = pattern[i];
	}
	*to = '\0';
	return path;
}

/* The first file of the path list that exists; owned, NULL when none does. */
static char *search(const char *list, const char *module)
{
	while (*list != '\0') {
		size_t n = strcspn(list, ";");
		char *path = n > 0 ? fill(list, n, module) : NULL;

		if (path != NULL && file_exists(path))
			return path;
		free(path);
		list += n;
		list += strspn(list, ";");
	}
	return NULL;
}

static char *module_path(const char *plugin)
{
	char *module = file_printf("kong/plugins/%s/handler", plugin);

	/* A '.' in a module's name stands for a folder. */
	for (char *c = module; c != NULL && *c != '\0'; c++)
		*c = *c == '.' ? '/' : *c;
	return module;
}

static char *find_handler(const struct kong_conf *kong, const char *plugin)
{
	const char *own = kong_conf_get(kong, "lua_package_path");
	char *module = module_path(plugin);
	char *path = NULL;

	if (module != NULL)
		path = search(own != NULL ? own : KONG_PATH_DEFAULT, module);
	if (module != NULL && path == NULL)
		path = search(OPENRESTY_PATH, module);
	free(module);
	return path;
}

void check_local(const struct gateway_check *check, const char *plugin)
{
	char *path = find_handler(check->kong, plugin);

	if (path != NULL)
		report_add(
			check->report, FINDING_ERROR, plugin,
			"the gateway finds %s on its own Lua path and would run it in its own "
			"process; move it to a folder that only Outrigger reads (plugins_dir), or "
			"serve it by another name (plugin_NAME_module)%s",
			path,
			path[0] == '.' ? " [a relative path; the gateway sees it from where it "
					 "was started]"
				       : "");
	else if (kong_is_bundled(plugin))
		report_add(
			check->report, FINDING_ERROR, plugin,
			"the gateway has a plugin of that name itself and never asks a server for "
			"it; serve it by another name (plugin_NAME_module = %s)",
			plugin);
	free(path);
}
