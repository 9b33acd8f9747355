#include "plugins/plugin.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "protocol/limits.h"

/* What a folder of plugins_dir has if it is a plugin. */
#define HANDLER_FILE "handler.lua"

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
	plugin->env.plugin = plugin->name;
	if (plugin->name != NULL && plugin->module != NULL)
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

/* Whether the entry of plugins_dir is a folder with a handler that can be read. */
static bool is_plugin(const char *dir, const char *name)
{
	char *path = NULL;
	bool found;

	if (!is_name(name) || asprintf(&path, "%s/%s/" HANDLER_FILE, dir, name) < 0)
		return false;
	found = access(path, R_OK) == 0;
	free(path);
	return found;
}

json_t *plugin_list(const struct plugin_paths *paths)
{
	json_t *names = json_array();
	struct dirent **entries = NULL;
	int n = 0;

	if (names != NULL && paths->plugins_dir != NULL)
		n = scandir(paths->plugins_dir, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (is_plugin(paths->plugins_dir, entries[i]->d_name))
			json_array_append_new(names, json_string(entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	return names;
}
