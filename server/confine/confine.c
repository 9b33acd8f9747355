#include "server/confine/confine.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/config/config_plugin.h"
#include "server/confine/filter.h"
#include "server/confine/identity.h"
#include "server/confine/lacks.h"
#include "server/confine/landlock.h"
#include "server/confine/mark.h"
#include "server/confine/places.h"
#include "server/confine/privileges.h"
#include "server/confine/quota.h"
#include "server/file.h"
#include "server/log.h"

int confine_supervisor(const struct config *config, struct err *err)
{
	struct identity identity;
	int rc = identity_find(config, &identity, err);

	if (rc != 0)
		return rc;
	if (identity.user == NULL && geteuid() == 0)
		log_line(LOG_LEVEL_WARN, "plugin code runs as root: set run_as_user");
	lacks_say(config, LOG_LEVEL_NOTICE);
	if (config->landlock && log_file() >= 0 && places_may_write(config, config->log))
		log_line(
			LOG_LEVEL_WARN,
			"the log %s lies where plugin code may write (write_paths): it can replace "
			"and forge it; put it in a folder of its own",
			config->log);
	if (!config->core_dumps)
		privileges_forbid_cores();
	privileges_show(false);
	return 0;
}

int confine_single(const struct config *config, struct err *err)
{
	if (config->run_as_user != NULL)
		return err_set(err, E_CONF, "run_as_user: there are no workers with --single");
	log_line(LOG_LEVEL_WARN,
		 "--single: nothing keeps plugin code from the rest of the machine");
	return 0;
}

/* A module that can't be read looks to Lua like one that isn't there. */
static int check_readable(const struct config *config, const char *name, struct err *err)
{
	char *path = file_printf("%s%s%s", config->plugins_dir, *name != '\0' ? "/" : "", name);
	int rc = 0;

	if (path != NULL && access(path, R_OK | X_OK) != 0 && errno == EACCES)
		rc = err_set(err, E_CONF,
			     "%s can't be read by the user %s (run_as_user), who runs plugins; "
			     "let them enter and read it, and all folders above",
			     path, config->run_as_user);
	free(path);
	return rc;
}

static int check_all_readable(const struct config *config, struct err *err)
{
	int rc = 0;

	if (config->plugins_dir != NULL)
		rc = check_readable(config, "", err);
	for (size_t i = 0; config->plugins_dir != NULL && rc == 0 && i < config->plugin_count; i++)
		rc = check_readable(config, config->plugins[i].name, err);
	return rc;
}

static int become(const struct config *config, struct err *err)
{
	struct identity identity;
	int rc = identity_find(config, &identity, err);

	if (rc != 0 || identity.user == NULL)
		return rc;
	rc = identity_take(&identity, err);
	return rc == 0 ? check_all_readable(config, err) : rc;
}

/* Plugins in one process have the same rights. */
static int filter_calls(const struct config *config, unsigned also, struct err *err)
{
	struct filter_options options = {
		.allowed = also,
		.network = config_has_network(config),
		.no_truncate = config->landlock && landlock_version() > 0 &&
			       landlock_version() < LANDLOCK_TRUNCATES,
		.no_new_privs = config->no_new_privs || geteuid() != 0,
	};
	unsigned allowed = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < config->plugin_count; i++) {
		rc = filter_parse_allow(config->plugins[i].allow, &allowed, err);
		options.allowed |= allowed;
		options.zeromq |= config->plugins[i].exec != NULL ||
				  config->plugins[i].listen != NULL;
	}
	if (rc != 0)
		return rc;
	return config->seccomp && filter_is_known() ? filter_install(&options, err) : 0;
}

/* Who is not root may do that only after no_new_privs, as with the filter. */
static int bind_to_places(const struct config *config, const char *output, struct err *err)
{
	if (!config->landlock || landlock_version() == 0)
		return 0;
	if (geteuid() != 0)
		privileges_gain_none();
	return places_restrict(config, output, err);
}

static int confine(const struct config *config, const char *output, unsigned also, struct err *err)
{
	int rc = become(config, err);

	if (rc == 0)
		rc = mark_set(err);
	if (rc == 0)
		rc = quota_set(config, err);
	if (rc == 0 && config->no_new_privs)
		rc = privileges_drop(err);
	if (rc != 0)
		return rc;
	/* Who has changed its user has lost that already. */
	privileges_show(config->core_dumps);
	if (!config->core_dumps)
		privileges_forbid_cores();
	rc = bind_to_places(config, output, err);
	return rc == 0 ? filter_calls(config, also, err) : rc;
}

int confine_plugins(const struct config *config, const char *output, struct err *err)
{
	return confine(config, output, 0, err);
}

/* What it is now must be able to exec, and what it becomes can't lose that any more. */
int confine_program(const struct config *config, struct err *err)
{
	return confine(config, NULL, ALLOW_BIT(ALLOW_exec), err);
}
