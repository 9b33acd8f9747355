#include "server/confine/lacks.h"
#include <stdbool.h>
#include "server/config/config.h"
#include "server/config/config_plugin.h"
#include "server/confine/filter.h"
#include "server/confine/landlock.h"

static void say_places(int version, bool has_filter, enum log_level least)
{
	if (version == 0)
		log_line(LOG_LEVEL_WARN,
			 "this kernel binds no process to folders (Landlock): plugin code may "
			 "open whatever its user may");
	else if (version < LANDLOCK_TRUNCATES && !has_filter)
		log_line(
			LOG_LEVEL_WARN,
			"this kernel's Landlock, version %d, doesn't know truncating, and no filter "
			"of system calls stands in: plugin code may empty whatever its user may write",
			version);
	else if (version < LANDLOCK_TRUNCATES && least >= LOG_LEVEL_NOTICE)
		log_line(
			LOG_LEVEL_NOTICE,
			"this kernel's Landlock, version %d, doesn't know truncating: plugin code may "
			"truncate no files by their names, its own neither",
			version);
	if (version > 0 && version < LANDLOCK_MOVES && least >= LOG_LEVEL_NOTICE)
		log_line(LOG_LEVEL_NOTICE,
			 "this kernel's Landlock, version %d, lets plugin code move no files "
			 "between folders",
			 version);
}

static void say_network(const struct config *config, int version, bool has_filter)
{
	if (!has_filter)
		log_line(LOG_LEVEL_WARN,
			 "plugin_NAME_network = off doesn't hold without a filter of system calls "
			 "(seccomp)");
	else if (!config->landlock)
		log_line(
			LOG_LEVEL_WARN,
			"plugin_NAME_network = off leaves abstract Unix sockets, with landlock = off");
	else if (version < LANDLOCK_SCOPES)
		log_line(LOG_LEVEL_WARN,
			 "plugin_NAME_network = off leaves abstract Unix sockets: this kernel's "
			 "Landlock, version %d, can't keep plugin code from them",
			 version);
}

void lacks_say(const struct config *config, enum log_level least)
{
	bool has_filter = config->seccomp && filter_is_known();
	int version = landlock_version();

	if (config->seccomp && !has_filter)
		log_line(LOG_LEVEL_WARN,
			 "this kernel has no filters of system calls (seccomp): plugin "
			 "code may start programs and signal others");
	if (config->landlock)
		say_places(version, has_filter, least);
	if (!config_has_network(config))
		say_network(config, version, has_filter);
}
