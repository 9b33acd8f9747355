/* plugin.h - a plugin that is loaded, and the runtimes that load one.
 *
 * Glossary: a *plugin* is handler + schema under the name that the gateway uses (the *served name*); its
 * *module* is the name under kong.plugins.* or the folder where its code is found. An *instance* is a
 * plugin with one conf (instance.h). A *runtime* (runtime.h) turns "event on instance" into running code. */
#ifndef PLUGINS_PLUGIN_H
#define PLUGINS_PLUGIN_H
#include <jansson.h>
#include <stdbool.h>
#include "pdk-bridge/pdk_call.h"

struct dict_set;
struct loop;
struct lua_vm;
struct plugin;
struct remote_program;
struct runtime;

/* Where plugin code is looked for; the same for all plugins of a process. Borrowed strings. */
struct plugin_paths {
	const char *plugins_dir;      /* DIR/NAME/handler.lua; NULL = none */
	const char *lua_package_path; /* Kong's setting; NULL = its default */
	const char *lua_package_cpath;
	const char *c_plugin_path; /* folders with colons: NAME.so or NAME/NAME.so; NULL = none */
};

/* What one plugin is asked to be. Borrowed strings. */
struct plugin_spec {
	const char *name;   /* served name: letters, digits, '-', '_', '.' */
	const char *module; /* NULL = as name */
	const struct plugin_paths *paths;
	struct pdk_env env; /* copied; plugin_load sets .plugin, and .counters where it is NULL */
	bool no_filters;    /* header_filter and body_filter are left out */
	bool is_split;      /* the gateway has the plugin's own schema: confs come completed */
	struct lua_vm *
		*lua_vm; /* where plugins that share a Lua state find it; NULL = one of its own */
	struct dict_set *dicts; /* shared dictionaries, open; borrowed for its life; NULL = none */
	const struct remote_program *program; /* the program that it is (remote.h); NULL = none */
};

/* What the gateway is told of a plugin, and what `check` says of it. */
struct plugin_info {
	long priority;
	char *version;    /* "x.y.z", never NULL once loaded */
	phase_set phases; /* external phases that the handler defines: what is advertised */
	json_t *schema;   /* JSON-safe, ready for the dump; its name is the served name */
	json_t *notes; /* array of texts: what can't cross to the gateway, phases that are never called */
	char *where;     /* the handler's file */
	bool configures; /* wants to be told of its confs */
};

/* A conf of a plugin: what the runtime made of it, or, while that is dropped, the conf as the gateway has sent it. */
struct plugin_conf {
	json_t *conf; /* NULL where it is live */
	void *live;   /* or NULL */
};

/* What came of a conf that was looked at without an instance. Owned. */
struct conf_result {
	json_t *conf;   /* as a handler would get it, or NULL */
	json_t *faults; /* an array of texts "field: what is wrong", or NULL */
};

struct plugin {
	char *name;
	char *module;
	const struct runtime *runtime;
	void *impl; /* the runtime's */
	struct plugin_info info;
	struct pdk_env env;
	uint64_t *counters;      /* env.counters, if they are the plugin's own; else NULL */
	void *settings;          /* the server's struct plugin_settings; borrowed */
	const struct loop *loop; /* borrowed; NULL where nothing is served (loop.h) */
	bool is_starting;        /* the server: init_worker waits; configure comes after it */
	bool is_changed; /* instance.c: the set of its confs has changed since it was told */
	struct plugin *next_changed;
	struct dict_set *dicts; /* as of its spec */
	uint64_t *
		emptied; /* counts shared dictionaries that were not in order; NULL = nobody asks */
};

/* Finds the plugin by the first runtime that has it and loads it. Returns an owned plugin in
 * *ret_plugin. -E_NO_PLUGIN (err lists the paths that were tried), -E_PLUGIN, -E_NOMEM. */
int plugin_load(const struct plugin_spec *spec, struct plugin **ret_plugin, struct err *err);
/* Unloads. No instance may be live. Accepts NULL. */
void plugin_destroy(struct plugin *plugin);
/* The plugin as query_cmd's answer has it: {Name, Priority, Version, Phases, Schema}. Returns owned. */
json_t *plugin_describe(const struct plugin *plugin);
/* Names of all plugins found in paths->plugins_dir (folders with a handler, shared objects), in
 * the order of their files. Owned JSON array. */
json_t *plugin_list(const struct plugin_paths *paths);

#endif
