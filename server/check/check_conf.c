#include "server/check/check_conf.h"
#include "plugins/plugin.h"
#include "plugins/runtime.h"
#include "protocol/err.h"
#include "server/command/report.h"
#include "server/command/stdout_guard.h"

int check_conf_read(const char *path, json_t **ret_conf, struct err *err)
{
	json_error_t error;
	json_t *conf = json_load_file(path, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);

	if (conf == NULL && json_error_code(&error) == json_error_cannot_open_file)
		return err_set(err, E_IO, "%s", error.text);
	if (conf == NULL)
		return err_set(err, E_CONF, "%s is no JSON: %s (line %d, column %d)", path,
			       error.text, error.line, error.column);
	if (!json_is_object(conf)) {
		json_decref(conf);
		return err_set(err, E_CONF, "%s is JSON, but no object", path);
	}
	*ret_conf = conf;
	return 0;
}

/* The schema's own functions run, and may print. */
static int run_schema(struct plugin *plugin, const json_t *conf, struct conf_result *result,
		      struct err *err)
{
	struct stdout_guard guard;
	int rc = stdout_guard_begin(&guard, err);

	if (rc != 0)
		return rc;
	rc = plugin->runtime->check_conf(plugin, conf, result, err);
	stdout_guard_end(&guard);
	return rc;
}

static void report_faults(struct report *report, const char *name, const json_t *faults)
{
	const json_t *fault;
	size_t i;

	json_array_foreach(faults, i, fault)
		report_add(report, FINDING_ERROR, name, "%s", json_string_value(fault));
}

int check_conf(struct report *report, struct plugin *plugin, const char *path, const json_t *conf,
	       struct err *err)
{
	struct conf_result result = {0};
	int rc = run_schema(plugin, conf, &result, err);

	if (rc == 0)
		report_add(report, FINDING_OK, plugin->name, "%s is a conf of it", path);
	else if (rc == -E_CONF && result.faults != NULL)
		report_faults(report, plugin->name, result.faults);
	else if (rc == -E_CONF)
		report_add(report, FINDING_ERROR, plugin->name, "%s", err_message(err, rc));
	json_decref(result.conf);
	json_decref(result.faults);
	return rc == -E_CONF ? 0 : rc;
}
