/* native_load.c - a plugin's shared object: found, opened, checked. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>
#include "plugins/lua/lua_conf.h"
#include "plugins/native/native_impl.h"
#include "protocol/buf.h"
#include "protocol/sanitize.h"

#define SYMBOL "outrigger_plugin"

/* ---- finding ---- */

struct search {
	const char *name;
	struct buf file;  /* the file that was found */
	struct buf tried; /* a line for each that wasn't */
};

/* DIR/NAME.so or DIR/NAME/NAME.so: 1 if there is one, 0, -E_NOMEM. */
static int look_in(struct search *s, const char *dir, size_t n)
{
	const char *endings[] = {"", s->name};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < 2; i++) {
		buf_fini(&s->file);
		rc = buf_printf(&s->file, "%.*s/%s%s%s.so%c", (int)n, dir, endings[i],
				i > 0 ? "/" : "", s->name, '\0');
		if (rc == 0 && access((const char *)buf_head(&s->file), R_OK) == 0)
			return 1;
		if (rc == 0)
			rc = buf_printf(&s->tried, "%sno file '%s'",
					buf_len(&s->tried) > 0 ? ", " : "",
					(const char *)buf_head(&s->file));
	}
	return rc;
}

/* plugins_dir, then each folder of c_plugin_path. */
static int look(struct search *s, const struct plugin_paths *paths)
{
	const char *dir = paths->c_plugin_path;
	int rc = 0;

	if (paths->plugins_dir != NULL)
		rc = look_in(s, paths->plugins_dir, strlen(paths->plugins_dir));
	while (rc == 0 && dir != NULL && *dir != '\0') {
		size_t n = strcspn(dir, ":");

		if (n > 0)
			rc = look_in(s, dir, n);
		dir += n + (dir[n] == ':');
	}
	return rc;
}

int native_find(const struct plugin_spec *spec, struct err *err)
{
	struct search s = {.name = spec->module != NULL ? spec->module : spec->name};
	int rc = look(&s, spec->paths);

	if (rc == 0 && buf_len(&s.tried) > 0)
		err_set(err, E_NO_PLUGIN, "%.*s", (int)buf_len(&s.tried),
			(const char *)buf_head(&s.tried));
	buf_fini(&s.file);
	buf_fini(&s.tried);
	return rc;
}

/* ---- opening ---- */

static int set_where(struct plugin *plugin, const struct plugin_spec *spec)
{
	struct search s = {.name = plugin->module};
	int rc = look(&s, spec->paths);

	if (rc == 1)
		plugin->info.where = strdup((const char *)buf_head(&s.file));
	buf_fini(&s.file);
	buf_fini(&s.tried);
	return plugin->info.where != NULL ? 0 : -E_NOMEM;
}

static int check_abi(const char *where, const struct outrigger_plugin *api, struct err *err)
{
	if (api->abi != OUTRIGGER_ABI)
		return err_set(
			err, E_PLUGIN,
			"%s was built for version %u of outrigger.h, and this is version %u: build "
			"it again with the header of this Outrigger",
			where, api->abi, OUTRIGGER_ABI);
	if (api->size < offsetof(struct outrigger_plugin, init))
		return err_set(
			err, E_PLUGIN,
			"%s: its struct outrigger_plugin says that it has %u bytes: set size to "
			"sizeof(struct outrigger_plugin)",
			where, api->size);
	return 0;
}

/* What a plugin that was built with a newer header sets and we don't know. */
static bool has_unknown(const struct outrigger_plugin *api)
{
	const unsigned char *bytes = (const unsigned char *)api;

	for (size_t i = sizeof(*api); i < api->size; i++)
		if (bytes[i] != 0)
			return true;
	return false;
}

static int take_api(struct native_plugin *p, const char *where, struct err *err)
{
	const struct outrigger_plugin *api = dlsym(p->handle, SYMBOL);
	int rc;

	if (api == NULL)
		return err_set(err, E_PLUGIN,
			       "%s exports no " SYMBOL
			       ": define `const struct outrigger_plugin " SYMBOL "` in it",
			       where);
	rc = check_abi(where, api, err);
	if (rc != 0)
		return rc;
	if (has_unknown(api))
		return err_set(
			err, E_PLUGIN,
			"%s uses what only a newer Outrigger has: build it with the header of "
			"this one, or upgrade",
			where);
	memcpy(&p->api, api, api->size < sizeof(p->api) ? api->size : sizeof(p->api));
	if (p->api.name == NULL || p->api.version == NULL || p->api.schema == NULL)
		return err_set(err, E_PLUGIN, "%s: " SYMBOL " has no %s", where,
			       p->api.name == NULL      ? "name"
			       : p->api.version == NULL ? "version"
							: "schema");
	return 0;
}

