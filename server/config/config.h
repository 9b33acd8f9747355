/* config.h - every setting of Outrigger, from the file, the environment and the command line.
 *
 * Form and names are kong.conf's: `key = value`, `#` comments; OUTRIGGER_KEY in the environment wins
 * over the file, an option over both. To add a setting, add a row to options.def and a member here;
 * parsing, defaults, --help and docs are loops over that table. Settings of one plugin:
 * plugin_NAME_KEY ('-' and '.' of NAME written '_'). */
#ifndef SERVER_CONFIG_CONFIG_H
#define SERVER_CONFIG_CONFIG_H
#include <stdbool.h>
#include <stddef.h>
#include "pdk-bridge/pdk_call.h"
#include "plugins/plugin.h"
#include "protocol/limits.h"
#include "server/log.h"

enum on_error {
	ON_ERROR_CLOSED,
	ON_ERROR_OPEN
};

/* Whether plugins in Lua that share a process share their modules and globals. */
enum lua_state_kind {
	LUA_STATE_OWN,
	LUA_STATE_SHARED,
};

/* Settings of one plugin. */
struct plugin_settings {
	char *name;                   /* served name */
	char *module;                 /* plugin_NAME_module; NULL = as name */
	char *exec;                   /* plugin_NAME_exec; NULL = its code runs in our process */
	char *listen, *listen_key;    /* where such a program comes by itself; our keys; NULL */
	double heartbeat_timeout;     /* seconds of silence for which such a program lives */
	char *protocol, *allow;       /* NULL = as the configuration's; names with commas, NULL */
	bool filters, network, split; /* response-phase filters run; the gateway has its schema */
	enum on_error on_error;
	double event_timeout;          /* seconds the gateway may wait for us in one event */
	double step_timeout;           /* seconds we wait for an answer of the gateway */
	double slow_step_timeout;      /* the same for calls that wait for a client or a database */
	char *socket;                  /* path; NULL = PREFIX/NAME.socket */
	char *process;                 /* whose process it shares; NULL = none's */
	enum lua_state_kind lua_state; /* with those of its process whose state is shared, too */
	size_t workers;                /* processes of its group */
	bool read_cache;               /* ask the gateway only once for what can't change */
	size_t max_body_size;          /* bytes of a body that the plugin reads or sets */
};

struct config {
	char *prefix; /* default: as the nginx master above us says, else /usr/local/kong */
	char *plugins_dir, *lua_package_path, *lua_package_cpath, *c_plugin_path, *shared_dicts;
	char *socket;   /* one socket for all plugins; NULL = one per plugin */
	char *protocol; /* "auto", "msgpack" or "protobuf" */
	enum log_level log_level;
	enum log_format log_format;
	char *log;                         /* "stderr", "syslog" or a file; never NULL */
	unsigned kong_version;             /* 309 = 3.9 */
	unsigned socket_mode;              /* 0660 */
	char *socket_owner, *socket_group; /* NULL = ours */
	char *allowed_uids; /* SO_PEERCRED allow-list: names or numbers with commas; NULL = any */
	char *admin_listen, *status_listen;       /* or "off"; NULL = PREFIX/outrigger_admin.sock */
	bool exit_with_parent, watch, read_cache; /* the last: default of the plugins' */
	bool raw_calls; /* PDK calls go out exactly as the plugins make them */
	size_t max_connections, max_events, max_instances;
	struct limits limits; /* max_message_size, max_message_depth */
	size_t max_body_size; /* default of the plugins' */
	double event_timeout, step_timeout, slow_step_timeout; /* defaults of the plugins' */
	double stall_timeout; /* seconds for which plugin code may run without a pause */
	double quarantine_time, orphan_timeout;
	size_t quarantine_after; /* crashes in a row */
	size_t workers;          /* default of the plugins' */
	double load_timeout;     /* seconds after which a plugin that loads ends the process */
	double drain_timeout;    /* seconds that running events get to end when we leave */
	char *run_as_user, *run_as_group, *keep_environment, *read_paths, *write_paths;
	bool no_new_privs, core_dumps, seccomp, landlock;
	size_t memory_max, worker_memory_max, file_size_max; /* bytes; 0 = as documented */
	size_t worker_files_max, worker_cpu_max;             /* percent of a processor; 0 = none */
	size_t mem_cache_size; /* bytes of two of the shared dictionaries */
	char *lua_ssl_trusted_certificate, *lua_ssl_protocols, *dns_resolver, *dns_hostsfile;
	size_t lua_ssl_verify_depth, lua_socket_pool_size;
	enum on_error on_error;
	enum lua_state_kind lua_state;   /* default of the plugins' */
	char *plugin_list;               /* the key `plugins`, as it was written; NULL */
	struct plugin_settings *plugins; /* by --plugin, `plugins`, or all of plugins_dir */
	size_t plugin_count;
	struct setting *settings; /* what was set, and where (settings.h) */
	char *file;               /* the file that was read; NULL = none */
};

/* Fills `config` with defaults, then reads the file (path, or NULL), the environment and
 * `given` (an array of "key=value" from the command line, n long; the key "plugin" may repeat).
 * -E_CONF with the place, the key, what is wrong and, for an unknown key, the nearest one.
 * plugin_count may be 0: config_need_plugins. */
int config_init(struct config *config, const char *path, const char *const *given, size_t n,
		struct err *err);
/* The same of a file alone, which holds all that was set, as config_text.h writes it. */
int config_init_file(struct config *config, const char *path, struct err *err);
void config_fini(struct config *config);
/* -E_CONF, saying what to do, when there is no plugin at all. */
int config_need_plugins(const struct config *config, struct err *err);
/* The socket of a plugin: its own, the common one, or PREFIX/NAME.socket. Owned; NULL without memory. */
char *config_socket_path(const struct config *config, const struct plugin_settings *plugin);
/* The path of the admin socket, owned, NULL without memory; and whether there is to be one. */
char *config_admin_path(const struct config *config);
bool config_has_admin(const struct config *config);
/* Where plugin code is looked for. Borrows `config`. */
struct plugin_paths config_plugin_paths(const struct config *config);
/* What plugins get of the process that loads them. */
struct plugin_home {
	const struct pdk_port *port;
	struct pdk_constants *constants; /* answers that hold for a gateway process; may be NULL */
	struct lua_vm *shared;           /* the Lua state of those who share one; set by them */
	struct dict_set *dicts;          /* shared dictionaries; NULL = none */
	const struct programs *programs; /* of plugins that have one, running; NULL = none */
};

/* Loads one plugin with its settings. The process ends where that never does (load_timeout). */
int config_load_plugin(const struct config *config, const struct plugin_settings *settings,
		       struct plugin_home *home, struct plugin **ret_plugin, struct err *err);

#endif
