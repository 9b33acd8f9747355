#include "server/command/export.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "plugins/lua/lua_path.h"
#include "plugins/runtime.h"
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/check/lua_requires.h"
#include "server/command/lua_literal.h"
#include "server/file.h"

/* What the gateway looks for beside the handler. */
static const char *const roots[] = {"schema", "daos", "api", "migrations"};

/* ---- files ---- */

static bool has_path(const struct export *e, const char *path)
{
	for (size_t i = 0; i < e->count; i++) {
		if (strcmp(e->files[i].path, path) == 0)
			return true;
	}
	return false;
}

/* Takes all three. */
static int add_file(struct export *e, char *path, char *from, char *text)
{
	struct export_file *files = NULL;

	if (path != NULL && text != NULL)
		files = realloc(e->files, (e->count + 1) * sizeof(*files));
	if (files == NULL) {
		free(path);
		free(from);
		free(text);
		return -E_NOMEM;
	}
	e->files = files;
	e->files[e->count++] = (struct export_file){path, from, text};
	return 0;
}

/* a.b as a/b.lua, or a/b/init.lua where the file is one. */
static char *path_of(const char *module, const char *file)
{
	bool is_init = strcmp(file_basename(file), "init.lua") == 0;
	char *path = file_printf("%s%s", module, is_init ? "/init.lua" : ".lua");

	for (size_t i = 0; path != NULL && i < strlen(module); i++)
		path[i] = path[i] == '.' ? '/' : path[i];
	return path;
}

static int copy_file(struct export *e, const char *module, const char *file, struct err *err)
{
	char *path = path_of(module, file), *text = NULL;
	size_t n;
	int rc;

	if (path == NULL || has_path(e, path)) {
		rc = path != NULL ? 0 : -E_NOMEM;
		free(path);
		return rc;
	}
	rc = file_read(file, &text, &n, err);
	if (rc == 0 && strlen(text) != n)
		rc = err_set(err, E_IO, "%s is no text: it has a zero byte", file);
	if (rc == 0)
		return add_file(e, path, strdup(file), text);
	free(text);
	free(path);
	return rc;
}

static int note(struct export *e, char *text)
{
	int rc = text != NULL ? json_array_append_new(e->notes, json_string(text)) : -1;

	free(text);
	return rc == 0 ? 0 : -E_NOMEM;
}

/* ---- what a file needs ---- */

static char *find_module(const struct export *e, const char *module)
{
	struct buf file = {0};
	char *found = NULL;

	if (lua_path_find(&e->paths, module, &file, NULL) == 0)
		found = strdup((const char *)buf_head(&file));
	buf_fini(&file);
	return found;
}

static bool is_handler(const struct export *e, const char *module)
{
	char *handler = file_printf("kong.plugins.%s.handler", e->plugin->module);
	bool is = handler != NULL && strcmp(handler, module) == 0;

	free(handler);
	return is;
}

/* A module that a file asks for. */
static int need(struct export *e, const char *module, const char *file, struct err *err)
{
	char *found;
	int rc;

	if (is_handler(e, module))
		return err_set(err, E_PLUGIN,
			       "%s needs the handler, which must not be on the gateway: "
			       "put what both need into a module of its own",
			       file);
	found = find_module(e, module);
	if (found != NULL)
		rc = copy_file(e, module, found, err);
	else
		rc = note(e, file_printf("%s needs the module %s, which is no Lua file here: the "
					 "gateway must have it",
					 file, module));
	free(found);
	return rc;
}

static int scan(struct export *e, size_t i, struct err *err)
{
	const char *at = e->files[i].text, *file = e->files[i].from;
	struct lua_require found;
	int rc = 0;

	while (rc == 0 && (at = lua_requires_next(at, &found)) != NULL) {
		char *module = strndup(found.name, found.n);

		if (module == NULL)
			rc = -E_NOMEM;
		else if (found.is_part)
			rc = note(e,
				  file_printf("%s puts the name of a module together (%s...): see "
					      "that the gateway has it",
					      file, module));
		else if (!lua_requires_is_gateways(module, found.n))
			rc = need(e, module, file, err);
		free(module);
	}
	return rc;
}

