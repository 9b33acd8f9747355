#include "server/command/loader.h"
#include <stdlib.h>
#include <unistd.h>
#include "server/confine/confine.h"
#include "server/confine/environment.h"
#include "server/log.h"

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

struct loaded_plugin *loader_load(const struct config *config, const char *output)
{
	struct loaded_plugin *loaded = calloc(config->plugin_count + 1, sizeof(*loaded));
	struct err err = {""};
	int rc;

	if (loaded == NULL)
		return NULL;
	rc = hide_environment(config->keep_environment);
	if (rc == 0)
		rc = confine_plugins(config, output, &err);
	for (size_t i = 0; i < config->plugin_count; i++) {
		loaded[i] =
			(struct loaded_plugin){&config->plugins[i], NULL, {.port = &port}, rc, err};
		if (rc == 0)
			loaded[i].rc = config_load_plugin(config, &config->plugins[i],
							  &loaded[i].home, &loaded[i].plugin,
							  &loaded[i].err);
	}
	return loaded;
}

void loader_free(struct loaded_plugin *loaded, const struct config *config)
{
	for (size_t i = 0; loaded != NULL && i < config->plugin_count; i++)
		plugin_destroy(loaded[i].plugin);
	free(loaded);
}
