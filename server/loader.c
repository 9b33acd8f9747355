#include "server/loader.h"
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

struct loaded_plugin *loader_load(const struct config *config)
{
	struct loaded_plugin *loaded = calloc(config->plugin_count + 1, sizeof(*loaded));
	char **all = environ, **kept;
	struct err err = {""};
	int rc;

	if (loaded == NULL)
		return NULL;
	kept = environment_keep(environ, config->keep_environment);
	if (kept != NULL)
		environ = kept;
	rc = kept != NULL ? confine_plugins(config, &err) : -E_NOMEM;
	for (size_t i = 0; i < config->plugin_count; i++) {
		loaded[i] =
			(struct loaded_plugin){&config->plugins[i], NULL, {.port = &port}, rc, err};
		if (rc == 0)
			loaded[i].rc = config_load_plugin(config, &config->plugins[i],
							  &loaded[i].home, &loaded[i].plugin,
							  &loaded[i].err);
	}
	environ = all;
	free(kept);
	return loaded;
}

void loader_free(struct loaded_plugin *loaded, const struct config *config)
{
	for (size_t i = 0; loaded != NULL && i < config->plugin_count; i++)
		plugin_destroy(loaded[i].plugin);
	free(loaded);
}