/* ---- the plugin ---- */

/* Every file in the folder of migrations, whose names are in a list in the first of them. */
static int copy_migrations(struct export *e, const char *init, struct err *err)
{
	char *dir = strndup(init, (size_t)(file_basename(init) - init));
	struct dirent **entries = NULL;
	int rc = 0, n = dir != NULL ? scandir(dir, &entries, NULL, alphasort) : 0;

	for (int i = 0; i < n; i++) {
		size_t len = strlen(entries[i]->d_name);
		bool is_lua = len > 4 && strcmp(entries[i]->d_name + len - 4, ".lua") == 0;

		if (rc == 0 && is_lua && strcmp(entries[i]->d_name, "init.lua") != 0) {
			char *file = file_printf("%s%s", dir, entries[i]->d_name);
			char *module = file_printf("kong.plugins.%s.migrations.%.*s",
						   e->plugin->name, (int)len - 4,
						   entries[i]->d_name);

			rc = file != NULL && module != NULL ? copy_file(e, module, file, err)
							    : -E_NOMEM;
			free(module);
			free(file);
		}
		free(entries[i]);
	}
	free(entries);
	free(dir);
	return rc;
}

/* The module that the gateway looks for by the served name. */
static int copy_root(struct export *e, const char *root, struct err *err)
{
	char *from = file_printf("kong.plugins.%s.%s", e->plugin->module, root);
	char *to = file_printf("kong.plugins.%s.%s", e->plugin->name, root);
	char *file = from != NULL ? find_module(e, from) : NULL;
	int rc = from != NULL && to != NULL ? 0 : -E_NOMEM;

	if (rc == 0 && file != NULL)
		rc = copy_file(e, to, file, err);
	if (rc == 0 && file != NULL && strcmp(root, "migrations") == 0 &&
	    strcmp(file_basename(file), "init.lua") == 0)
		rc = copy_migrations(e, file, err);
	free(file);
	free(to);
	free(from);
	return rc;
}

static int collect_lua(struct export *e, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(roots) / sizeof(roots[0]); i++)
		rc = copy_root(e, roots[i], err);
	for (size_t i = 0; rc == 0 && i < e->count; i++)
		rc = scan(e, i, err);
	return rc;
}

/* The schema as Lua. */
static int make_schema(struct export *e)
{
	struct buf text = {0};
	int rc = buf_printf(&text,
			    "-- The schema of the plugin %s, which is not written in Lua. "
			    "Made by outrigger export: do not edit.\n\nreturn ",
			    e->plugin->name);

	if (rc == 0)
		rc = lua_literal_append(&text, e->plugin->info.schema);
	if (rc == 0)
		rc = buf_append(&text, "\n", 2);
	if (rc == 0)
		rc = add_file(e, file_printf("kong/plugins/%s/schema.lua", e->plugin->name), NULL,
			      strdup((const char *)buf_head(&text)));
	buf_fini(&text);
	return rc;
}

int export_init(struct export *e, const struct plugin *plugin, const struct plugin_paths *paths,
		struct err *err)
{
	int rc;

	*e = (struct export){.plugin = plugin, .paths = *paths, .notes = json_array()};
	rc = plugin->runtime == &runtime_lua ? collect_lua(e, err) : make_schema(e);
	if (rc != 0)
		export_fini(e);
	return rc;
}

void export_fini(struct export *e)
{
	for (size_t i = 0; i < e->count; i++) {
		free(e->files[i].path);
		free(e->files[i].from);
		free(e->files[i].text);
	}
	free(e->files);
	json_decref(e->notes);
	memset(e, 0, sizeof(*e));
}
