#include "plugins/plugin.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "pdk-bridge/pdk_counters.h"
#include "plugins/runtime.h"
#include "protocol/err.h"
#include "protocol/limits.h"

/* What a folder of plugins_dir has if it is a plugin. */
#define HANDLER_FILE "handler.lua"
#define OBJECT_ENDING ".so"

/* Names become parts of paths and of module names, so ".." and the like must not pass. */
static bool is_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > LIMIT_PLUGIN_NAME ||
	    !(isalnum((unsigned char)name[0]) || name[0] == '_'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && strchr("-_.", name[i]) == NULL)
			return false;
	return strstr(name, "..") == NULL;
}

static int check_name(const char *what, const char *name, struct err *err)
{
	if (is_name(name))
		return 0;
	return err_set(err, E_NO_PLUGIN,
		       "'%.64s' can't be the %s of a plugin: use letters, digits, '-', '_' and '.' "
		       "(at most %d, the first no '-' or '.')",
		       name, what, LIMIT_PLUGIN_NAME);
}

/* The first runtime that has the plugin's code. Collects in err where each looked. */
static int find_runtime(const struct plugin_spec *spec, const struct runtime **ret_runtime,
			struct err *err)
{
	struct err tried = {""};
	size_t len = 0;

	for (const struct runtime *const *runtime = plugin_runtimes; *runtime != NULL; runtime++) {
		struct err one = {""};
		int rc = (*runtime)->find(spec, &one);

		if (rc < 0)
			return err_set(err, (enum err_code)(-rc), "plugin '%s': %s", spec->name,
				       err_message(&one, rc));
		if (rc > 0) {
			*ret_runtime = *runtime;
			return 0;
		}
		if (len < sizeof(tried.text) && one.text[0] != '\0')
			len += (size_t)snprintf(tried.text + len, sizeof(tried.text) - len, "%s%s",
						len == 0 ? "" : "; ", one.text);
	}
	return err_set(err, E_NO_PLUGIN, "no plugin '%s': its handler is not found%s%s", spec->name,
		       len == 0 ? "" : ": ", tried.text);
}

static struct plugin *new_plugin(const struct plugin_spec *spec, const struct runtime *runtime)
{
	struct plugin *plugin = calloc(1, sizeof(*plugin));

	if (plugin == NULL)
		return NULL;
	plugin->runtime = runtime;
	plugin->name = strdup(spec->name);
	plugin->module = strdup(spec->module != NULL ? spec->module : spec->name);
	plugin->env = spec->env;
	plugin->dicts = spec->dicts;
	plugin->env.plugin = plugin->name;
	if (plugin->env.counters == NULL)
		plugin->env.counters = plugin->counters = calloc(PDK_COUNTERS, sizeof(uint64_t));
	if (plugin->name != NULL && plugin->module != NULL && plugin->env.counters != NULL)
		return plugin;
	plugin_destroy(plugin);
	return NULL;
}

static int load(const struct plugin_spec *spec, const struct runtime *runtime,
		struct plugin **ret_plugin, struct err *err)
{
	struct plugin *plugin = new_plugin(spec, runtime);
	int rc;

	if (plugin == NULL)
		return err_set(err, E_NOMEM, "no memory for plugin '%s'", spec->name);
	rc = runtime->load(plugin, spec, err);
	if (rc != 0) {
		plugin_destroy(plugin);
		return err_prefix(err, rc, "plugin '%s'", spec->name);
	}
	*ret_plugin = plugin;
	return 0;
}

int plugin_load(const struct plugin_spec *spec, struct plugin **ret_plugin, struct err *err)
{
	const struct runtime *runtime = NULL;
	struct err detail = {""};
	int rc = check_name("name", spec->name, err);

	if (rc == 0 && spec->module != NULL)
		rc = check_name("module", spec->module, err);
	if (rc == 0)
		rc = find_runtime(spec, &runtime, err);
	if (runtime == NULL)
		return rc;
	rc = load(spec, runtime, ret_plugin, &detail);
	if (rc != 0 && err != NULL)
		*err = detail;
	return rc;
}

void plugin_destroy(struct plugin *plugin)
{
	if (plugin == NULL)
		return;
	if (plugin->impl != NULL)
		plugin->runtime->unload(plugin);
	json_decref(plugin->info.schema);
	json_decref(plugin->info.notes);
	free(plugin->info.version);
	free(plugin->info.where);
	free(plugin->counters);
	free(plugin->module);
	free(plugin->name);
	free(plugin);
}

static json_t *describe_phases(phase_set phases)
{
	json_t *names = json_array();

	for (int i = 0; names != NULL && i < PHASE_COUNT; i++)
		if (phases & PHASE_BIT(i) & PHASES_EXTERNAL)
			json_array_append_new(names, json_string(phase_name((enum phase)i)));
	return names;
}

json_t *plugin_describe(const struct plugin *plugin)
{
	const struct plugin_info *info = &plugin->info;

	return json_pack("{s:s, s:I, s:s, s:o, s:O}", "Name", plugin->name, "Priority",
			 (json_int_t)info->priority, "Version", info->version, "Phases",
			 describe_phases(info->phases), "Schema", info->schema);
}

/* Whether DIR/NAME/FILE can be read. */
static bool has_file(const char *dir, const char *name, const char *file)
{
	char *path = NULL;
	bool found;

	if (asprintf(&path, "%s/%s/%s", dir, name, file) < 0)
		return false;
	found = access(path, R_OK) == 0;
	free(path);
	return found;
}

/* The plugin's name in `name`, an entry of plugins_dir that may be one: a folder with a handler or a shared
 * object, or such an object itself. Returns owned, or NULL. */
static char *plugin_of_entry(const char *dir, const char *entry)
{
	size_t n = strlen(entry), ending = strlen(OBJECT_ENDING);
	bool is_object = n > ending && strcmp(entry + n - ending, OBJECT_ENDING) == 0;
	char *name = strndup(entry, is_object ? n - ending : n), *object = NULL;
	bool found = is_object;

	if (name != NULL && !is_object && asprintf(&object, "%s" OBJECT_ENDING, name) >= 0)
		found = has_file(dir, name, HANDLER_FILE) || has_file(dir, name, object);
	free(object);
	if (name != NULL && found && is_name(name))
		return name;
	free(name);
	return NULL;
}

static void list_entry(json_t *names, const char *dir, const char *entry)
{
	char *name = plugin_of_entry(dir, entry);

	if (name != NULL)
		json_object_set_new_nocheck(names, name, json_null());
	free(name);
}

static json_t *sorted_keys(json_t *set)
{
	json_t *names = json_array();
	const char *name;
	json_t *value;

	json_object_foreach(set, name, value)
	{
		json_array_append_new(names, json_string_nocheck(name));
	}
	json_decref(set);
	return names;
}

json_t *plugin_list(const struct plugin_paths *paths)
{
	json_t *found = json_object();
	struct dirent **entries = NULL;
	int n = 0;

	if (found != NULL && paths->plugins_dir != NULL)
		n = scandir(paths->plugins_dir, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		list_entry(found, paths->plugins_dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return sorted_keys(found);
}