/* All of the process. */
static struct native_plugin *loaded;

int native_refuse_twice(const struct native_plugin *p, const char *where, struct err *err)
{
	const struct native_plugin *other;

	LL_FOREACH (loaded, other) {
		if (other->handle == p->handle && other->initialised && other != p)
			return err_set(err, E_PLUGIN,
				       "%s runs already, as plugin '%s', and both would share its "
				       "static variables: give this one a copy of the file, or a "
				       "process of its own",
				       where, other->name);
	}
	return 0;
}

static int open_object(struct native_plugin *p, const char *where, struct err *err)
{
	const char *text;

	p->handle = dlopen(where, RTLD_NOW | RTLD_LOCAL);
	if (p->handle != NULL) {
		LL_PREPEND(loaded, p);
		return 0;
	}
	text = dlerror();
	return err_set(err, E_PLUGIN, "%s can't be loaded: %s", where,
		       text != NULL ? text : "unknown reason");
}

/* ---- what is told of it ---- */

static json_t *list_phases(const struct outrigger_plugin *api)
{
	json_t *list = json_array();

#define PHASE_OF(phase)         \
	if (api->phase != NULL) \
	json_array_append_new(list, json_string(#phase))
	PHASE_OF(certificate);
	PHASE_OF(rewrite);
	PHASE_OF(access);
	PHASE_OF(preread);
	PHASE_OF(response);
	PHASE_OF(log);
#undef PHASE_OF
	return list;
}

static int read_schema(const char *text, json_t **ret, struct err *err)
{
	json_error_t error;
	json_t *schema = json_loads(text, 0, &error);

	if (schema == NULL)
		return err_set(err, E_PLUGIN, "its schema is no JSON: %s (line %d, column %d)",
			       error.text, error.line, error.column);
	*ret = schema;
	return 0;
}

/* One of them would be wrong, and people would believe it. */
static int check_names(const struct outrigger_plugin *api, const json_t *schema, struct err *err)
{
	const char *name = json_string_value(json_object_get(schema, "name"));

	if (name == NULL || api->name == NULL || strcmp(name, api->name) == 0)
		return 0; /* a missing one is found with the rest of the schema */
	return err_set(err, E_PLUGIN, "it is named '%s', and its schema '%s': name both alike",
		       api->name, name);
}

static int build_info(struct plugin *plugin, const struct outrigger_plugin *api, json_t *schema,
		      struct err *err)
{
	struct native_plugin *p = plugin->impl;
	json_t *described = json_pack("{s:s?, s:I, s:o, s:O, s:b}", "version", api->version,
				      "priority", (json_int_t)api->priority, "phases",
				      list_phases(api), "schema", schema, "split", p->is_split);
	int rc;

	if (described == NULL)
		return err_set(err, E_PLUGIN, "its version is no UTF-8 text, or memory is short");
	rc = lua_schema_open(plugin, described, &p->schema, err);
	json_decref(described);
	return rc;
}

static int fill_info(struct plugin *plugin, const struct outrigger_plugin *api, struct err *err)
{
	json_t *schema = NULL;
	int rc = read_schema(api->schema, &schema, err);

	if (rc == 0)
		rc = check_names(api, schema, err);
	if (rc == 0)
		rc = build_info(plugin, api, schema, err);
	json_decref(schema);
	return rc;
}

int native_load(struct plugin *plugin, const struct plugin_spec *spec, struct err *err)
{
	struct native_plugin *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL || set_where(plugin, spec) != 0) {
		free(p);
		return err_set(err, E_NOMEM, "no memory for a plugin");
	}
	p->name = plugin->name;
	p->is_split = spec->is_split;
	plugin->impl = p;
	rc = open_object(p, plugin->info.where, err);
	if (rc == 0)
		rc = take_api(p, plugin->info.where, err);
	plugin->info.configures = rc == 0 && p->api.configure != NULL;
	return rc == 0 ? fill_info(plugin, &p->api, err) : rc;
}

/* A report of leaks names no lines of an object that is gone. */
static void close_object(void *handle)
{
#ifdef UNDER_ASAN
	(void)handle;
#else
	dlclose(handle);
#endif
}

void native_unload(struct native_plugin *p)
{
	lua_schema_close(p->schema);
	if (p->handle != NULL) {
		LL_DELETE(loaded, p);
		close_object(p->handle);
	}
	free(p);
}
