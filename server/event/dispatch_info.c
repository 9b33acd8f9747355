/* dispatch_info.c - the methods that the gateway never calls, but people with tools do. */
#include <jansson.h>
#include "pdk-bridge/pdk_counters.h"
#include "protocol/err.h"
#include "server/event/dispatch.h"
#include "server/worker.h"

/* ---- JSON as a value, in the arena ---- */

static int to_value(struct arena *arena, const json_t *json, struct value *ret);

static int to_array(struct arena *arena, const json_t *json, struct value *ret)
{
	int rc = value_new_array(arena, json_array_size(json), ret);

	for (uint32_t i = 0; rc == 0 && i < ret->len; i++)
		rc = to_value(arena, json_array_get(json, i), &ret->items[i]);
	return rc;
}

static int to_map(struct arena *arena, const json_t *json, struct value *ret)
{
	void *at = json_object_iter((json_t *)json);
	int rc = value_new_map(arena, json_object_size(json), ret);

	for (uint32_t i = 0; rc == 0 && i < ret->len; i++) {
		ret->pairs[i].key = value_str(json_object_iter_key(at));
		rc = to_value(arena, json_object_iter_value(at), &ret->pairs[i].value);
		at = json_object_iter_next((json_t *)json, at);
	}
	return rc;
}

/* Texts are borrowed. */
static int to_value(struct arena *arena, const json_t *json, struct value *ret)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return to_map(arena, json, ret);
	case JSON_ARRAY:
		return to_array(arena, json, ret);
	case JSON_STRING:
		*ret = value_strn(json_string_value(json), json_string_length(json));
		return 0;
	case JSON_INTEGER:
		*ret = value_int(json_integer_value(json));
		return 0;
	case JSON_REAL:
		*ret = value_double(json_real_value(json));
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		*ret = value_bool(json_is_true(json));
		return 0;
	default:
		*ret = value_nil();
		return 0;
	}
}

/* Takes `json`, which may be NULL. */
static void answer_json(struct worker *w, struct session *s, const struct msg *msg, json_t *json)
{
	struct value data;

	if (json != NULL && to_value(&w->session_env.arena, json, &data) == 0)
		dispatch_answer(s, msg, data);
	else
		dispatch_answer_error(s, msg, "%s", err_text(E_NOMEM));
	json_decref(json);
}

/* ---- what there is to tell ---- */

static json_t *describe_instance(const struct instance *instance, json_t *conf)
{
	return json_pack("{s:s, s:I, s:O, s:b, s:I, s:I}", "Name", instance->plugin->name, "Id",
			 (json_int_t)instance->id, "Config", conf, "Live", instance->live != NULL,
			 "References", (json_int_t)instance->refs, "Running",
			 (json_int_t)instance->running);
}

struct listing {
	const struct plugin *plugin;
	json_t *instances;
};

static void add_instance(void *user, const struct instance *instance, json_t *conf)
{
	struct listing *listing = user;

	if (instance->plugin == listing->plugin)
		json_array_append_new(listing->instances, describe_instance(instance, conf));
}

/* Takes *plugin, which may be NULL. */
static void add_times(json_t *plugin, const struct served *served)
{
	json_object_set_new(plugin, "LoadTime", json_integer((json_int_t)served->loaded_at));
	json_object_set_new(plugin, "File", json_string(served->plugin->info.where));
}

static json_t *describe_counters(const uint64_t *counters, enum pdk_id id)
{
	json_t *counts = json_object();

	for (int i = 0; i < PDK_COUNTER_COUNT; i++) {
		uint64_t n = counters[pdk_counter_at(id, (enum pdk_counter)i)];

		if (n > 0)
			json_object_set_new(counts, pdk_counter_name((enum pdk_counter)i),
					    json_integer((json_int_t)n));
	}
	return counts;
}

/* Rows that were called, with what that has cost. */
static json_t *describe_calls(const uint64_t *counters)
{
	json_t *calls = json_object();

	for (int id = 0; id < PDK_ID_COUNT; id++) {
		json_t *counts = describe_counters(counters, (enum pdk_id)id);

		if (json_object_size(counts) > 0)
			json_object_set(calls, pdk_table[id].name, counts);
		json_decref(counts);
	}
	return calls;
}

static json_t *describe_served(const struct worker *w, const struct served *served)
{
	struct listing listing = {served->plugin, json_array()};
	json_t *status = json_pack("{s:s}", "Name", served->plugin->name);

	instance_each(w->instances, add_instance, &listing);
	add_times(status, served);
	json_object_set_new(status, "Instances", listing.instances);
	json_object_set_new(status, "Calls", describe_calls(served->plugin->env.counters));
	return status;
}

void dispatch_get_status(struct worker *w, struct session *s, const struct msg *msg)
{
	json_t *plugins = json_object();

	for (size_t i = 0; i < w->served_count; i++)
		json_object_set_new(plugins, w->served[i].plugin->name,
				    describe_served(w, &w->served[i]));
	answer_json(w, s, msg,
		    json_pack("{s:i, s:s, s:I, s:I, s:o}", "Pid", (int)w->server_pid, "Version",
			      OUTRIGGER_VERSION, "Connections", (json_int_t)worker_connections(w),
			      "Events", (json_int_t)worker_events(w), "Plugins", plugins));
}

void dispatch_get_plugin_info(struct worker *w, struct session *s, const struct msg *msg)
{
	const struct served *served = NULL;
	json_t *info;

	if (value_is_text(&msg->data))
		served = worker_find(w, msg->data.s, msg->data.len);
	if (served == NULL) {
		dispatch_answer_error(s, msg,
				      "plugin.GetPluginInfo wants the name of a plugin that is "
				      "served here");
		return;
	}
	info = plugin_describe(served->plugin);
	add_times(info, served);
	answer_json(w, s, msg, info);
}

static void keep_description(void *user, const struct instance *instance, json_t *conf)
{
	json_t **ret = user;

	*ret = describe_instance(instance, conf);
}

void dispatch_instance_status(struct worker *w, struct session *s, const struct msg *msg)
{
	json_t *description = NULL;
	struct err err = {""};
	int64_t id;
	int rc;

	if (!value_to_int(&msg->data, &id)) {
		dispatch_answer_error(s, msg, "plugin.InstanceStatus wants the id of an instance");
		return;
	}
	rc = instance_look(w->instances, id, keep_description, &description, &err);
	if (rc != 0)
		dispatch_answer_error(s, msg, "%s", err_message(&err, rc));
	else
		answer_json(w, s, msg, description);
}

/* go-pdk's way to say where plugins are. Here that is the operator's business, not a caller's. */
void dispatch_set_plugin_dir(struct worker *w, struct session *s, const struct msg *msg)
{
	(void)w;
	dispatch_answer_error(s, msg, "the folder of plugins is a setting: plugins_dir");
}
