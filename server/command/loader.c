#include "server/command/loader.h"
#include <stdlib.h>
#include <unistd.h>
#include "server/config/config_dicts.h"
#include "server/confine/confine.h"
#include "server/confine/environment.h"
#include "server/confine/lacks.h"
#include "server/log.h"
#include "server/remote/programs.h"

static int no_gateway(struct pdk_rq *rq, const struct pdk_fn *fn, const struct value *argv,
		      size_t argc, struct err *err)
{
	(void)rq;
	(void)argv;
	(void)argc;
	return err_set(err, E_CLOSED, "%s: no gateway is there while plugins are loaded", fn->name);
}

static void log_outside(struct pdk_rq *rq, enum log_level level, const char *text, size_t n)
{
	log_text(level, 0, rq != NULL ? rq->env->plugin : NULL, text, n);
}

static const struct pdk_port port = {.send = no_gateway, .log = log_outside};

/* For good: who loads plugins has read what it needs, and plugin code may run until the process ends. */
static int hide_environment(const char *names)
{
	char **kept = environment_keep(environ, names);

	if (kept == NULL)
		return -E_NOMEM;
	environment_wipe(environ, kept);
	environ = kept;
	return 0;
}

/* As a group of its own would have it. */
static int load_one(const struct config *config, const struct programs *programs,
		    struct loaded_plugin *loaded)
{
	int rc = config_dicts_open(config, -1, &loaded->dicts, &loaded->err);

	loaded->home =
		(struct plugin_home){.port = &port, .dicts = &loaded->dicts, .programs = programs};
	return rc == 0 ? config_load_plugin(config, loaded->settings, &loaded->home,
					    &loaded->plugin, &loaded->err)
		       : rc;
}

struct loaded_plugin *loader_load(const struct config *config, const char *output)
{
	struct loaded_plugin *loaded = calloc(config->plugin_count + 1, sizeof(*loaded));
	struct programs programs = {0};
	struct err err = {""};
	int rc;

	if (loaded == NULL)
		return NULL;
	rc = hide_environment(config->keep_environment);
	if (rc == 0)
		rc = programs_start(config, &programs, &err);
	lacks_say(config, LOG_LEVEL_WARN);
	if (rc == 0)
		rc = confine_plugins(config, output, &err);
	for (size_t i = 0; i < config->plugin_count; i++) {
		loaded[i].settings = &config->plugins[i];
		loaded[i].rc = rc;
		loaded[i].err = err;
		if (rc == 0)
			loaded[i].rc = load_one(config, &programs, &loaded[i]);
	}
	programs_fini(&programs);
	return loaded;
}

void loader_free(struct loaded_plugin *loaded, const struct config *config)
{
	for (size_t i = 0; loaded != NULL && i < config->plugin_count; i++) {
		plugin_destroy(loaded[i].plugin);
		dict_set_fini(&loaded[i].dicts);
	}
	free(loaded);
}
