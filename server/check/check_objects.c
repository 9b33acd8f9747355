#include "server/check/check_objects.h"
#include <stdbool.h>
#include <sys/stat.h>
#include "plugins/runtime.h"
#include "protocol/err.h"
#include "server/command/loader.h"
#include "server/command/report.h"
#include "server/config/config.h"
#include "server/supervisor/plan.h"

static bool is_native(const struct loaded_plugin *loaded)
{
	return loaded->rc == 0 && loaded->plugin->runtime == &runtime_native;
}

static bool is_same_file(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* The first plugin of that one's group that has its object, if it comes before it; or NULL. */
static const struct plugin *find_twin(const struct plan *plan, const struct loaded_plugin *loaded,
				      size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (plan->group_of[j] == plan->group_of[i] && is_native(&loaded[j]) &&
		    is_same_file(loaded[j].plugin->info.where, loaded[i].plugin->info.where))
			return loaded[j].plugin;
	return NULL;
}

int check_objects(const struct config *config, struct report *report,
		  const struct loaded_plugin *loaded, struct err *err)
{
	struct plan plan = {0};
	int rc = plan_init(&plan, config, err);

	for (size_t i = 0; rc == 0 && i < config->plugin_count; i++) {
		const struct plugin *twin = is_native(&loaded[i]) ? find_twin(&plan, loaded, i)
								  : NULL;

		if (twin != NULL)
			report_add(
				report, FINDING_ERROR, loaded[i].plugin->name,
				"%s is the object of plugin '%s' too, whose process it shares, and "
				"both would share its static variables: give one a copy of the "
				"file, or a process of its own",
				loaded[i].plugin->info.where, twin->name);
	}
	plan_fini(&plan);
	return rc;
}
