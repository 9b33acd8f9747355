/* fake_runtime.h - a runtime for tests of plugins and instances: it runs nothing and counts. */
#ifndef TESTS_UNIT_FAKE_RUNTIME_H
#define TESTS_UNIT_FAKE_RUNTIME_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "plugins/plugin.h"
#include "plugins/runtime.h"
#include "protocol/err.h"

/* What it was asked to do, and what it is to answer. */
struct fake {
	int found;             /* find's answer */
	int load_rc, start_rc; /* 0, or the failure to play */
	bool load_half;        /* load sets impl and info before it fails */
	unsigned loads, unloads;
	unsigned starts, stops;
	int configure_rc;
	char told
		[512]; /* the sets of confs that configure got: "{"a":1}* {}; ", * for a live one */
	int watched;   /* depth of the watch, by fake_watch */
};

static struct fake fake;

static inline int fake_find(const struct plugin_spec *spec, struct err *err)
{
	if (fake.found == 0)
		err_set(err, E_NO_PLUGIN, "/nowhere/%s", spec->module ? spec->module : spec->name);
	else if (fake.found < 0)
		err_set(err, (enum err_code)(-fake.found), "can't look");
	return fake.found;
}

static inline int fake_load(struct plugin *plugin, const struct plugin_spec *spec, struct err *err)
{
	(void)spec;
	fake.loads++;
	if (fake.load_rc != 0 && !fake.load_half)
		return err_set(err, (enum err_code)(-fake.load_rc), "line 3: oops");
	plugin->impl = &fake;
	plugin->info.priority = 1000;
	plugin->info.version = strdup("1.2.3");
	plugin->info.phases = PHASE_BIT(PHASE_LOG) | PHASE_BIT(PHASE_ACCESS) |
			      PHASE_BIT(PHASE_INIT_WORKER);
	plugin->info.schema = json_pack("{s:s, s:[]}", "name", plugin->name, "fields");
	plugin->info.notes = json_array();
	return fake.load_rc;
}

static inline void fake_unload(struct plugin *plugin)
{
	plugin->impl = NULL;
	fake.unloads++;
}

/* The live object is the conf. */
static inline int fake_instance_start(struct plugin *plugin, const json_t *conf, void **ret_live,
				      struct err *err)
{
	(void)plugin;
	if (fake.start_rc != 0)
		return err_set(err, (enum err_code)(-fake.start_rc),
			       "conf.x: required field missing");
	fake.starts++;
	*ret_live = json_incref((json_t *)conf);
	return 0;
}

static inline void fake_instance_stop(struct plugin *plugin, void *live)
{
	(void)plugin;
	fake.stops++;
	json_decref(live);
}

static inline int fake_configure(struct plugin *plugin, const struct plugin_conf *confs, size_t n,
				 struct err *err)
{
	size_t used = strlen(fake.told);

	(void)plugin;
	for (size_t i = 0; i < n; i++) {
		const json_t *conf = confs[i].live != NULL ? confs[i].live : confs[i].conf;
		char *text = json_dumps(conf, JSON_COMPACT);

		used += (size_t)snprintf(fake.told + used, sizeof(fake.told) - used, "%s%s ", text,
					 confs[i].live != NULL ? "*" : "");
		free(text);
	}
	snprintf(fake.told + used, sizeof(fake.told) - used, "; ");
	return fake.configure_rc == 0
		       ? 0
		       : err_set(err, (enum err_code)(-fake.configure_rc), "too many");
}

static inline void fake_watch(struct plugin *plugin, bool runs)
{
	(void)plugin;
	fake.watched += runs ? 1 : -1;
}

static const struct runtime runtime_fake = {
	.name = "fake",
	.find = fake_find,
	.load = fake_load,
	.unload = fake_unload,
	.instance_start = fake_instance_start,
	.instance_stop = fake_instance_stop,
	.configure = fake_configure,
};

#endif
