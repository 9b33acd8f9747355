/* lua_info.c - see lua_info.h. */
#include "plugins/lua/lua_info.h"
#include <stdlib.h>
#include <string.h>
#include "plugins/lua/lua_impl.h"
#include "plugins/lua/lua_json.h"

static char *take_string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? strdup(text) : NULL;
}

static phase_set take_phases(const json_t *names)
{
	phase_set set = 0;
	const json_t *name;
	size_t i;
	int phase;

	json_array_foreach(names, i, name)
	{
		phase = phase_find(json_string_value(name), json_string_length(name));
		if (phase >= 0)
			set |= PHASE_BIT(phase);
	}
	return set;
}

static int fill(struct plugin_info *info, const json_t *told, json_t *notes, struct err *err)
{
	info->priority = (long)json_number_value(json_object_get(told, "Priority"));
	info->version = take_string(told, "Version");
	info->phases = take_phases(json_object_get(told, "Phases"));
	info->schema = json_incref(json_object_get(told, "Schema"));
	info->notes = json_incref(notes);
	if (info->version == NULL || info->schema == NULL)
		return err_set(err, E_PLUGIN, "too little is known of the plugin");
	return 0;
}

int lua_info_take(lua_State *L, int first, struct plugin *plugin, struct err *err)
{
	json_t *told = NULL, *notes = NULL;
	int rc = lua_json_read(L, first, &told, err);

	if (rc == 0)
		rc = lua_json_read(L, first + 1, &notes, err);
	if (rc == 0)
		rc = fill(&plugin->info, told, notes, err);
	json_decref(told);
	json_decref(notes);
	return rc;
}
