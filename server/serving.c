#include "server/serving.h"
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/admin/admin.h"
#include "server/command/dump.h"
#include "server/file.h"
#include "server/leaving.h"
#include "server/log.h"
#include "server/registry/ids_file.h"
#include "server/socket/peer.h"

#define SPARE_DESCRIPTORS (64 + PEER_MEMO) /* that are no connections */

int serving_open(const struct config *config, struct err *err)
{
	int rc;

	leaving_remember_parent(config);
	log_set_format(config->log_format);
	rc = file_open_standard(err);
	return rc == 0 ? log_open(config->log, config->log_level, err) : rc;
}

void serving_close(const struct config *config, int rc, const struct err *err)
{
	if (rc != 0 && strcmp(config->log, "stderr") != 0)
		log_line(LOG_LEVEL_ERR, "can't serve: %s", err_message(err, rc));
	log_close();
}

void serving_raise_limit(const struct config *config)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < config->max_connections + SPARE_DESCRIPTORS)
		log_line(LOG_LEVEL_WARN,
			 "the limit of open files (%llu) is too low for max_connections (%zu)",
			 (unsigned long long)limit.rlim_max, config->max_connections);
}

int serving_open_ids(const struct config *config, struct ids_file *ids, struct err *err)
{
	char *path = config_socket_path(config, &config->plugins[0]);
	int rc;

	if (path == NULL)
		return err_set(err, E_NOMEM, "no memory for a socket's path");
	rc = ids_file_init(ids, dirname(path), err);
	free(path);
	return rc;
}

static char *dump_path(const struct config *config, const struct plugin_settings *plugin)
{
	char *path = config_socket_path(config, plugin);
	char *file = path != NULL ? file_printf("%s/%s.json", dirname(path), plugin->name) : NULL;

	free(path);
	return file;
}

static int write_dump(const struct config *config, const struct plugin_settings *plugin,
		      const char *text, struct err *err)
{
	char *path = config_socket_path(config, plugin);
	int rc = path != NULL ? dump_write_text(dirname(path), plugin->name, text, err) : -E_NOMEM;

	free(path);
	return rc;
}

void serving_write_dump(const struct config *config, const struct plugin_settings *plugin,
			const char *text)
{
	struct err err = {""};
	int rc = write_dump(config, plugin, text, &err);

	if (rc != 0)
		log_event(LOG_LEVEL_WARN, 0, plugin->name, "no dump beside the socket: %s",
			  err_message(&err, rc));
}

bool serving_lacks_dump(const struct config *config, const struct plugin_settings *plugin)
{
	char *file = dump_path(config, plugin);
	bool lacks = file != NULL && !file_is_there(file) && file_exists(dirname(file));

	free(file);
	return lacks;
}

void serving_keep_dump(const struct config *config, const struct plugin_settings *plugin,
		       const char *text, bool *lacks)
{
	struct err err = {""};
	int rc;

	if (!serving_lacks_dump(config, plugin))
		return;
	rc = write_dump(config, plugin, text, &err);
	if (rc == 0)
		log_event(LOG_LEVEL_NOTICE, 0, plugin->name,
			  "its dump had vanished and was made again");
	else if (!*lacks)
		log_event(LOG_LEVEL_WARN, 0, plugin->name,
			  "its dump has vanished and can't be made again: %s",
			  err_message(&err, rc));
	*lacks = rc != 0;
}

void serving_forget(const struct config *config, const struct plugin_settings *plugin)
{
	char *file = dump_path(config, plugin);

	if (file != NULL)
		unlink(file);
	free(file);
}

bool serving_shares_dump(const struct config *config, const struct plugin_settings *plugin,
			 const struct config *other)
{
	char *file = dump_path(config, plugin);
	bool shares = false;

	for (size_t i = 0; !shares && i < other->plugin_count; i++) {
		char *its = dump_path(other, &other->plugins[i]);

		shares = file != NULL && its != NULL && strcmp(file, its) == 0;
		free(its);
	}
	free(file);
	return shares;
}

int serving_create_admin(const struct config *config, struct reactor *reactor,
			 const struct status_source *source, struct admin **ret_admin,
			 struct err *err)
{
	char *path = config_admin_path(config);
	const struct admin_options options = {
		.reactor = reactor,
		.path = config_has_admin(config) ? path : NULL,
		.status_listen = strcmp(config->status_listen, "off") != 0 ? config->status_listen
									   : NULL,
		.source = *source,
	};
	int rc = path != NULL ? admin_create(&options, ret_admin, err) : -E_NOMEM;

	if (rc != 0 && rc != -E_CONF) {
		log_line(LOG_LEVEL_WARN, "`outrigger status` can't be answered: %s",
			 err_message(err, rc));
		rc = 0;
	}
	free(path);
	return rc;
}

void serving_tell(const struct config *config, const struct plugin_settings *plugin,
		  const char *version)
{
	char *path = config_socket_path(config, plugin);

	log_event(LOG_LEVEL_NOTICE, 0, plugin->name, "version %s is served on %s", version,
		  path != NULL ? path : "its socket");
	free(path);
}
